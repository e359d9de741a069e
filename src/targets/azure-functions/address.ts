import type { Address, ExposeOptions } from '../../rollout/platform.ts';
import type { FunctionSettings } from '../../rollout/target.ts';
import { ensureApp } from './app.ts';
import { type FlexContext, homeOf, isPremium } from './context.ts';
import { differingFields } from './differing.ts';
import { settlingUntil } from './endpoint.ts';
import { alone } from './lease.ts';
import { differingPlan, ensurePlan } from './plans.ts';
import { siteUrl } from './resources.ts';
import type { FlexState } from './state.ts';
import { revisionVariable } from './wanted.ts';

/** The address callers use of what is live. What belongs to the app and to no revision, such as its scale, is set first. */
export async function liveAddress(
  context: FlexContext,
  state: FlexState,
  { request }: ExposeOptions,
): Promise<Address> {
  const site = state.sites.get(state.site);
  if (!site) return { url: state.live?.url ?? '', changed: false };
  if (!request) return { url: siteUrl(site) ?? '', changed: false };
  const of = { ...request.settings, name: state.name };
  const app = { site: state.site, of, app: { role: 'live', version: null } } as const;
  const replanned = await ensurePlan(context, app, state.plans.get(homeOf(context, state.site)));
  const { site: now, changed } = await ensureApp(context, app, site, (work) => alone(context, state.site, work));
  if (changed) {
    const reports = state.live?.id ?? state.settings[revisionVariable] ?? '';
    context.moved.set(state.site, { reports, until: settlingUntil() });
  }
  state.sites.set(state.site, now);
  return { url: siteUrl(now) ?? '', changed: changed || replanned };
}

/** What would be changed of the live app itself, and of its plan on Premium, in words. */
export function plannedApp(context: FlexContext, state: FlexState, of: FunctionSettings): string[] {
  const { settings } = context;
  const site = state.sites.get(state.site);
  if (!site) return [];
  const plan = isPremium(settings) ? state.plans.get(state.site) : undefined;
  return [
    ...(plan ? differingPlan(context, state.name, plan).map((field) => `plan ${plan.name}: ${field}`) : []),
    ...differingFields(settings, site, of).map((field) => `app ${state.site}: ${field}`),
  ];
}
