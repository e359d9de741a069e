import { ColdgateError, exitCodes } from '../../errors.ts';
import type { Address, ExposeOptions } from '../../rollout/platform.ts';
import type { Answer } from '../../rollout/proof/http.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';
import type { Change } from '../../rollout/target.ts';
import { ensureRevision } from './apim.ts';
import { apimEndpoint } from './apim-endpoint.ts';
import { plannedApimRemoval, removeApim, removeCandidates } from './apim-remove.ts';
import { restoreFormer } from './apim-restore.ts';
import { type ApimNames, apimNames, hasApim, wantedRevision } from './apim-wanted.ts';
import { mergeTags } from './app.ts';
import { type FlexContext, sitePath } from './context.ts';
import { endpointAt, isToCome } from './endpoint.ts';
import { gatewayKeyOf } from './keys.ts';
import { gatewayTag, type Site } from './resources.ts';
import type { FlexRevision, FlexState } from './state.ts';
import { originsOf } from './wanted.ts';

/**
 * The address of a revision through the gateway: of a candidate that of a revision of the API, of what is live that of the
 * API. Without a gateway in the settings the app's own; one that they no longer have is removed.
 */
export async function throughApim(
  context: FlexContext,
  state: FlexState,
  { site, version, id }: Pick<FlexRevision, 'site' | 'version' | 'id'>,
  { own, request }: { own: Address } & Pick<ExposeOptions, 'request'>,
): Promise<Address> {
  const { settings } = context;
  context.urls.set(site, own.url);
  if (!hasApim(settings)) {
    const removed = version === null && (await removeOthers(context, state, undefined));
    return { ...own, changed: own.changed || removed };
  }
  if (!request) return state.apim?.url === undefined ? own : { ...own, url: state.apim.url };
  const noted = await note(context, state, site);
  const key = await gatewayKeyOf(context, site);
  const wanted = wantedRevision({
    ...{ settings, name: state.name, version, origins: originsOf(settings, request.settings) },
    app: { url: own.url, id: sitePath(context, site), key },
  });
  const inside = insideOf(context, site, own.url);
  const made = await ensureRevision(context, wanted, { inside, isLate: lateOf(context, site), notes: id });
  context.digests.set(made.url, wanted.digest);
  const removed = version === null && (await removeOthers(context, state, tagOf(wanted.names)));
  return { url: made.url, changed: own.changed || noted || made.changed || removed };
}

/** How callers reach an app: by itself, or through the gateway. */
export function callersEndpoint(
  context: FlexContext,
  { name, site }: Pick<FlexState, 'name' | 'site'>,
  address: Address,
): Endpoint {
  const { settings, urls, digests, moved } = context;
  const { url } = address;
  if (!hasApim(settings) || urls.get(site) === url) return insideOf(context, site, url);
  const { jwt, subscriptionRequired } = settings.gateway;
  return apimEndpoint(context, {
    url,
    wanted: {
      ...{ names: apimNames(settings, name), digest: digests.get(url) },
      ...{ takesTokens: jwt !== undefined, takesKeys: subscriptionRequired },
    },
    inside: insideOf(context, site, urls.get(site) ?? ''),
    changed: address.changed || moved.has(site),
    isLate: lateOf(context, site),
  });
}

const insideOf = (context: FlexContext, site: string, url: string): Endpoint =>
  endpointAt(context, { site, url, moved: context.moved.get(site) });

/** Whether an app that this run has changed has answered as it was before, or cannot answer yet. */
const lateOf =
  (context: FlexContext, site: string) =>
  async (path: string, answer: Answer): Promise<boolean> => {
    const moved = context.moved.get(site);
    if (moved === undefined || performance.now() > moved.until) return false;
    return isToCome(context, { site, url: context.urls.get(site) ?? '', moved }, path, answer);
  };

