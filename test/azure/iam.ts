import { randomUUID } from 'node:crypto';

/** Who may do something: a service principal or a managed identity. */
export interface Principal {
  /** Object id. */
  oid: string;
  /** Client id. */
  clientId: string;
  /** For messages. */
  name: string;
}

export interface Role {
  name: string;
  actions: readonly string[];
  dataActions: readonly string[];
}

/** A role of a principal on a scope and all below it. */
export interface Assignment {
  /** Of the assignment itself, where it was made by a call. */
  name: string;
  scope: string;
  oid: string;
  /** GUID of the role's definition. */
  roleId: string;
  role: Role;
  /** Decisions that do not see it yet. */
  unseen: number;
}

/** One thing that a call needs to be allowed. */
export interface Need {
  /** `Microsoft.Web/sites/write` */
  action: string;
  /** Id of the resource. */
  scope: string;
  /** Of a resource that the call only names: refused in other words. */
  linked?: boolean;
  /** Of the data of a resource. */
  data?: boolean;
}

const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';

const queues = 'Microsoft.Storage/storageAccounts/queueServices/queues';

/** By the GUID of their definitions: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
const builtIn: Record<string, Role> = {
  '8e3af657-a8ff-443c-a75c-2fe8c4bcb635': { name: 'Owner', actions: ['*'], dataActions: [] },
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': {
    ...{ name: 'Storage Blob Data Owner', dataActions: [`${blobs}/*`] },
    actions: ['Microsoft.Storage/storageAccounts/blobServices/containers/*'],
  },
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': {
    ...{ name: 'Storage Blob Data Contributor', actions: [] },
    dataActions: ['read', 'write', 'delete', 'move/action', 'add/action'].map((one) => `${blobs}/${one}`),
  },
  '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1': {
    ...{ name: 'Storage Blob Data Reader', actions: [], dataActions: [`${blobs}/read`] },
  },
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88': {
    ...{ name: 'Storage Queue Data Contributor' },
    actions: ['delete', 'read', 'write'].map((one) => `${queues}/${one}`),
    dataActions: ['delete', 'read', 'write', 'process/action'].map((one) => `${queues}/messages/${one}`),
  },
  '3913510d-42f4-4e42-8a64-420c390055eb': {
    ...{ name: 'Monitoring Metrics Publisher', actions: [], dataActions: ['Microsoft.Insights/Telemetry/Write'] },
  },
};

/** Principals, their roles on scopes, and who asks with which token is in tokens.ts. */
export class Iam {
  readonly assignments: Assignment[] = [];
  readonly #principals = new Map<string, Principal>();
  readonly #lag: () => number;
  /** Actions that nobody has, whatever their roles say. */
  readonly denied = new Set<string>();

  constructor(lag: () => number) {
    this.#lag = lag;
  }

  create(name: string): Principal {
    const principal = { oid: randomUUID(), clientId: randomUUID(), name };
    this.#principals.set(principal.oid, principal);
    return principal;
  }

  find(oid: string): Principal | undefined {
    return this.#principals.get(oid);
  }

  /** Its assignments stay, as those of an identity that is not known any more. */
  remove(oid: string): void {
    this.#principals.delete(oid);
  }

  roleOf(id: string): Role | undefined {
    return builtIn[id.toLowerCase()];
  }

  /** Gives rights without a call of the product, seen at once. */
  grant(oid: string, role: Partial<Role>, scope: string): void {
    const own = { name: 'given by the test', actions: [], dataActions: [], ...role };
    this.assignments.push({ ...{ name: randomUUID(), scope, oid, roleId: '', unseen: 0 }, role: own });
  }

  /** Takes back all that a principal has. */
  revoke(oid: string): void {
    for (const one of this.assignments.filter((each) => each.oid === oid)) this.drop(one);
  }

  assign(assignment: Omit<Assignment, 'unseen'>): Assignment {
    const made = { ...assignment, unseen: this.#lag() };
    this.assignments.push(made);
    return made;
  }

  drop(assignment: Assignment): void {
    const at = this.assignments.indexOf(assignment);
    if (at >= 0) this.assignments.splice(at, 1);
  }

  /** Whether a principal may; an assignment that is not seen yet counts one decision down. */
  allows(oid: string, { action, scope, data = false }: Need): boolean {
    if ([...this.denied].some((one) => fits(one, action))) return false;
    const own = this.assignments.filter((one) => one.oid === oid && covers(one.scope, scope));
    const seen = own.filter((one) => one.unseen === 0);
    for (const one of own) if (one.unseen > 0) one.unseen--;
    return seen.some(({ role }) => (data ? role.dataActions : role.actions).some((one) => fits(one, action)));
  }
}

/** Whether a pattern such as `Microsoft.Web/sites/*` has an action. Case does not matter. */
export const fits = (pattern: string, action: string): boolean =>
  new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`, 'i').test(action);

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

function covers(granted: string, scope: string): boolean {
  const [upper, lower] = [granted.toLowerCase().replace(/\/$/, ''), scope.toLowerCase()];
  return upper === lower || lower.startsWith(`${upper}/`);
}

/**
 * The action that a call needs, and on what: the types of a path without their names, and for POST the deed at its end.
 * https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations
 */
export function needOf(method: string, path: string): Need {
  const [all, before = '', after = ''] = /^(.*)\/providers\/([^/]+\/.+)$/i.exec(path) ?? [path];
  const [namespace = '', ...segments] = after.split('/');
  const types = segments.filter((_, at) => at % 2 === 0);
  if (method !== 'POST') {
    const verb = method === 'GET' || method === 'HEAD' ? 'read' : method === 'DELETE' ? 'delete' : 'write';
    const scope = /^Microsoft\.(Authorization|Resources)$/i.test(namespace) ? before : all;
    return { action: [namespace, ...types, verb].join('/'), scope: scope ?? path };
  }
  const deed = segments.at(-1) ?? '';
  const named = segments.length % 2 === 0 ? [...types, deed] : types;
  return { action: [namespace, ...named, 'action'].join('/'), scope: path.slice(0, -deed.length - 1) };
}
