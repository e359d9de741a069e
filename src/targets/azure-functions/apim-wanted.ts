import { createHash } from 'node:crypto';
import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import { apimDocument } from './apim-document.ts';
import { apimPolicy, holdingPolicy, type PolicyRules } from './apim-policy.ts';

type GatewaySettings = NonNullable<AzureFunctionsSettings['gateway']>;
export type WithGateway = AzureFunctionsSettings & { gateway: GatewaySettings };

/** Whether the settings have a gateway. */
export const hasApim = (settings: AzureFunctionsSettings): settings is WithGateway => settings.gateway !== undefined;

/** Names of what is in API Management. Nothing of the service itself is made or removed. */
export interface ApimNames {
  /** ARM path of the service. */
  service: string;
  /** Id of the API. */
  api: string;
  /** ARM path of the API, without a revision. */
  apiPath: string;
  /** Id of the subscription that releases are proven with. */
  subscription: string;
  /** What follows the gateway's address. */
  path: string;
}

/** What an API says of itself, and so whose it is: APIs have no labels. */
export const ownerText = (name: string): string =>
  `Made by Coldgate for the function ${name}. The schemas of the model are at /v1/openapi.json.`;

/** The API has the function's name, or the one of `gateway.name`. */
export function apimNames(
  settings: Pick<AzureFunctionsSettings, 'subscription' | 'resourceGroup'> & {
    gateway: Pick<GatewaySettings, 'service' | 'resourceGroup' | 'name' | 'path'>;
  },
  name: string,
): ApimNames {
  const { subscription, resourceGroup, gateway } = settings;
  const api = gateway.name ?? name;
  const group = gateway.resourceGroup ?? resourceGroup;
  const service = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.ApiManagement/service/${gateway.service}`;
  return {
    ...{ service, api, apiPath: `${service}/apis/${api}` },
    subscription: `${api}-coldgate`,
    path: gateway.path ?? name,
  };
}

/** Ids of the backend and of the key that it presents, of what is live or of one candidate. */
export function partNames({ api }: Pick<ApimNames, 'api'>, version: string | null): { backend: string; key: string } {
  const own = version === null ? api : `${api}-c-${sha256(version).slice(0, 8)}`;
  return { backend: own, key: `${own}-key` };
}

/** The function app behind a revision. */
export interface BackendApp {
  /** `https://digits-production-1a2b.azurewebsites.net`, without a slash at its end. */
  url: string;
  /** ARM path of the site. */
  id: string;
  /** Key that it lets the gateway in by. */
  key: string;
}

export interface ApimRequest {
  settings: WithGateway;
  /** The function's name. */
  name: string;
  /** Origins of `handler.cors`. */
  origins: readonly string[];
  app: BackendApp;
  /** Pinned version of a candidate; `null` is what is live. */
  version: string | null;
}

/** One revision of the API with all that it needs, as the settings have it. */
export interface WantedRevision {
  names: ApimNames;
  /** The function that it belongs to. */
  owner: string;
  version: string | null;
  /** What the revision is made of; its gateway says it in every answer. */
  digest: string;
  policy: string;
  /** Fields of the API, but number and source of the revision. */
  fields: Record<string, unknown>;
  backend: { id: string; fields: Record<string, unknown> };
  key: { id: string; fields: Record<string, unknown> };
  /** Product whose subscribers may call. */
  product: string | undefined;
  /** Whether the gateway asks for a token, which a pipeline does not have. */
  takesTokens: boolean;
  takesKeys: boolean;
  /** Policies that not every tier has, with the setting that asks for each. */
  tierNeeds: readonly { policy: string; field: string }[];
}

/** Digits of a digest that do not depend on origins. */
export const plannedDigits = 10;

/** Functions are cut at 230 s by their front end, and the gateway does not honour more than 240 s. */
const maxTimeout = 240;

