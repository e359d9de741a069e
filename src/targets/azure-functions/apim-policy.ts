import { cacheablePaths } from './apim-document.ts';

/** What the gateway does to a request before and after the function, as API Management's policies. */
export interface PolicyRules {
  /** Origins of browsers; none are let in where it is empty. */
  origins: readonly string[];
  jwt: { openidConfig: string; audience: readonly string[]; issuer?: readonly string[] | undefined } | undefined;
  rateLimit: { calls: number; seconds: number } | undefined;
  /** Whether callers are told apart by their subscription. */
  subscriptionRequired: boolean;
  /** How long the document and the page are kept, s; 0 keeps nothing. */
  cacheSeconds: number;
  /** How long the gateway waits for the function, s. */
  timeout: number;
  /** Id of the backend. */
  backend: string;
}

/** Header of every answer of the gateway, its own refusals included: the revision's digest. */
export const revisionHeader = 'x-coldgate-gateway';
export const subscriptionHeader = 'Ocp-Apim-Subscription-Key';

/**
 * The policy of one revision, as `xml`: texts and expressions are escaped. CORS comes first, since a preflight carries
 * neither key nor token. The function sees neither origin nor subscription key: two answers about CORS would be one too
 * many, and keys are the gateway's. Pure. https://learn.microsoft.com/azure/api-management/api-management-policies
 * @param digest what the revision is made of
 */
export function apimPolicy(rules: PolicyRules, digest: string): string {
  const mark = element('set-header', { name: revisionHeader, 'exists-action': 'override' }, [
    element('value', {}, [escaped(digest)]),
  ]);
  const base = element('base');
  return element('policies', {}, [
    element('inbound', {}, [...corsOf(rules), base, ...guards(rules), ...inboundCache(rules), ...toBackend(rules)]),
    element('backend', {}, [element('forward-request', { timeout: String(rules.timeout) })]),
    // The mark is a part of what is kept.
    element('outbound', {}, [base, mark, ...outboundCache(rules)]),
    element('on-error', {}, [base, mark]),
  ]);
}

/** The policy of a revision that nothing is released by: it answers, and calls nothing. Pure. */
export const holdingPolicy = (digest: string): string =>
  element('policies', {}, [
    element('inbound', {}, [
      element('base'),
      element('return-response', {}, [
        element('set-status', { code: '503', reason: 'Service Unavailable' }),
        element('set-header', { name: 'Retry-After', 'exists-action': 'override' }, [element('value', {}, ['60'])]),
        element('set-header', { name: revisionHeader, 'exists-action': 'override' }, [
          element('value', {}, [escaped(digest)]),
        ]),
        element('set-body', {}, ['Nothing is released yet.']),
      ]),
    ]),
    ...['backend', 'outbound', 'on-error'].map((section) => element(section, {}, [element('base')])),
  ]);

const exposed = [
  ...['x-request-id', 'x-coldgate-version', 'x-coldgate-sha256', 'x-coldgate-instance', revisionHeader],
  ...['x-tensor-name', 'x-tensor-dtype', 'x-tensor-shape', 'server-timing', 'retry-after'],
];

/** Requests of other origins go on without CORS headers, which makes browsers refuse the answer. */
function corsOf({ origins }: PolicyRules): string[] {
  if (origins.length === 0) return [];
  const list = (name: string, item: string, values: readonly string[], attributes: Attributes = {}) =>
    element(
      name,
      attributes,
      values.map((value) => element(item, {}, [escaped(value)])),
    );
  return [
    element('cors', { 'allow-credentials': 'false', 'terminate-unmatched-request': 'false' }, [
      list('allowed-origins', 'origin', origins),
      list('allowed-methods', 'method', ['GET', 'POST'], { 'preflight-result-max-age': '600' }),
      list('allowed-headers', 'header', ['*']),
      list('expose-headers', 'header', exposed),
    ]),
  ];
}

function guards({ jwt, rateLimit, subscriptionRequired }: PolicyRules): string[] {
  const texts = (name: string, item: string, values: readonly string[] = []) =>
    values.length === 0
      ? []
      : [
          element(
            name,
            {},
            values.map((value) => element(item, {}, [escaped(value)])),
          ),
        ];
  const token = jwt && [
    element('validate-jwt', { 'header-name': 'Authorization', 'require-scheme': 'Bearer' }, [
      element('openid-config', { url: jwt.openidConfig }),
      ...texts('audiences', 'audience', jwt.audience),
      ...texts('issuers', 'issuer', jwt.issuer),
    ]),
  ];
  const limit = rateLimit && { calls: String(rateLimit.calls), 'renewal-period': String(rateLimit.seconds) };
  const limited = limit && [
    subscriptionRequired
      ? element('rate-limit', limit)
      : element('rate-limit-by-key', { ...limit, 'counter-key': '@(context.Request.IpAddress)' }),
  ];
  return [...(token ?? []), ...(limited ?? [])];
}

/** True for the document and the page. */
const isCacheable = `@(${cacheablePaths.map((path) => `context.Operation.UrlTemplate == "${path}"`).join(' || ')})`;

const whenCacheable = (policy: string): string =>
  element('choose', {}, [element('when', { condition: isCacheable }, [policy])]);

/** Whoever gets here may have the document, so it is kept for requests with a token too. */
function inboundCache({ cacheSeconds }: PolicyRules): string[] {
  if (cacheSeconds === 0) return [];
  const lookup = {
    ...{ 'vary-by-developer': 'false', 'vary-by-developer-groups': 'false', 'caching-type': 'internal' },
    ...{ 'downstream-caching-type': 'none', 'must-revalidate': 'true', 'allow-private-response-caching': 'true' },
  };
  return [whenCacheable(element('cache-lookup', lookup))];
}

const outboundCache = ({ cacheSeconds }: PolicyRules): string[] =>
  cacheSeconds === 0 ? [] : [whenCacheable(element('cache-store', { duration: String(cacheSeconds) }))];

const toBackend = ({ backend }: PolicyRules): string[] => [
  element('set-backend-service', { 'backend-id': backend }),
  element('set-header', { name: 'Origin', 'exists-action': 'delete' }),
  element('set-header', { name: subscriptionHeader, 'exists-action': 'delete' }),
];

type Attributes = Readonly<Record<string, string>>;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (found) => entities[found] ?? found);

/** @param inside elements, and text that is escaped already */
function element(name: string, attributes: Attributes = {}, inside: readonly string[] = []): string {
  const shown = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  const start = `<${name}${shown.join('')}`;
  return inside.length === 0 ? `${start} />` : `${start}>${inside.join('')}</${name}>`;
}
