import { ColdgateError, exitCodes } from '../../errors.ts';
import type { GatewayAccess, GatewayFailure } from './gateway-client.ts';
import { change, listConfigs, listGateways } from './gateway-resources.ts';
import { idOf, surplusConfigs } from './gateway-steps.ts';
import type { WantedGateway } from './gateway-wanted.ts';

/** Makes room for one more config where the API has none. Throws ColdgateError (exit 8) where nothing may be removed. */
export async function makeRoom(access: GatewayAccess, wanted: WantedGateway, cause: GatewayFailure): Promise<void> {
  const { names } = wanted;
  if ((await removeSurplus(access, wanted, 0)) > 0) return;
  const message = `The API ${names.id} has as many configs as it can have (100), and Coldgate may remove none: ${cause.message}`;
  throw new ColdgateError('quota-exceeded', exitCodes.denied, message, {
    cause,
    hint: `Remove some: gcloud api-gateway api-configs list --api=${names.id} --project=${names.project}`,
  });
}

/** Removes configs that nothing needs. Those that cannot be removed now are left to a later run. */
export async function pruneConfigs(access: GatewayAccess, wanted: WantedGateway): Promise<void> {
  try {
    await removeSurplus(access, wanted);
  } catch (error) {
    access.signal.throwIfAborted();
    access.log.debug(`Old API configs stay: ${(error as Error).message}`);
  }
}

async function removeSurplus(access: GatewayAccess, { names, owner }: WantedGateway, kept?: number): Promise<number> {
  const configs = await listConfigs(access, names);
  // Without the gateways it is more than that: they are asked for only where there may be something to remove.
  if (surplusConfigs(configs, [], owner, kept).length === 0) return 0;
  const surplus = surplusConfigs(configs, await listGateways(access, names), owner, kept);
  for (const { name } of surplus) {
    const path = `${names.api}/configs/${idOf(name)}`;
    await change(access, { api: 'apigateway', method: 'DELETE', path });
  }
  return surplus.length;
}
