import type { ArmApi } from './arm.ts';
import { notFound } from './arm-error.ts';
import type { AzureContext } from './context.ts';
import { Contract } from './contract.ts';
import type { Principal } from './iam.ts';

/** User-assigned identities: made beforehand, by whoever may grant roles. */
export class Identities {
  readonly #context: AzureContext;
  /** By resource id in lower case. */
  readonly #identities = new Map<string, { id: string; principal: Principal }>();

  constructor(context: AzureContext) {
    this.#context = context;
  }

  /** Returns its resource id. */
  create(name: string, group: string): string {
    const id = `${this.#context.groupId(group)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
    this.#identities.set(id.toLowerCase(), { id, principal: this.#context.iam.create(name) });
    return id;
  }

  find(id: string): Principal | undefined {
    return this.#identities.get(id.toLowerCase())?.principal;
  }

  api(): ArmApi {
    return {
      contract: Contract.read('managedidentity.2024-11-30.json'),
      operations: {
        userAssignedIdentities_get: {
          answer: ({ path }) => {
            const found = this.#identities.get(path.toLowerCase());
            if (!found) throw notFound(path);
            const { id, principal } = found;
            const name = id.split('/').at(-1);
            const { oid: principalId, clientId } = principal;
            const properties = { tenantId: this.#context.tenant, principalId, clientId };
            const type = 'Microsoft.ManagedIdentity/userAssignedIdentities';
            return { status: 200, body: { id, name, type, location: 'westeurope', tags: {}, properties } };
          },
        },
      },
    };
  }
}
