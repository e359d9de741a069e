import { randomBytes } from 'node:crypto';
import type { Fields } from '../../fakes/clouds/fields.ts';
import { refused } from '../arm-error.ts';
import type { Azure } from '../azure.ts';
import type { Operation } from './document.ts';
import { type ReadPolicy, readPolicy } from './policy-xml.ts';

export interface Revision {
  number: string;
  /** As they were sent, without document and source. */
  properties: Fields;
  operations: Operation[];
  policy: { value: string; read: ReadPolicy } | undefined;
  createdAt: string;
}

export interface Release {
  name: string;
  apiId: string;
  notes: string;
  createdAt: string;
}

export interface Api {
  id: string;
  path: string;
  current: string;
  revisions: Map<string, Revision>;
  releases: Map<string, Release>;
  /** The operation that changes it now. */
  busy: string | undefined;
}

export interface Subscription {
  scope: string;
  state: string;
  properties: Fields;
  keys: [string, string];
}

/** One API Management service, and all that is in it. */
export class ApimState {
  readonly azure: Azure;
  readonly name: string;
  /** Base URL of its gateway, without a slash at its end. */
  gatewayUrl = '';
  tier = 'Developer';
  readonly apis = new Map<string, Api>();
  readonly backends = new Map<string, Fields>();
  readonly namedValues = new Map<string, Fields>();
  /** Ids of APIs by product. */
  readonly products = new Map<string, Set<string>>();
  readonly subscriptions = new Map<string, Subscription>();
  readonly #etags = new Map<string, string>();
  #count = 0;

  constructor(azure: Azure, name: string) {
    this.azure = azure;
    this.name = name;
  }

  get id(): string {
    return `${this.azure.context.groupId('models')}/providers/Microsoft.ApiManagement/service/${this.name}`;
  }

  /** Later than every time before: releases of one millisecond have an order too. */
  now(): string {
    return new Date(this.azure.context.now().getTime() + ++this.#count).toISOString();
  }

  /** A changed resource has another ETag. */
  touch(path: string): string {
    const etag = `"${randomBytes(6).toString('hex')}"`;
    this.#etags.set(path.toLowerCase(), etag);
    return etag;
  }

  etag(path: string): string {
    return this.#etags.get(path.toLowerCase()) ?? this.touch(path);
  }

  /** Throws ArmError where the caller has seen another state. That it must say which is a matter of the description. */
  checkMatch(path: string, ifMatch: string | undefined): void {
    if (ifMatch === undefined || ifMatch === '*' || ifMatch === this.etag(path)) return;
    throw refused(412, 'PreconditionFailed', 'The condition specified using HTTP conditional header(s) is not met.');
  }

  /** Throws ArmError while something else changes the API. */
  checkIdle(api: Api | undefined): void {
    if (!this.azure.operations.isRunning(api?.busy)) return;
    throw refused(409, 'PessimisticConcurrencyConflict', 'Operation on the API is in progress');
  }

  /** A revision by the id of a path: `digits`, `digits;rev=2`. */
  find(apiId: string): { api: Api; revision: Revision } | undefined {
    const [id = '', number] = apiId.split(';rev=');
    const api = this.apis.get(id.toLowerCase());
    const revision = api?.revisions.get(number ?? api.current);
    return api && revision ? { api, revision } : undefined;
  }

  /** What of a policy the service does not take. Throws ArmError. */
  readPolicy(value: string): ReadPolicy {
    const read = readPolicy(value, this.tier);
    const problems = [
      ...read.problems,
      ...read.backends
        .filter((id) => !this.backends.has(id))
        .map((id) => `Backend with id '${id}' could not be found.`),
      ...read.namedValues.filter((name) => !this.valueOf(name)).map((name) => `Cannot find a property '${name}'`),
    ];
    if (problems.length === 0) return read;
    throw refused(400, 'ValidationError', 'One or more fields contain incorrect values:', {
      details: problems.map((message) => ({ code: 'ValidationError', target: 'representation', message })),
    });
  }

  /** The value behind `{{name}}`. */
  valueOf(displayName: string): string | undefined {
    const found = [...this.namedValues.values()].find((one) => one['displayName'] === displayName);
    return found && String(found['value']);
  }

  /** Who still names a backend or a named value: paths below the service. */
  usersOf(kind: 'backends' | 'namedValues', id: string): string[] {
    const name = kind === 'namedValues' ? String(this.namedValues.get(id)?.['displayName']) : id;
    const policies = [...this.apis.values()].flatMap((api) =>
      [...api.revisions.values()].flatMap(({ number, policy }) => {
        const named = policy?.read[kind === 'backends' ? 'backends' : 'namedValues'] ?? [];
        return named.includes(name) ? [`/apis/${api.id};rev=${number}/policies/policy`] : [];
      }),
    );
    const isNamed = (one: Fields) => kind === 'namedValues' && JSON.stringify(one).includes(`{{${name}}}`);
    const backends = [...this.backends].flatMap(([one, fields]) => (isNamed(fields) ? [`/backends/${one}`] : []));
    return [...policies, ...backends];
  }

  /** What there is, in a stable order and without numbers of revisions: for comparing ends. */
  inventory(): string[] {
    const revisions = [...this.apis.values()].flatMap((api) =>
      [...api.revisions.values()].map((one) => {
        const mark = one.number === api.current ? 'current' : 'revision';
        const isWhole = one.policy ? 'with policy' : 'without policy';
        return `api ${api.id} ${mark} ${String(one.properties['apiRevisionDescription'])} ${isWhole}`;
      }),
    );
    return [
      ...revisions,
      ...[...this.backends.keys()].map((id) => `backend ${id}`),
      ...[...this.namedValues.keys()].map((id) => `named value ${id}`),
      ...[...this.subscriptions.keys()].map((id) => `subscription ${id}`),
      ...[...this.products].flatMap(([id, apis]) => [...apis].map((api) => `product ${id} ${api}`)),
    ].sort();
  }

  /** Remembers what there is. Returns what puts it back, as if nothing had happened since. */
  snapshot(): () => void {
    const all = [this.apis, this.backends, this.namedValues, this.products, this.subscriptions] as Map<
      string,
      unknown
    >[];
    const kept = structuredClone(all);
    return () => {
      for (const [at, map] of all.entries()) {
        map.clear();
        for (const [key, one] of structuredClone(kept[at] ?? new Map<string, unknown>())) map.set(key, one);
      }
    };
  }
}
