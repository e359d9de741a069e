import { ConflictError } from '../../errors.ts';
import type { Change } from '../../rollout/target.ts';
import { type GatewayAccess, GatewayFailure, poll, whoIf } from './gateway-client.ts';
import { toRefusal } from './gateway-refusal.ts';
import { change, findApi, findGateway, listConfigs, listGateways, maxWaitMs } from './gateway-resources.ts';
import { type GatewayResource, idOf, isMoving, isOwn, type Resource, surplusConfigs } from './gateway-steps.ts';
import type { GatewayNames } from './gateway-wanted.ts';

/**
 * Removes the function's gateway, its configs and its API, in this order: each is held by the one before. An API whose
 * configs a gateway of another region serves stays, and so does what is not this function's. What is gone already is fine.
 */
export async function removeGateway(access: GatewayAccess, names: GatewayNames, owner: string): Promise<Change[]> {
  try {
    const changes: Change[] = [];
    const gateway = await removeOne(access, names.gateway, owner, () => findGateway(access, names));
    if (gateway) changes.push(ofGateway(names, gateway));
    if (!(await findApi(access, names))) return changes;
    if (!(await removeConfigs(access, names, owner))) return changes;
    const api = await removeOne(access, names.api, owner, () => findApi(access, names));
    if (api) changes.push(ofApi(names));
    return changes;
  } catch (error) {
    throw toRefusal(error, { names, account: await whoIf(access, error) });
  }
}

/** What `removeGateway` would remove, without doing it. */
export async function plannedRemoval(access: GatewayAccess, names: GatewayNames, owner: string): Promise<Change[]> {
  try {
    const [gateway, api] = [await findGateway(access, names), await findApi(access, names)];
    return [
      ...(gateway && isOwn(gateway, owner) ? [ofGateway(names, gateway)] : []),
      ...(api && isOwn(api, owner) ? [ofApi(names)] : []),
    ];
  } catch (error) {
    throw toRefusal(error, { names, account: await whoIf(access, error) });
  }
}

const ofGateway = ({ id }: GatewayNames, { defaultHostname = '' }: GatewayResource): Change => ({
  action: 'delete',
  what: `the gateway ${id} (${defaultHostname})`,
});
const ofApi = ({ id }: GatewayNames): Change => ({ action: 'delete', what: `the API ${id}` });

/** Removes what is ours and waits until it is gone. Returns what it was; nothing where it was not there or not ours. */
async function removeOne<T extends Resource>(
  access: GatewayAccess,
  path: string,
  owner: string,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const until = performance.now() + maxWaitMs;
  let first: T | undefined;
  for (let looks = 0; ; looks++) {
    const found = await look();
    if (!found) return first;
    if (!isOwn(found, owner)) {
      access.log.info(`${path} is not this function’s, so it stays.`);
      return undefined;
    }
    first ??= found;
    if (performance.now() > until) throw neverGone(path);
    if (!isMoving(found) && (await isRemoved(access, path))) continue;
    await poll(access, looks);
  }
}

/** Whether it could be removed; not while something else still holds it. */
async function isRemoved(access: GatewayAccess, path: string): Promise<boolean> {
  try {
    access.log.info(`Removing ${path}.`);
    await change(access, { api: 'apigateway', method: 'DELETE', path });
    return true;
  } catch (error) {
    if (!(error instanceof GatewayFailure)) throw error;
    if (error.status === 404) return true;
    if (error.status !== 409 && error.reason !== 'FAILED_PRECONDITION') throw error;
    access.log.debug(`${path} cannot be removed yet: ${error.message}`);
    return false;
  }
}

/** Removes all configs of the function that no gateway serves. Returns whether the API has none left. */
async function removeConfigs(access: GatewayAccess, names: GatewayNames, owner: string): Promise<boolean> {
  const gateways: GatewayResource[] = await listGateways(access, names);
  const configs = await listConfigs(access, names);
  // One on its way is waited for below.
  const still = configs.map((one) => ({ ...one, state: 'ACTIVE' as const }));
  for (const { name } of surplusConfigs(still, gateways, owner, 0)) {
    const path = `${names.api}/configs/${idOf(name)}`;
    const look = async () => (await listConfigs(access, names)).find((one) => idOf(one.name) === idOf(name));
    await removeOne(access, path, owner, look);
  }
  return (await listConfigs(access, names)).length === 0;
}

const neverGone = (path: string): ConflictError =>
  new ConflictError('gateway-busy', `${path} could not be removed in 15 minutes: something else still uses it.`, {
    hint: 'Look what names it (gcloud api-gateway gateways list), and run this again.',
  });
