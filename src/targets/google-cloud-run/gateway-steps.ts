import { ownerLabel, type WantedGateway } from './gateway-wanted.ts';

type State = 'CREATING' | 'ACTIVE' | 'FAILED' | 'DELETING' | 'UPDATING' | 'ACTIVATING' | 'STATE_UNSPECIFIED';

export interface Resource {
  name: string;
  state?: State;
  labels?: Record<string, string>;
  /** RFC 3339. */
  createTime?: string;
}

export interface ApiResource extends Resource {
  /** Service whose consumers present keys: `digits-1abc.apigateway.P.cloud.goog`. */
  managedService?: string;
}

export type ConfigResource = Resource;

export interface GatewayResource extends Resource {
  /** Name of the config that it serves; may have the project's number where we write its id. */
  apiConfig?: string;
  /** Final once the gateway is active. */
  defaultHostname?: string;
}

/** What there is. Configs are of the API. */
export interface GatewayView {
  gateway: GatewayResource | undefined;
  api: ApiResource | undefined;
  configs: readonly ConfigResource[];
}

/** What a run has learned that Google does not list. */
export interface Learned {
  /** Ids that are not free although no config has them. */
  taken: Set<string>;
  /** Configs that no gateway could serve, as may happen where two were made at the same time. */
  rejected: Set<string>;
}

/** The next thing to do; each is safe to do twice. */
export type Step =
  | { do: 'nothing'; gateway: GatewayResource }
  | { do: 'wait'; until: string }
  | { do: 'refuse'; resource: string }
  | { do: 'create-api' }
  | { do: 'create-config'; id: string }
  | { do: 'create-gateway'; config: string }
  | { do: 'update-gateway'; config: string; fields: ('apiConfig' | 'labels')[] }
  | { do: 'delete'; resource: string; what: string };

export const idOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/** `apis/A/configs/C`: the part of a name in which no project stands. */
const tailOf = (name: string): string => name.split('/').slice(-4).join('/');

export const isOwn = ({ labels = {} }: Resource, owner: string): boolean => labels[ownerLabel] === owner;

/** Whether a config has the wanted content: its id begins with the digest. A suffix distinguishes repetitions. */
const holdsWanted = (name: string, { names, configId }: WantedGateway): boolean => {
  const tail = tailOf(name);
  const whole = `${tailOf(`${names.api}/configs/${configId}`)}`;
  return tail === whole || (tail.startsWith(`${whole}-`) && /^-\d+$/.test(tail.slice(whole.length)));
};

/** Whether the gateway has a config of the wanted content. */
export const holdsConfig = ({ apiConfig = '' }: GatewayResource, wanted: WantedGateway): boolean =>
  holdsWanted(apiConfig, wanted);

/** Whether the gateway serves what is wanted, so that nothing else has to be looked at. */
export const isServed = (gateway: GatewayResource | undefined, wanted: WantedGateway): gateway is GatewayResource =>
  gateway?.state === 'ACTIVE' &&
  isOwn(gateway, wanted.owner) &&
  holdsConfig(gateway, wanted) &&
  hasLabels(gateway, wanted);

/** Labels that begin with `goog` are Google's own. */
function hasLabels({ labels = {} }: Resource, wanted: WantedGateway): boolean {
  const keys = Object.keys(labels).filter((key) => !key.startsWith('goog'));
  const isSame = ([key, value]: [string, string]) => labels[key] === value;
  return keys.length === Object.keys(wanted.labels).length && Object.entries(wanted.labels).every(isSame);
}

export const isMoving = ({ state }: Resource): boolean =>
  state === 'CREATING' || state === 'UPDATING' || state === 'ACTIVATING' || state === 'DELETING';

/**
 * What brings API, config and gateway nearer to what is wanted, in the order in which one names another. A config is never
 * made while another one of its API is on its way: one or both would be useless
 * (https://cloud.google.com/api-gateway/docs/quotas). Pure.
 */
