import { createHash } from 'node:crypto';
import type { GoogleCloudRunSettings } from '../../config/schema/google-cloud-run.ts';
import { type GatewayAuth, type GatewayRules, gatewayDocument, probePath } from './gateway-document.ts';

type GatewaySettings = NonNullable<GoogleCloudRunSettings['gateway']>;

/** What a gateway is made for. */
export interface GatewayRequest {
  settings: GoogleCloudRunSettings & { gateway: GatewaySettings };
  /** The function's name. */
  name: string;
  /** Main address of its service. */
  address: string;
  /** Origins of `handler.cors`. */
  origins: readonly string[];
}

/** Whose a gateway is, and how it is called. */
export interface GatewayFacts {
  /** The function that it belongs to. */
  owner: string;
  names: GatewayNames;
  /** Account that calls the function. */
  account: string;
  /** Whether anyone may call it. */
  isOpen: boolean;
}

/** API, config and gateway as the settings have them. */
export interface WantedGateway extends GatewayFacts {
  labels: Record<string, string>;
  /** Id of the config: it can never be changed, so its id is a digest of all that is in it. */
  configId: string;
  config: { displayName: string; gatewayServiceAccount: string; openapiDocuments: { document: OpenApiFile }[] };
  /** Whether callers present keys, which need the API's managed service enabled. */
  takesKeys: boolean;
  /** Path of the gateway that only this config has. */
  probe: string;
}

interface OpenApiFile {
  path: string;
  /** Base64. */
  contents: string;
}

/** Whether the settings have a gateway. */
export const hasGateway = (settings: GoogleCloudRunSettings): settings is GatewayRequest['settings'] =>
  settings.gateway !== undefined;

/** Names of resources. */
export interface GatewayNames {
  project: string;
  region: string;
  /** `projects/P/locations/global/apis/ID` */
  api: string;
  /** `projects/P/locations/R/gateways/ID` */
  gateway: string;
  id: string;
}

/** Label of what Coldgate has made: the function's name. */
export const ownerLabel = 'coldgate';

/** API and gateway have the function's name, or the one of `gateway.name`. */
export function gatewayNames(
  settings: Pick<GoogleCloudRunSettings, 'project' | 'region'> & {
    gateway?: { name?: string | undefined } | undefined;
  },
  name: string,
): GatewayNames {
  const { project, region, gateway } = settings;
  const id = gateway?.name ?? name;
  return {
    ...{ project, region, id },
    api: `projects/${project}/locations/global/apis/${id}`,
    gateway: `projects/${project}/locations/${region}/gateways/${id}`,
  };
}

type Settings = GatewayRequest['settings'];

/** What follows from the settings alone. Pure. */
export const gatewayFacts = (settings: Settings, name: string): GatewayFacts => ({
  owner: name,
  names: gatewayNames(settings, name),
  account: settings.gateway.serviceAccount ?? settings.serviceAccount,
  isOpen: settings.gateway.auth === 'none',
});

/** Longest that a gateway waits for a function, s, unless it streams. */
const maxDeadline = 600;

/** Everything of the gateway as the settings have it. Pure. */
export function wantedGateway({ settings, name, address, origins }: GatewayRequest): WantedGateway {
  const { gateway, labels = {} } = settings;
  const facts = gatewayFacts(settings, name);
  const gatewayServiceAccount = facts.account;
  const rules: GatewayRules = {
    title: name,
    address: address.replace(/\/+$/, ''),
    auth: authOf(gateway, settings.project),
    quotaPerMinute: gateway.quotaPerMinute,
    deadline: gateway.deadline ?? Math.min(settings.timeout, maxDeadline),
    cors: gateway.cors ?? origins.length > 0,
  };
  const whole = JSON.stringify([gatewayDocument(rules), gatewayServiceAccount]);
  const digest = createHash('sha256').update(whole).digest('hex').slice(0, 16);
  const contents = Buffer.from(JSON.stringify(gatewayDocument(rules, digest))).toString('base64');
  return {
    ...facts,
    labels: { ...labels, [ownerLabel]: name },
    configId: `c-${digest}`,
    config: {
      displayName: name,
      gatewayServiceAccount,
      openapiDocuments: [{ document: { path: 'openapi.json', contents } }],
    },
    takesKeys: gateway.auth === 'api-key',
    probe: probePath(digest),
  };
}

function authOf(gateway: GatewaySettings, project: string): GatewayAuth {
  switch (gateway.auth) {
    case 'none':
    case 'api-key':
      return { kind: gateway.auth };
    case 'jwt': {
      const { issuer = '', audience, jwksUri } = gateway.jwt ?? {};
      return { kind: 'token', issuer, jwksUri, audiences: audience };
    }
    case 'firebase':
      return firebase(gateway.firebaseProject ?? project);
    case 'google-id-token':
      return { kind: 'token', ...google, audiences: gateway.audience };
  }
}

/** https://cloud.google.com/api-gateway/docs/authenticating-users-firebase */
const firebase = (project: string): GatewayAuth => ({
  kind: 'token',
  issuer: `https://securetoken.google.com/${project}`,
  jwksUri: 'https://www.googleapis.com/service_accounts/v1/metadata/x509/securetoken@system.gserviceaccount.com',
  audiences: [project],
});

/** https://cloud.google.com/api-gateway/docs/authenticating-users-googleid */
const google = { issuer: 'https://accounts.google.com', jwksUri: 'https://www.googleapis.com/oauth2/v3/certs' };
