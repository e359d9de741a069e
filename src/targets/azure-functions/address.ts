import type { Address, ExposeOptions } from '../../rollout/platform.ts';
import { differingFields, ensureApp } from './app.ts';
import type { FlexContext } from './context.ts';
import { settlingUntil } from './endpoint.ts';
import { alone } from './lease.ts';
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
  const { site: now, changed } = await ensureApp(context, app, site, (work) => alone(context, state.site, work));
  if (changed) {
    const reports = state.live?.id ?? state.settings[revisionVariable] ?? '';
    context.moved.set(state.site, { reports, until: settlingUntil() });
  }
  state.sites.set(state.site, now);
  return { url: siteUrl(now) ?? '', changed };
}

/** What would be changed of the live app itself, in words. */
export function plannedApp(context: FlexContext, state: FlexState): string[] {
  const site = state.sites.get(state.site);
  return site ? differingFields(context.settings, site).map((field) => `app ${state.site}: ${field}`) : [];
}
