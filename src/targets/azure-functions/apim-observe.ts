import { ColdgateError } from '../../errors.ts';
import type { SeenGateway } from '../../rollout/surroundings.ts';
import { addressOf, checkTier } from './apim.ts';
import { type ApimService, findApi, findService, listRevisions } from './apim-client.ts';
import type { SeenApim } from './apim-seen.ts';
import { currentOf, isOwn, type RevisionResource } from './apim-steps.ts';
import {
  apimNames,
  hasApim,
  plannedDigits,
  readMark,
  tierNeedsOf,
  type WithGateway,
  wantedRevision,
} from './apim-wanted.ts';
import { type FlexContext, sitePath } from './context.ts';
import { siteUrl } from './resources.ts';
import type { FlexRevision, FlexState } from './state.ts';

const nothing: SeenApim = { problem: undefined, url: undefined, candidates: new Map(), digest: undefined };

/** Adds the gateway to what was observed, where the settings have one. */
export async function withApim(context: FlexContext, state: FlexState): Promise<FlexState> {
  const { settings } = context;
  for (const [name, site] of state.sites) {
    const url = siteUrl(site);
    if (url !== undefined) context.urls.set(name, url);
  }
  if (!hasApim(settings)) return state;
  const apim = await look(context, settings, state.name);
  const behind = (one: FlexRevision, url: string | undefined): FlexRevision =>
    url === undefined ? one : { ...one, app: one.url, url };
  return {
    ...state,
    apim,
    live: state.live && behind(state.live, apim.url),
    candidates: state.candidates.map((one) => behind(one, apim.candidates.get(one.version ?? ''))),
  };
}

/** The service that calls pass; undefined where models.yaml names none. Its API is looked at by `withApim`. */
export async function seenGateway(context: FlexContext, name: string): Promise<SeenGateway | undefined> {
  const { settings } = context;
  if (!hasApim(settings)) return undefined;
  return { region: (await findService(context, apimNames(settings, name))).region, missing: [] };
}

async function look(context: FlexContext, settings: WithGateway, name: string): Promise<SeenApim> {
  const names = apimNames(settings, name);
  try {
    const service = await findService(context, names);
    checkTier(service, { names, tierNeeds: tierNeedsOf(settings.gateway) });
    const api = await findApi(context, names);
    if (!api || !isOwn(api, name)) return nothing;
    return seenOf(service, api.properties?.path ?? names.path, await listRevisions(context, names));
  } catch (error) {
    // What is there can still be removed.
    if (error instanceof ColdgateError && ['no-gateway-service', 'gateway-tier'].includes(error.code)) {
      return { ...nothing, problem: error };
    }
    throw error;
  }
}

function seenOf(service: ApimService, path: string, revisions: readonly RevisionResource[]): SeenApim {
  const current = readMark(currentOf(revisions)?.description);
  const candidates = new Map<string, string>();
  for (const { apiRevision, description } of revisions) {
    const mark = readMark(description);
    if (mark?.role !== 'candidate' || mark.version === null) continue;
    candidates.set(mark.version, addressOf(service, path, apiRevision));
  }
  const isLive = current?.role === 'live';
  return {
    ...{ problem: undefined, candidates, digest: current?.digest },
    url: isLive ? addressOf(service, path) : undefined,
  };
}

/** What a release would do with the gateway, in words. Throws what keeps it from any. Pure. */
export function plannedApim(context: FlexContext, { name, site, apim }: FlexState): string[] {
  const { settings, urls } = context;
  if (!hasApim(settings) || !apim) return [];
  if (apim.problem) throw apim.problem;
  const { api } = apimNames(settings, name);
  if (apim.digest === undefined) return [`API ${api}: create it in API Management`];
  const app = { url: urls.get(site) ?? '', id: sitePath(context, site), key: '' };
  const { digest } = wantedRevision({ settings, name, origins: [], app, version: null });
  const isSame = digest.slice(0, plannedDigits) === apim.digest.slice(0, plannedDigits);
  return isSame ? [] : [`API ${api}: give it another revision in API Management`];
}
