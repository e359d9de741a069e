import { createHash } from 'node:crypto';
import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import type { FunctionSettings } from '../../rollout/target.ts';
import { holds } from './compare.ts';
import { isPremium } from './context.ts';
import { preWarmedOf } from './premium-site.ts';
import { appTag, type FunctionAppConfig, type Site } from './resources.ts';
import { corsOf, identityOf, scaleOf, strategyOf } from './wanted.ts';

export const digestOf = (what: unknown, digits: number): string =>
  createHash('sha256')
    .update(JSON.stringify(what) ?? '')
    .digest('hex')
    .slice(0, digits);

/** What Azure does not tell, each with its digest: `cors:0a1b2c3d`. */
export const notReported = (parts: Record<string, unknown>): string[] =>
  Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [] : [`${name}:${digestOf(value, 8)}`]));

/** Fields of the live app that the settings have otherwise. Pure. */
export function differingFields(
  settings: AzureFunctionsSettings,
  { properties, tags }: Site,
  of: FunctionSettings,
): string[] {
  const noted = tags?.[appTag]?.split(' ') ?? [];
  const parts = {
    ...{ identity: identityOf(settings), cors: corsOf(settings, of) },
    ...(isPremium(settings) && { preWarmedInstanceCount: preWarmedOf(settings, 'live') }),
  };
  return [
    ...(isPremium(settings) ? [] : differingScale(settings, properties?.functionAppConfig)),
    ...notReported(parts).flatMap((one) => (noted.includes(one) ? [] : [one.split(':')[0] ?? ''])),
    ...(holds(tags, settings.tags ?? {}) ? [] : ['tags']),
  ];
}

/** Of what Azure tells on Flex Consumption. */
function differingScale(settings: AzureFunctionsSettings, config: FunctionAppConfig | null | undefined): string[] {
  const { scaleAndConcurrency, siteUpdateStrategy } = config ?? {};
  const wanted = { ...scaleOf(settings, 'live'), updateStrategy: strategyOf(settings, 'live') };
  const now = { ...scaleAndConcurrency, updateStrategy: siteUpdateStrategy?.type ?? 'Recreate' };
  return Object.entries(wanted).flatMap(([name, value]) => (holds(Reflect.get(now, name), value) ? [] : [name]));
}
