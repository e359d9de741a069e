import { Contract } from '../contract.ts';
import { Google, type GoogleOptions, type SurfaceMaker } from '../google.ts';
import { apiGatewaySurface } from './control.ts';
import { GatewayEdge } from './edge.ts';
import { apiKeysSurface } from './keys.ts';
import { GatewayState } from './state.ts';

/** API Gateway and API keys in a project on the stand-in. */
export interface Gateways {
  state: GatewayState;
  edge: GatewayEdge;
}

/** Their surfaces, for `openGoogle`; `made` is there once it has opened them. */
export function gatewaySurfaces(): { surfaces: SurfaceMaker[]; made: () => Gateways } {
  let made: Gateways | undefined;
  const get = (): Gateways => {
    if (!made) throw new Error('the surfaces are not open');
    return made;
  };
  const surfaces: SurfaceMaker[] = [
    ({ context }) => {
      const state = new GatewayState(context);
      const edge = new GatewayEdge(context);
      edge.serviceOf = (api) => state.apis.get(api)?.managedService ?? '';
      made = { state, edge };
      return apiGatewaySurface(state, edge, Contract.read('apigateway.v1.json'));
    },
    ({ context }) => apiKeysSurface(context, get().edge.callers, Contract.read('apikeys.v2.json')),
  ];
  return { surfaces, made: get };
}

/** A project on the stand-in with API Gateway and API keys. */
export interface GatewayProject extends Gateways {
  google: Google;
  close(): Promise<void>;
}

export async function openGatewayProject(options: GoogleOptions = {}): Promise<GatewayProject> {
  const { surfaces, made } = gatewaySurfaces();
  const google = await Google.open({ ...options, surfaces: [...(options.surfaces ?? []), ...surfaces] });
  const { state, edge } = made();
  return {
    ...{ google, state, edge },
    async close() {
      await edge.closeAll();
      await google.close();
    },
  };
}
