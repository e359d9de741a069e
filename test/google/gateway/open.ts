import { Contract } from '../contract.ts';
import { Google, type GoogleOptions } from '../google.ts';
import { apiGatewaySurface } from './control.ts';
import { GatewayEdge } from './edge.ts';
import { apiKeysSurface } from './keys.ts';
import { GatewayState } from './state.ts';

/** A project on the stand-in with API Gateway and API keys. */
export interface GatewayProject {
  google: Google;
  state: GatewayState;
  edge: GatewayEdge;
  close(): Promise<void>;
}

export async function openGatewayProject(options: GoogleOptions = {}): Promise<GatewayProject> {
  let made: { state: GatewayState; edge: GatewayEdge } | undefined;
  const google = await Google.open({
    ...options,
    surfaces: [
      ...(options.surfaces ?? []),
      ({ world }) => {
        const state = new GatewayState(world);
        const edge = new GatewayEdge(world);
        edge.serviceOf = (api) => state.apis.get(api)?.managedService ?? '';
        made = { state, edge };
        return apiGatewaySurface(state, edge, Contract.read('apigateway.v1.json'));
      },
      ({ world }) =>
        apiKeysSurface(world, (made as NonNullable<typeof made>).edge.callers, Contract.read('apikeys.v2.json')),
    ],
  });
  const { state, edge } = made as NonNullable<typeof made>;
  return {
    ...{ google, state, edge },
    async close() {
      await edge.closeAll();
      await google.close();
    },
  };
}