/** The way back of a release that another revision of the API was released for. */
export async function restoreApim(context: FlexContext, name: string, from: FlexRevision): Promise<void> {
  const { settings, digests } = context;
  if (!hasApim(settings)) return;
  // What answers at the address of callers is another revision then.
  if (await restoreFormer(context, apimNames(settings, name), name, from.id)) digests.clear();
}

/** `group/service/api`: the way to a gateway when the settings no longer name it. */
const tagOf = ({ service, api }: ApimNames): string => {
  const [, group = '', name = ''] = /\/resourceGroups\/([^/]+)\/.*\/service\/([^/]+)$/.exec(service) ?? [];
  return [group, name, api].join('/');
};

function namesOf({ settings }: FlexContext, tag: string): ApimNames {
  const [resourceGroup, service = '', name] = tag.split('/');
  return apimNames({ ...settings, gateway: { service, resourceGroup, name, path: undefined } }, '');
}

/** Noted on the app first: a run that is killed must leave a way to what it has made. */
async function note(context: FlexContext, state: FlexState, site: string): Promise<boolean> {
  const { settings } = context;
  const found = state.sites.get(site);
  if (!found || !hasApim(settings)) return false;
  const tag = tagOf(apimNames(settings, state.name));
  const known = tagsIn(found);
  if (known.includes(tag)) return false;
  await mergeTags(context, found, { [gatewayTag]: [...known, tag].join(' ') });
  return true;
}

const tagsIn = ({ tags }: Pick<Site, 'tags'>): string[] => (tags?.[gatewayTag] ?? '').split(' ').filter(Boolean);

/**
 * Removes gateways that the app has had under other settings. Where that is denied they are spoken of, and stay noted: a
 * pipeline may well not be allowed to remove anything, and a release does not depend on it.
 */
async function removeOthers(context: FlexContext, state: FlexState, kept: string | undefined): Promise<boolean> {
  const found = state.sites.get(state.site);
  const others = found ? tagsIn(found).filter((tag) => tag !== kept) : [];
  if (!found || others.length === 0) return false;
  try {
    for (const tag of others) await removeApim(context, namesOf(context, tag), state.name);
  } catch (error) {
    if (!(error instanceof ColdgateError) || error.exit !== exitCodes.denied) throw error;
    const message = `The gateway ${others.join(', ')}, which models.yaml no longer has, still serves: ${error.message}`;
    context.log.warn(message);
    return false;
  }
  await mergeTags(context, found, { [gatewayTag]: kept ?? '' });
  return true;
}

/** Gateways that the function may have: the one of the settings, and those that its apps note. */
function possible(context: FlexContext, name: string, state: FlexState | undefined): ApimNames[] {
  const { settings } = context;
  const noted = [...(state?.sites.values() ?? [])].flatMap(tagsIn);
  const expected = hasApim(settings) ? [tagOf(apimNames(settings, name))] : [];
  return [...new Set([...expected, ...noted])].map((tag) => namesOf(context, tag));
}

/** Removes the revision of a candidate, which goes before the app that it calls. */
export async function removeCandidateRevision(
  context: FlexContext,
  state: FlexState,
  { version }: FlexRevision,
): Promise<void> {
  if (version === null) return;
  for (const names of possible(context, state.name, state)) {
    await removeCandidates(context, names, state.name, new Set([version]));
  }
}

/** Removes every gateway of the function, which goes before the apps that it calls. */
export async function removeApims(context: FlexContext, name: string, state: FlexState | undefined): Promise<Change[]> {
  const changes: Change[] = [];
  for (const names of possible(context, name, state)) changes.push(...(await removeApim(context, names, name)));
  return changes;
}

/** What `removeApims` would remove, without doing it. */
export async function foundApims(context: FlexContext, name: string, state: FlexState | undefined): Promise<Change[]> {
  const changes: Change[] = [];
  for (const names of possible(context, name, state)) changes.push(...(await plannedApimRemoval(context, names, name)));
  return changes;
}
