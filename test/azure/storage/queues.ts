import { finishCall } from '../../fakes/clouds/calls.ts';
import type { Incoming, Reply, Surface } from '../../fakes/clouds/loopback.ts';
import type { ArmApi, ArmReply } from '../arm.ts';
import { ArmError, notFound } from '../arm-error.ts';
import type { AzureContext, Call } from '../context.ts';
import type { Principal } from '../iam.ts';
import { storageAudiences } from '../tokens.ts';
import type { Account, Accounts } from './accounts.ts';
import type { AzuriteQueues } from './azurite-queues.ts';
import { BlobError, blobFailure } from './blob-error.ts';

const messages = 'Microsoft.Storage/storageAccounts/queueServices/queues/messages';

/** Any of them is enough: https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory */
const deeds: Record<string, string[]> = {
  POST: ['add/action', 'write'],
  GET: ['process/action', 'read'],
  DELETE: ['process/action', 'delete'],
  PUT: ['write'],
};

/** Queues as Azure Resource Manager has them; where Azurite runs, it has them too. */
export function queueOperations(accounts: Accounts, azurite: AzuriteQueues | undefined): ArmApi['operations'] {
  const view = async (account: Account, name: string, metadata: Record<string, string>): Promise<ArmReply> => ({
    status: 200,
    body: {
      ...{ id: accounts.queueId(account, name), name, type: 'Microsoft.Storage/storageAccounts/queueServices/queues' },
      properties: {
        metadata,
        ...(account.name === azurite?.account && { approximateMessageCount: await azurite.count(name) }),
      },
    },
  });
  return {
    queue_get: {
      answer: ({ labels, path }) => {
        const account = accounts.accountOf(labels);
        const name = labels['queueName'] ?? '';
        const found = account.queues.get(name);
        if (!found) throw notFound(path);
        return view(account, name, found);
      },
    },
    queue_create: {
      answer: async ({ labels, body }) => {
        const account = accounts.accountOf(labels);
        const name = labels['queueName'] ?? '';
        const { metadata = {} } = (body['properties'] ?? {}) as { metadata?: Record<string, string> };
        account.queues.set(name, metadata);
        if (account.name === azurite?.account) await azurite.ask('PUT', name);
        return view(account, name, metadata);
      },
    },
    queue_delete: {
      answer: async ({ labels, path }) => {
        const account = accounts.accountOf(labels);
        const name = labels['queueName'] ?? '';
        if (!account.queues.delete(name)) throw notFound(path);
        if (account.name === azurite?.account) await azurite.ask('DELETE', name);
        return { status: 204 };
      },
    },
  };
}

/** The Queue service of all accounts, each below a path of its own: tokens of Entra and roles are checked, the rest is Azurite's. */
export function queueSurface(context: AzureContext, accounts: Accounts, azurite: AzuriteQueues | undefined): Surface {
  return {
    name: 'QUEUES',
    async serve(incoming) {
      const [, accountName = '', queue = '', ...rest] = incoming.url.pathname.split('/');
      const call: Call = {
        ...{
          method: `queues_${incoming.method}`,
          path: incoming.url.pathname,
          body: undefined,
          principal: '',
          needs: [],
        },
        ...{ parameters: { account: accountName, queue }, mutating: incoming.method !== 'GET', status: 0 },
      };
      context.calls.push(call);
      const work = async (): Promise<Reply> => {
        const account = accounts.find(accountName);
        if (!account || rest[0] !== 'messages') throw new BlobError(400, 'InvalidUri', incoming.url.pathname);
        const caller = callerOf(context, incoming);
        call.principal = caller.oid;
        checkDeed(context, call, caller, accounts.queueId(account, queue));
        if (account.name !== azurite?.account) throw new BlobError(404, 'QueueNotFound', 'There is no such queue.');
        const query = Object.fromEntries(incoming.url.searchParams);
        const path = [queue, ...rest].join('/');
        const { status, headers, text } = await azurite.ask(incoming.method, path, query, incoming.body.toString());
        const code = headers['x-ms-error-code'];
        return {
          status,
          headers: { 'content-type': 'application/xml', ...(code && { 'x-ms-error-code': code }) },
          body: text,
        };
      };
      return finishCall(context, call, work, blobFailure);
    },
  };
}

function callerOf(context: AzureContext, { headers }: Incoming): Principal {
  if (headers['x-ms-version'] === undefined) throw new BlobError(400, 'MissingRequiredHeader', 'x-ms-version');
  try {
    return context.tokens.principalOf(headers.authorization, storageAudiences);
  } catch (error) {
    if (!(error instanceof ArmError)) throw error;
    throw new BlobError(401, 'InvalidAuthenticationInfo', error.message);
  }
}

function checkDeed(context: AzureContext, call: Call, { oid }: Principal, scope: string): void {
  const needs = (deeds[call.method.split('_')[1] ?? ''] ?? []).map((deed) => ({
    ...{ action: `${messages}/${deed}`, scope, data: true },
  }));
  call.needs = needs.slice(0, 1);
  if (needs.some((need) => context.iam.allows(oid, need))) return;
  throw new BlobError(
    403,
    'AuthorizationPermissionMismatch',
    'This request is not authorized to perform this operation using this permission.',
  );
}