export function nextStep(view: GatewayView, wanted: WantedGateway, learned: Learned): Step {
  const { gateway, api } = view;
  const { names, owner } = wanted;
  const foreign = [gateway, api].find((one) => one && one.state !== 'DELETING' && !isOwn(one, owner));
  if (foreign) return { do: 'refuse', resource: foreign.name };
  if (isServed(gateway, wanted)) return { do: 'nothing', gateway };
  if (!api) return { do: 'create-api' };
  if (isMoving(api)) return { do: 'wait', until: `the API ${names.id} is ready` };
  if (api.state === 'FAILED' && view.configs.length === 0) {
    return { do: 'delete', resource: names.api, what: `the API ${names.id}, which could not be made` };
  }
  const config = chooseConfig(view.configs, wanted, learned);
  return typeof config === 'string' ? gatewayStep(gateway, wanted, config) : config;
}

/** Name of the config to serve, or what to do first. */
function chooseConfig(configs: readonly ConfigResource[], wanted: WantedGateway, learned: Learned): string | Step {
  const own = configs.filter(({ name }) => holdsWanted(name, wanted) && !learned.rejected.has(idOf(name)));
  const usable = own.find(({ state }) => state === 'ACTIVE');
  if (usable) return `${wanted.names.api}/configs/${idOf(usable.name)}`;
  const moving = configs.find((one) => isMoving(one) && one.state !== 'DELETING');
  if (moving) return { do: 'wait', until: `the API config ${idOf(moving.name)} is ready` };
  const failed = own.find(({ state }) => state === 'FAILED');
  if (failed) {
    const resource = `${wanted.names.api}/configs/${idOf(failed.name)}`;
    return { do: 'delete', resource, what: `the API config ${idOf(failed.name)}, which could not be made` };
  }
  const used = new Set([...configs.map(({ name }) => idOf(name)), ...learned.taken]);
  return { do: 'create-config', id: freeId(wanted.configId, used) };
}

function freeId(id: string, used: ReadonlySet<string>): string {
  for (let again = 1; ; again++) {
    const candidate = again === 1 ? id : `${id}-${again}`;
    if (!used.has(candidate)) return candidate;
  }
}

function gatewayStep(gateway: GatewayResource | undefined, wanted: WantedGateway, config: string): Step {
  const { id } = wanted.names;
  if (!gateway) return { do: 'create-gateway', config };
  if (isMoving(gateway)) return { do: 'wait', until: `the gateway ${id} is ready` };
  // Only one that was never created has no address; any other keeps serving what it did.
  if (gateway.state === 'FAILED' && !gateway.defaultHostname) {
    return { do: 'delete', resource: wanted.names.gateway, what: `the gateway ${id}, which could not be made` };
  }
  const moved = tailOf(gateway.apiConfig ?? '') !== tailOf(config) || gateway.state === 'FAILED';
  const fields = [...(moved ? ['apiConfig' as const] : []), ...(hasLabels(gateway, wanted) ? [] : ['labels' as const])];
  return { do: 'update-gateway', config, fields };
}

/** How many configs stay beside those that gateways serve, to go back to. */
const keptConfigs = 2;

/**
 * Configs of this function that nothing needs: not those that a gateway serves, in whatever region, nor those that were
 * made last. Pure. @param kept how many of the others stay
 */
export function surplusConfigs(
  configs: readonly ConfigResource[],
  gateways: readonly GatewayResource[],
  owner: string,
  kept = keptConfigs,
): ConfigResource[] {
  const served = new Set(gateways.map(({ apiConfig = '' }) => tailOf(apiConfig)));
  return configs
    .filter((one) => isOwn(one, owner) && !isMoving(one) && !served.has(tailOf(one.name)))
    .sort((a, b) => (b.createTime ?? '').localeCompare(a.createTime ?? ''))
    .slice(kept);
}
