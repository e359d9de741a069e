import { XMLParser, XMLValidator } from 'fast-xml-parser';

/** An element of a policy document. */
export interface Policy {
  name: string;
  attributes: Record<string, string>;
  inside: Policy[];
  text: string;
}

export type Section = 'inbound' | 'backend' | 'outbound' | 'on-error';

interface Kind {
  sections: Section[];
  attributes: string[];
  required?: string[];
  /** Elements below it, in the order in which they have to be. */
  inside?: string[];
  /** Tiers that do not have it. */
  not?: string[];
  /** At most once in a section. */
  once?: boolean;
}

const everywhere: Section[] = ['inbound', 'backend', 'outbound', 'on-error'];
const limit = { sections: ['inbound'] as Section[], required: ['calls', 'renewal-period'] };

/** What is known here of https://learn.microsoft.com/azure/api-management/api-management-policies */
const kinds: Record<string, Kind> = {
  base: { sections: everywhere, attributes: [], once: true },
  choose: { sections: everywhere, attributes: [], inside: ['when', 'otherwise'] },
  cors: {
    ...{ sections: ['inbound'], attributes: ['allow-credentials', 'terminate-unmatched-request'], once: true },
    inside: ['allowed-origins', 'allowed-methods', 'allowed-headers', 'expose-headers'],
  },
  'validate-jwt': {
    ...{ sections: ['inbound'], inside: ['openid-config', 'issuer-signing-keys', 'audiences', 'issuers'] },
    attributes: ['header-name', 'require-scheme', 'failed-validation-httpcode', 'failed-validation-error-message'],
    required: ['header-name'],
  },
  'rate-limit': { ...limit, attributes: limit.required },
  'rate-limit-by-key': {
    ...{ ...limit, required: [...limit.required, 'counter-key'], attributes: [...limit.required, 'counter-key'] },
    not: ['Consumption'],
  },
  'cache-lookup': {
    sections: ['inbound'],
    attributes: [
      ...['vary-by-developer', 'vary-by-developer-groups', 'caching-type', 'downstream-caching-type'],
      ...['must-revalidate', 'allow-private-response-caching'],
    ],
    ...{
      required: ['vary-by-developer', 'vary-by-developer-groups'],
      inside: ['vary-by-header'],
      not: ['Consumption'],
    },
    once: true,
  },
  'cache-store': {
    ...{ sections: ['outbound'], attributes: ['duration'], required: ['duration'], not: ['Consumption'], once: true },
  },
  'set-backend-service': { sections: ['inbound', 'backend'], attributes: ['backend-id'], required: ['backend-id'] },
  'set-header': { sections: everywhere, attributes: ['name', 'exists-action'], required: ['name'], inside: ['value'] },
  'forward-request': { sections: ['backend'], attributes: ['timeout'], once: true },
  'return-response': {
    ...{ sections: everywhere, attributes: [], inside: ['set-status', 'set-header', 'set-body'] },
  },
};

/** A policy document that was read, and what the service says against it. */
export interface ReadPolicy {
  sections: Record<Section, Policy[]>;
  problems: string[];
  /** Ids of backends. */
  backends: string[];
  /** Names of named values: `{{name}}`. */
  namedValues: string[];
}

const parser = new XMLParser({
  ...{ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '', trimValues: true },
  ...{ parseTagValue: false, parseAttributeValue: false, processEntities: true },
});

/** Reads a policy in the format `xml`: escaped as XML wants it. */
export function readPolicy(xml: string, tier: string): ReadPolicy {
  const none: ReadPolicy = {
    ...{ sections: { inbound: [], backend: [], outbound: [], 'on-error': [] } },
    ...{ problems: [], backends: [], namedValues: [...xml.matchAll(/\{\{([^}]*)\}\}/g)].map(([, name = '']) => name) },
  };
  const valid = XMLValidator.validate(xml);
  if (valid !== true) return { ...none, problems: [`'${valid.err.msg}' at line ${valid.err.line}`] };
  const [root] = nodesOf(parser.parse(xml));
  if (root?.name !== 'policies') return { ...none, problems: [`expected policies, got ${root?.name}`] };
  for (const section of root.inside) {
    if (!everywhere.includes(section.name as Section)) none.problems.push(`unknown section ${section.name}`);
    else none.sections[section.name as Section] = section.inside;
  }
  for (const section of everywhere) checkAll(none.sections[section], section, tier, none);
  return none;
}

type Parsed = Record<string, unknown>;

const nodesOf = (parsed: unknown): Policy[] =>
  (parsed as Parsed[]).flatMap((one) => {
    const name = Object.keys(one).find((key) => key !== ':@') ?? '';
    if (name === '#text') return [];
    const below = (one[name] ?? []) as Parsed[];
    const text = below.map((each) => String(each['#text'] ?? '')).join('');
    return [{ name, attributes: (one[':@'] ?? {}) as Record<string, string>, inside: nodesOf(below), text }];
  });

function checkAll(policies: readonly Policy[], section: Section, tier: string, read: ReadPolicy): void {
  const flat = flattened(policies);
  for (const policy of flat) check(policy, section, tier, read);
  for (const [name, { once }] of Object.entries(kinds)) {
    const found = flat.filter((one) => one.name === name).length;
    if (once && found > 1) read.problems.push(`${name} may be used once in ${section}, and is there ${found} times`);
  }
}

/** The policies of a section with those below `choose`. */
const flattened = (policies: readonly Policy[]): Policy[] =>
  policies.flatMap((one) =>
    one.name === 'choose' ? [one, ...one.inside.flatMap(({ inside }) => flattened(inside))] : [one],
  );

function check({ name, attributes, inside }: Policy, section: Section, tier: string, read: ReadPolicy): void {
  const kind = kinds[name];
  const add = (problem: string) => read.problems.push(`Error in element '${name}' in ${section}: ${problem}`);
  if (!kind) return void add('is not known');
  if (!kind.sections.includes(section)) add('is not allowed in this section');
  if (kind.not?.includes(tier)) add(`is not allowed in the tier ${tier}`);
  for (const key of Object.keys(attributes)) if (!kind.attributes.includes(key)) add(`unknown attribute ${key}`);
  for (const key of kind.required ?? []) if (!(key in attributes)) add(`attribute ${key} is required`);
  const order = inside.map((one) => (kind.inside ?? []).indexOf(one.name));
  if (order.includes(-1)) add(`unknown element ${inside[order.indexOf(-1)]?.name}`);
  if (order.some((at, index) => at < (order[index - 1] ?? 0))) add('its elements are in another order than described');
  if (name.startsWith('rate-limit') && Number(attributes['renewal-period']) > 300) add('renewal-period is above 300');
  if (name === 'forward-request' && Number(attributes['timeout']) > 240) add('timeout is above 240');
  if (name === 'set-backend-service') read.backends.push(attributes['backend-id'] ?? '');
}

export const childOf = ({ inside }: Policy, name: string): Policy | undefined =>
  inside.find((one) => one.name === name);