/** Everything of a revision as the settings have it. Pure. */
export function wantedRevision({ settings, name, origins, app, version }: ApimRequest): WantedRevision {
  const { gateway, timeout } = settings;
  const names = apimNames(settings, name);
  const part = partNames(names, version);
  const title = { title: names.api, description: ownerText(name) };
  const rules: PolicyRules = {
    ...{ origins, backend: part.backend },
    jwt: gateway.jwt,
    rateLimit: gateway.rateLimit,
    subscriptionRequired: gateway.subscriptionRequired,
    cacheSeconds: gateway.cacheSeconds,
    timeout: gateway.timeout ?? Math.min(timeout + 5, maxTimeout),
  };
  const fields = {
    ...{ displayName: title.title, description: title.description, path: names.path, protocols: ['https'] },
    // Without the key, which the policy's backend presents: a revision without its policy reaches nothing.
    ...{ serviceUrl: app.url, subscriptionRequired: gateway.subscriptionRequired, type: 'http' },
    ...{ format: 'openapi+json', value: JSON.stringify(apimDocument(title)) },
  };
  const backend = {
    description: ownerText(name),
    ...{ url: app.url, protocol: 'http', resourceId: `https://management.azure.com${app.id}` },
    credentials: { header: { 'x-functions-key': [`{{${part.key}}}`] } },
  };
  const settled = [fields, backend, apimPolicy({ ...rules, origins: [] }, ''), gateway.product ?? null];
  // Origins are settings of the handler: a plan of the gateway's own settings looks at the first part alone.
  const digest = `${sha256(JSON.stringify(settled)).slice(0, plannedDigits)}${sha256(origins.join()).slice(0, 6)}`;
  return {
    ...{ names, owner: name, version, digest, fields },
    policy: apimPolicy(rules, digest),
    backend: { id: part.backend, fields: backend },
    key: { id: part.key, fields: { displayName: part.key, value: app.key, secret: true, tags: [keyTag(app.key)] } },
    product: gateway.product,
    takesTokens: gateway.jwt !== undefined,
    takesKeys: gateway.subscriptionRequired,
    tierNeeds: tierNeedsOf(gateway),
  };
}

export const tierNeedsOf = ({ cacheSeconds, rateLimit, subscriptionRequired }: GatewaySettings) => [
  ...(cacheSeconds > 0 ? [{ policy: 'the built-in cache', field: 'cache-seconds' }] : []),
  ...(rateLimit && !subscriptionRequired
    ? [{ policy: 'rate-limit-by-key', field: 'rate-limit without subscription-required' }]
    : []),
];

/** The digest of the policy of a revision that holds the API until something is released. */
const holdingDigest = sha256(holdingPolicy('')).slice(0, 16);
export const holding = { digest: holdingDigest, policy: holdingPolicy(holdingDigest) };

export const keyTagPrefix = 'coldgate-';

/** Secret values cannot be read back: a digest among the tags tells whether it is this key. */
const keyTag = (key: string): string => `${keyTagPrefix}${sha256(key).slice(0, 16)}`;

/** What a revision is, as its description says. */
export interface RevisionMark {
  role: 'live' | 'candidate' | 'holder';
  digest: string;
  version: string | null;
  product: string | undefined;
}

export const markOf = ({ version, digest, product }: WantedRevision): RevisionMark => ({
  ...{ role: version === null ? 'live' : 'candidate', digest, version, product },
});

/** `coldgate candidate 0123456789abcdef version=1.4.0 product=starter` */
export const markText = ({ role, digest, version, product }: RevisionMark): string =>
  `coldgate ${role} ${digest}${version === null ? '' : ` version=${version}`}${product === undefined ? '' : ` product=${product}`}`;

const markPattern =
  /^coldgate (?<role>live|candidate|holder) (?<digest>[0-9a-f]{16})(?: version=(?<version>\S+))?(?: product=(?<product>\S+))?$/;

/** What a description says; undefined for a revision that someone else has made. */
export function readMark(description: string | null | undefined): RevisionMark | undefined {
  const groups = markPattern.exec(description ?? '')?.groups;
  if (!groups) return undefined;
  const { role, digest = '', version, product } = groups;
  return { role: role as RevisionMark['role'], digest, version: version ?? null, product };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
