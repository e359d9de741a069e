import type { ArmApi } from '../arm.ts';
import { type Azure, type AzureOptions, openAzure } from '../azure.ts';
import { Contract } from '../contract.ts';
import { apiOperations } from './apis.ts';
import { Gateway } from './gateway.ts';
import { partOperations } from './parts.ts';
import { ApimState } from './state.ts';

export const serviceName = 'acme-apis';

/** An API Management service in a subscription on the stand-in. */
export interface ApimService {
  state: ApimState;
  gateway: Gateway;
}

/** Its API, for `openAzure`; `made` is there once that has opened it. */
export function apimApi(): { api: (azure: Azure) => ArmApi; made: () => ApimService } {
  let made: ApimService | undefined;
  return {
    api(azure) {
      const state = new ApimState(azure, serviceName);
      made = { state, gateway: new Gateway(state) };
      const contract = Contract.read('apimanagement.2024-05-01.json');
      return { contract, operations: { ...partOperations(state), ...apiOperations(state) } };
    },
    made() {
      if (!made) throw new Error('the service is not open');
      return made;
    },
  };
}

/** Opens the gateway of a service; it is closed with the rest. */
export async function openGateway(azure: Azure, { state, gateway }: ApimService): Promise<void> {
  state.gatewayUrl = await gateway.open();
  azure.onClose(() => gateway.close());
}

/** A subscription with an API Management service. */
export async function openApim(options: AzureOptions = {}): Promise<ApimService & { azure: Azure }> {
  const { api, made } = apimApi();
  const azure = await openAzure({ ...options, apis: [...(options.apis ?? []), api] });
  await openGateway(azure, made());
  return { azure, ...made() };
}
