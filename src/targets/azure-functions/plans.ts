import { ColdgateError, exitCodes } from '../../errors.ts';
import { type AppRequest, gone } from './app.ts';
import { holds } from './compare.ts';
import { type FlexContext, isPremium, planPath, web } from './context.ts';
import { premiumPlan } from './premium.ts';
import { type Plan, untilOf, untilTag } from './resources.ts';
import { tagsOf } from './wanted.ts';

/** The plan of an app of Flex Consumption, first of all that belongs to it: by its tags a run that was killed is found. */
const flexPlan = (context: FlexContext, { of, app }: AppRequest) => ({
  location: context.settings.location,
  kind: 'functionapp',
  sku: { name: 'FC1', tier: 'FlexConsumption', size: 'FC', family: 'FC' },
  properties: { reserved: true },
  tags: { ...tagsOf(context, of.name, app), [untilTag]: untilOf(context) },
});

/** Throws ColdgateError `other-plan` (exit 2) where what is there is on the other kind of plan: Azure moves no app between them. */
export function checkPlans({ settings }: Pick<FlexContext, 'settings'>, plans: Iterable<Plan>): void {
  const other = [...plans].find(({ sku }) => sku?.name && /^FC/i.test(sku.name) === isPremium(settings));
  if (!other) return;
  const [now, wanted] = isPremium(settings) ? ['flex-consumption', 'premium'] : ['premium', 'flex-consumption'];
  const text = `The plan ${other.name} is there for plan: ${now}, and Azure moves no app from it to plan: ${wanted}.`;
  throw new ColdgateError('other-plan', exitCodes.usage, text, {
    hint: `Give the model another name, or put plan: ${now} back, run coldgate destroy, and then change it.`,
  });
}

/** Makes the plan of an app, or changes that of Premium where it differs. Returns whether it did. */
export async function ensurePlan(context: FlexContext, request: AppRequest, known: Plan | undefined): Promise<boolean> {
  const isShared = isPremium(context.settings);
  if (known && (!isShared || differingPlan(context, request.of.name, known).length === 0)) return false;
  const body = isShared ? premiumPlan(context, request.of.name) : flexPlan(context, request);
  await context.arm.send<Plan>('PUT', planPath(context, request.site), { apiVersion: web, body });
  return true;
}

/** Fields of the plan of Premium that the settings have otherwise. Pure. */
export function differingPlan(context: Pick<FlexContext, 'settings'>, name: string, known: Plan): string[] {
  const { sku, properties, tags } = premiumPlan(context, name);
  const { maximumElasticWorkerCount } = properties;
  const wanted = { sku: { name: sku.name }, properties: { maximumElasticWorkerCount }, tags };
  return Object.entries(wanted).flatMap(([field, value]) => (holds(Reflect.get(known, field), value) ? [] : [field]));
}

export const deletePlan = (context: FlexContext, site: string): Promise<void> =>
  gone(() => context.arm.send('DELETE', planPath(context, site), { apiVersion: web, also: isStillUsed }));

/** The plan of an app that was removed a moment ago counts it for some seconds. */
const isStillUsed = ({ status }: { status: number }) => (status === 409 ? ('busy' as const) : undefined);
