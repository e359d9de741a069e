import type { ArmApi, ArmReply } from '../arm.ts';
import { notFound, refused } from '../arm-error.ts';
import type { AzureContext } from '../context.ts';
import { Contract } from '../contract.ts';
import type { Blob } from './leases.ts';

export interface Container {
  /** By name. */
  blobs: Map<string, Blob>;
  metadata: Record<string, string>;
}

export interface Account {
  name: string;
  group: string;
  location: string;
  containers: Map<string, Container>;
  /** Metadata of queues, by name. */
  queues: Map<string, Record<string, string>>;
}

/** The storage accounts of a subscription; what is in their containers is served by surface.ts. */
export class Accounts {
  readonly #context: AzureContext;
  readonly #accounts = new Map<string, Account>();
  /** Base URL of the Blob service, without a slash at its end. */
  base = '';
  /** Base URL of the Queue service. */
  queueBase = '';

  constructor(context: AzureContext) {
    this.#context = context;
  }

  create(name: string, group: string): Account {
    const account: Account = { name, group, location: 'westeurope', containers: new Map(), queues: new Map() };
    this.#accounts.set(name, account);
    return account;
  }

  find(name: string): Account | undefined {
    return this.#accounts.get(name);
  }

  idOf({ group, name }: Account): string {
    return `${this.#context.groupId(group)}/providers/Microsoft.Storage/storageAccounts/${name}`;
  }

  containerId(account: Account, container: string): string {
    return `${this.idOf(account)}/blobServices/default/containers/${container}`;
  }

  /** What the service itself says of where blobs are; nobody builds it. */
  endpointOf({ name }: Account): string {
    return `${this.base}/${name}/`;
  }

  /** What a URL below an account's end point names. */
  locate(url: string): { account: Account; container: string } | undefined {
    if (!url.startsWith(`${this.base}/`)) return undefined;
    const [name = '', container = ''] = url.slice(this.base.length + 1).split('/');
    const account = this.find(name);
    return account && { account, container };
  }

  queueId(account: Account, queue: string): string {
    return `${this.idOf(account)}/queueServices/default/queues/${queue}`;
  }

  /** The account that a request names. Throws ArmError. */
  accountOf(labels: Record<string, string>): Account {
    const { accountName = '', resourceGroupName = '' } = labels;
    const found = this.find(accountName);
    if (found?.group.toLowerCase() === resourceGroupName.toLowerCase()) return found;
    const path = `providers/Microsoft.Storage/storageAccounts/${accountName}`;
    throw notFound(`${this.#context.groupId(resourceGroupName)}/${path}`);
  }

  /** @param more operations of what else an account has */
  api(more: ArmApi['operations'] = {}): ArmApi {
    const accountOf = (labels: Record<string, string>): Account => this.accountOf(labels);
    const view = (account: Account, name: string, container: Container) => ({
      ...{
        id: this.containerId(account, name),
        name,
        type: 'Microsoft.Storage/storageAccounts/blobServices/containers',
      },
      etag: '"0x8DE0000000000"',
      properties: {
        ...{ publicAccess: 'None', leaseStatus: 'Unlocked', leaseState: 'Available', deleted: false },
        ...{ hasImmutabilityPolicy: false, hasLegalHold: false, metadata: container.metadata },
      },
    });
    return {
      contract: Contract.read('storage.2023-05-01.json'),
      operations: {
        ...more,
        storageAccounts_getProperties: {
          answer: ({ labels }) => ({ status: 200, body: this.#view(accountOf(labels)) }),
        },
        blobContainers_get: {
          answer: ({ labels }): ArmReply => {
            const account = accountOf(labels);
            const name = labels['containerName'] ?? '';
            const found = account.containers.get(name);
            if (!found) throw refused(404, 'ContainerNotFound', 'The specified container does not exist.');
            return { status: 200, body: view(account, name, found) };
          },
        },
        blobContainers_create: {
          answer: ({ labels, body }): ArmReply => {
            const account = accountOf(labels);
            const name = labels['containerName'] ?? '';
            checkName(name);
            const { metadata = {} } = (body['properties'] ?? {}) as Partial<Container>;
            const found = account.containers.get(name);
            const container = found ?? { blobs: new Map<string, Blob>(), metadata };
            account.containers.set(name, container);
            return { status: found ? 200 : 201, body: view(account, name, container) };
          },
        },
        blobContainers_delete: {
          answer: ({ labels }): ArmReply => {
            const { containers } = accountOf(labels);
            return { status: containers.delete(labels['containerName'] ?? '') ? 200 : 204 };
          },
        },
      },
    };
  }

  #view(account: Account): object {
    return {
      ...{ id: this.idOf(account), name: account.name, type: 'Microsoft.Storage/storageAccounts', kind: 'StorageV2' },
      ...{ location: account.location, sku: { name: 'Standard_LRS', tier: 'Standard' } },
      properties: {
        ...{
          provisioningState: 'Succeeded',
          accessTier: 'Hot',
          allowSharedKeyAccess: false,
          minimumTlsVersion: 'TLS1_2',
        },
        primaryEndpoints: { blob: this.endpointOf(account), queue: `${this.queueBase}/${account.name}/` },
      },
    };
  }
}

/** https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata */
function checkName(name: string): void {
  if (/^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$/.test(name)) return;
  throw refused(400, 'ContainerOperationFailure', `The specified resource name contains invalid characters: ${name}`);
}
