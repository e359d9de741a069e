import { ColdgateError, exitCodes } from '../../errors.ts';
import type { Address, ExposeOptions } from '../../rollout/platform.ts';
import type { Answer } from '../../rollout/proof/http.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';
import type { Change } from '../../rollout/target.ts';
import type { RunContext } from './context.ts';
import { endpointAt, isOfBefore } from './endpoint.ts';
import { ensureGateway, urlOf } from './gateway.ts';
import { whoIf } from './gateway-client.ts';
import { toRefusal } from './gateway-refusal.ts';
import { plannedRemoval, removeGateway } from './gateway-remove.ts';
import { findGateway } from './gateway-resources.ts';
import { gatewayEndpoint } from './gateway-routes.ts';
import { type GatewayResource, holdsConfig, isOwn } from './gateway-steps.ts';
import { gatewayFacts, gatewayNames, hasGateway, wantedGateway } from './gateway-wanted.ts';
import type { Service } from './resources.ts';
import type { RunState } from './state.ts';
import { update, uriOf } from './update.ts';

/** Ids of the gateways that a service has, or may have: the way to them when the settings no longer name them. */
const gatewayAnnotation = 'coldgate.dev/gateways';

const markedIds = ({ annotations = {} }: Service): string[] =>
  (annotations[gatewayAnnotation] ?? '').split(' ').filter((id) => id !== '');

async function mark(context: RunContext, state: RunState, ids: readonly string[]): Promise<boolean> {
  if (ids.join(' ') === markedIds(state.service).join(' ')) return false;
  const annotations = { ...state.service.annotations, [gatewayAnnotation]: ids.join(' ') };
  await update(context, state, { annotations }, `the note of the gateway of ${state.name}`);
  return true;
}

/**
 * The gateway of a function as it is, where the settings ask for one; nothing where it has none, or someone else's has its
 * name. Throws ColdgateError (exit 8).
 */
export async function observeGateway(context: RunContext, name: string): Promise<GatewayResource | undefined> {
  const { settings } = context;
  if (!hasGateway(settings)) return undefined;
  const names = gatewayNames(settings, name);
  try {
    const found = await findGateway(context, names);
    return found && isOwn(found, name) ? found : undefined;
  } catch (error) {
    throw toRefusal(error, { names, account: await whoIf(context, error) });
  }
}

/** Its address, once it has one. */
export const gatewayUrl = (gateway: GatewayResource | undefined): string | undefined =>
  gateway?.state === 'ACTIVE' || gateway?.state === 'UPDATING' ? urlOf(gateway) : undefined;

/**
 * The address callers use of what is live: that of the gateway where the settings have one, else of the service. A gateway
 * that they no longer have is removed.
 */
export async function liveAddress(
  context: RunContext,
  state: RunState,
  { request, recheck }: ExposeOptions,
): Promise<Address> {
  const { settings } = context;
  const { name, service } = state;
  const own = { url: uriOf(service), changed: false };
  if (!hasGateway(settings)) return { ...own, changed: await removeOthers(context, state, []) };
  const { id } = gatewayNames(settings, name);
  const known = gatewayUrl(state.gateway);
  if (!request && known !== undefined) return { url: known, changed: false };
  // Noted first: a run that is killed must leave a way to what it has made.
  const noted = await mark(context, state, [...new Set([...markedIds(service), id])]);
  const origins = (request?.settings.handlerVariables['COLDGATE_CORS'] ?? '').split(',').filter((one) => one !== '');
  const wanted = wantedGateway({ settings, name, address: own.url, origins });
  const made = await ensureGateway(context, wanted, { recheck, seen: state.gateway });
  const removed = await removeOthers(context, state, [id]);
  return { url: made.url, changed: noted || made.changed || removed };
}

/**
 * Removes gateways that the service has had under other settings. Where that is denied they are spoken of, and stay noted:
 * a pipeline may well not be allowed to remove anything, and a release does not depend on it.
 */
async function removeOthers(context: RunContext, state: RunState, kept: readonly string[]): Promise<boolean> {
  const others = markedIds(state.service).filter((id) => !kept.includes(id));
  if (others.length === 0) return false;
  try {
    await removeById(context, state.name, others);
  } catch (error) {
    if (!(error instanceof ColdgateError) || error.exit !== exitCodes.denied) throw error;
    context.log.warn(
      `The gateway ${others.join(', ')}, which models.yaml no longer has, still serves: ${error.message}`,
    );
    return false;
  }
  return mark(context, state, kept);
}

/** What a release would do with gateways, in words. */
export function plannedGateways(context: RunContext, { name, service, gateway }: RunState): string[] {
  const { settings } = context;
  const wanted = hasGateway(settings) ? gatewayNames(settings, name).id : undefined;
  const others = markedIds(service).filter((id) => id !== wanted);
  const removed = others.map((id) => `gateway ${id}: remove it`);
  if (!hasGateway(settings)) return removed;
  if (!gateway) return [`gateway ${wanted}: create it`, ...removed];
  // Whether browsers may call is among the settings of the handler, which are told apart elsewhere.
  const known = [[], ['*']].some((origins) =>
    holdsConfig(gateway, wantedGateway({ settings, name, address: uriOf(service), origins })),
  );
  return [...(known ? [] : [`gateway ${wanted}: give it another config`]), ...removed];
}

async function removeById(context: RunContext, name: string, ids: readonly string[]): Promise<Change[]> {
  const changes: Change[] = [];
  for (const id of ids) {
    const names = gatewayNames({ ...context.settings, gateway: { name: id } }, name);
    changes.push(...(await removeGateway(context, names, name)));
  }
  return changes;
}

/** Gateways that the function may have: the one of the settings, and those that the service notes. */
function possibleIds({ settings }: RunContext, name: string, state: RunState | undefined): string[] {
  const wantedIds = hasGateway(settings) ? [gatewayNames(settings, name).id] : [];
  return [...new Set([...wantedIds, ...(state ? markedIds(state.service) : [])])];
}

/** Removes every gateway of the function, which goes before the service that it calls. */
export const removeGateways = (context: RunContext, name: string, state: RunState | undefined): Promise<Change[]> =>
  removeById(context, name, possibleIds(context, name, state));

/** What `removeGateways` would remove, without doing it. */
export async function foundGateways(context: RunContext, name: string, state: RunState | undefined): Promise<Change[]> {
  const changes: Change[] = [];
  for (const id of possibleIds(context, name, state)) {
    const names = gatewayNames({ ...context.settings, gateway: { name: id } }, name);
    changes.push(...(await plannedRemoval(context, names, name)));
  }
  return changes;
}

/** How callers reach what is live: by the service itself, or through its gateway. */
export function liveEndpoint(context: RunContext, name: string, address: Address): Endpoint {
  const { settings } = context;
  const moved = context.moved.get(name);
  const url = context.uris.get(name) ?? address.url;
  const inside = endpointAt(context, { name, url, changed: address.changed || moved !== undefined, moved });
  if (!hasGateway(settings) || address.url === url) return inside;
  const isLate = (path: string, answer: Answer) => isOfBefore(path, answer, moved);
  return gatewayEndpoint(context, { ...address, facts: gatewayFacts(settings, name), inside, isLate });
}
