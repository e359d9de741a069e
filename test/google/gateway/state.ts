import type { Fields } from '../../fakes/clouds/fields.ts';
import type { GoogleContext } from '../context.ts';
import type { Diagnostic } from './document.ts';

export type State = 'CREATING' | 'ACTIVE' | 'FAILED' | 'DELETING' | 'UPDATING';

interface Common {
  name: string;
  state: State;
  displayName: string | undefined;
  labels: Record<string, string>;
  createTime: string;
  updateTime: string;
}

export interface Api extends Common {
  managedService: string;
}

export interface Config extends Common {
  gatewayServiceAccount: string;
  document: Fields;
  /** Made while another one of its API was: no gateway takes it. */
  spoiled: boolean;
}

export interface Gateway extends Common {
  /** Name with the project's id. */
  apiConfig: string;
  hostname: string;
  /** Whether it has ever been active: before that its address is not the final one. */
  wasActive: boolean;
}

export interface Operation {
  name: string;
  target: string;
  verb: string;
  /** Looks until it is done. */
  looks: number;
  done: boolean;
  diagnostics: Diagnostic[];
  error: { code: number; message: string } | undefined;
  /** Ends the work: it throws OperationError where it fails. */
  settle: () => Fields;
}

/** Why an operation fails, in google.rpc.Code. */
export class OperationError extends Error {
  readonly code: number;
  readonly diagnostics: Diagnostic[];

  constructor(code: number, message: string, diagnostics: Diagnostic[] = []) {
    super(message);
    this.code = code;
    this.diagnostics = diagnostics;
  }
}

/** The APIs, configs and gateways of a project, and what is on its way with them. */
export class GatewayState {
  readonly context: GoogleContext;
  readonly apis = new Map<string, Api>();
  readonly configs = new Map<string, Config>();
  readonly gateways = new Map<string, Gateway>();
  readonly operations = new Map<string, Operation>();
  /** Ids of configs that were removed: they are not free again. */
  readonly usedUp = new Set<string>();
  /** Configs that were asked for while another one of their API was on its way. */
  readonly overlaps: string[] = [];
  /** Limits: https://cloud.google.com/api-gateway/docs/quotas */
  limits = { apis: 50, configs: 100, gateways: 50 };
  #count = 0;

  constructor(context: GoogleContext) {
    this.context = context;
  }

  now(): string {
    return this.context.now().toISOString();
  }

  /** A hash as in the names of services and addresses. */
  hash(): string {
    return `${(++this.#count).toString(36).padStart(2, '0')}hash`;
  }

  /** An operation that is done after as many looks, at it or at its target, as the knobs say. */
  begin(target: string, verb: string, settle: () => Fields): Operation {
    const location = target.split('/').slice(0, 4).join('/');
    const name = `${location}/operations/operation-${++this.#count}`;
    const { looks } = this.context.knobs;
    const operation: Operation = {
      ...{ name, target, verb, looks, done: false, diagnostics: [], error: undefined, settle },
    };
    this.operations.set(name, operation);
    if (looks === 0) this.#finish(operation);
    return operation;
  }

  /** A look at a resource, or at an operation itself, brings what is on its way further. */
  look(name: string): void {
    for (const operation of this.operations.values()) {
      const isMeant = operation.target === name || operation.name === name;
      if (!operation.done && isMeant && --operation.looks <= 0) this.#finish(operation);
    }
  }

  /** Brings everything to its end. */
  settleAll(): void {
    for (const operation of this.operations.values()) if (!operation.done) this.#finish(operation);
  }

  isBusy(name: string): boolean {
    return [...this.operations.values()].some(({ target, done }) => target === name && !done);
  }

  #finish(operation: Operation): void {
    operation.done = true;
    try {
      const response = operation.settle();
      operation.settle = () => response;
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      operation.error = { code: error.code, message: error.message };
      operation.diagnostics = error.diagnostics;
    }
  }

  /** Remembers what there is. Returns what puts it back, as if nothing had happened since. */
  snapshot(): () => void {
    const kept = structuredClone([this.apis, this.configs, this.gateways] as const);
    const all = [this.apis, this.configs, this.gateways] as const;
    const put = <T>(to: Map<string, T>, from: Map<string, T>) => {
      to.clear();
      for (const [name, one] of structuredClone(from)) to.set(name, one);
    };
    return () => {
      put(all[0], kept[0]);
      put(all[1], kept[1]);
      put(all[2], kept[2]);
      this.operations.clear();
      this.usedUp.clear();
      this.overlaps.splice(0);
    };
  }

  /** What there is, in a stable order: for comparing ends. */
  inventory(): string[] {
    const configs = [...this.configs.values()].map((one) => `config ${one.name} ${one.state}`);
    const gateways = [...this.gateways.values()].map((one) => `gateway ${one.name} ${one.state} ${one.apiConfig}`);
    return [...[...this.apis.values()].map((one) => `api ${one.name} ${one.state}`), ...configs, ...gateways].sort();
  }
}
