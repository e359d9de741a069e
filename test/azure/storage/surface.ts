import { createHash } from 'node:crypto';
import { finishCall } from '../../fakes/clouds/calls.ts';
import type { Incoming, Reply, Surface } from '../../fakes/clouds/loopback.ts';
import { ArmError } from '../arm-error.ts';
import type { AzureContext, Call } from '../context.ts';
import type { Principal } from '../iam.ts';
import { storageAudiences } from '../tokens.ts';
import type { Account, Accounts, Container } from './accounts.ts';
import { BlobError, blobFailure, noBlob, noContainer } from './blob-error.ts';
import { type Blob, changeLease, checkLease, isLeased } from './leases.ts';

/** A request for one blob, or for the list of a container. */
interface BlobRequest {
  incoming: Incoming;
  container: Container;
  /** Empty: the container itself. */
  name: string;
  now: number;
}

interface BlobOperation {
  /** The end of its data action. */
  deed: 'read' | 'write' | 'delete';
  answer(request: BlobRequest): Reply;
}

const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';

/**
 * The Blob service of all accounts, each below a path of its own, as far as leases and packages need it: tokens of Entra,
 * conditions and leases are checked. The product's own store is tested on Azurite, which knows no Entra.
 */
export function blobSurface(context: AzureContext, accounts: Accounts): Surface {
  return {
    name: 'BLOBS',
    async serve(incoming) {
      const [, accountName = '', containerName = '', ...rest] = incoming.url.pathname
        .split('/')
        .map(decodeURIComponent);
      const name = rest.join('/');
      const kind = kindOf(incoming, name);
      const call: Call = {
        ...{
          method: `blobs_${kind}`,
          path: incoming.url.pathname,
          body: undefined,
          principal: '',
          needs: [],
          status: 0,
        },
        parameters: { account: accountName, container: containerName, blob: name },
        mutating: operations[kind]?.deed !== 'read',
      };
      context.calls.push(call);
      const work = async (): Promise<Reply> => {
        const account = accounts.find(accountName);
        const operation = operations[kind];
        if (!account || !operation)
          throw new BlobError(400, 'InvalidUri', `${incoming.method} ${incoming.url.pathname}`);
        const caller = callerOf(context, incoming);
        call.principal = caller.oid;
        const scope = accounts.containerId(account, containerName);
        demand(context, call, caller, { action: `${blobs}/${operation.deed}`, scope });
        const request = {
          incoming,
          container: containerOf(account, containerName),
          name,
          now: context.now().getTime(),
        };
        const { headers, ...reply } = operation.answer(request);
        return { ...reply, headers: { 'x-ms-version': '2025-05-05', ...headers } };
      };
      return finishCall(context, call, work, blobFailure);
    },
  };
}

const kindOf = ({ method, url, headers }: Incoming, name: string): string => {
  const part = url.searchParams.get('comp');
  if (name === '') return method === 'GET' && part === 'list' ? 'list' : 'unknown';
  if (part === 'lease') return `lease_${headers['x-ms-lease-action']}`;
  if (part !== null) return 'unknown';
  return { PUT: 'put', GET: 'get', HEAD: 'head', DELETE: 'delete' }[method] ?? 'unknown';
};

function callerOf(context: AzureContext, { headers }: Incoming): Principal {
  if (headers['x-ms-version'] === undefined) {
    throw new BlobError(400, 'MissingRequiredHeader', 'x-ms-version: a token needs a version of the API.');
  }
  try {
    return context.tokens.principalOf(headers.authorization, storageAudiences);
  } catch (error) {
    if (!(error instanceof ArmError)) throw error;
    throw new BlobError(401, 'InvalidAuthenticationInfo', error.message);
  }
}

function demand(context: AzureContext, call: Call, { oid }: Principal, need: { action: string; scope: string }): void {
  const own = { ...need, data: true };
  call.needs = [own];
  if (context.iam.allows(oid, own)) return;
  const message = 'This request is not authorized to perform this operation using this permission.';
  throw new BlobError(403, 'AuthorizationPermissionMismatch', message);
}

function containerOf({ containers }: Account, name: string): Container {
  const found = containers.get(name);
  if (!found) throw noContainer();
  return found;
}

const lease: BlobOperation = {
  deed: 'write',
  answer({ incoming, container, name, now }) {
    const found = blobOf(container, name);
    const { status, headers } = changeLease(found, incoming.headers, now);
    return { status, headers: { ...describe(found), ...headers } };
  },
};

const operations: Record<string, BlobOperation> = {
  put: {
    deed: 'write',
    answer({ incoming, container, name, now }) {
      const found = container.blobs.get(name);
      checkConditions(found, incoming.headers);
      checkLease(found, incoming.headers, now);
      if (incoming.headers['x-ms-blob-type'] !== 'BlockBlob') {
        throw new BlobError(400, 'InvalidHeaderValue', 'x-ms-blob-type: expected BlockBlob');
      }
      const blob = blobFrom(incoming.body, incoming.headers);
      container.blobs.set(name, { ...blob, lease: found?.lease });
      return { status: 201, headers: describe(blob) };
    },
  },
  get: {
    deed: 'read',
    answer({ incoming, container, name }) {
      const found = blobOf(container, name);
      const range = /^bytes=(\d+)-(\d*)$/.exec(
        String(incoming.headers['x-ms-range'] ?? incoming.headers['range'] ?? ''),
      );
      if (!range) return { status: 200, headers: describe(found), body: found.bytes };
      const [from, to] = [Number(range[1]), range[2] ? Number(range[2]) : found.bytes.byteLength - 1];
      const body = found.bytes.subarray(from, to + 1);
      const headers = { 'content-range': `bytes ${from}-${from + body.byteLength - 1}/${found.bytes.byteLength}` };
      return { status: 206, headers: { ...describe(found), ...headers }, body };
    },
  },
  head: {
    deed: 'read',
    answer({ container, name, now }) {
      const found = blobOf(container, name);
      const state = isLeased(found, now) ? 'leased' : 'available';
      const headers = { 'content-length': String(found.bytes.byteLength), 'x-ms-lease-state': state };
      return { status: 200, headers: { ...describe(found), ...headers } };
    },
  },
  delete: {
    deed: 'delete',
    answer({ incoming, container, name, now }) {
      const found = blobOf(container, name);
      checkConditions(found, incoming.headers);
      checkLease(found, incoming.headers, now);
      container.blobs.delete(name);
      return { status: 202 };
    },
  },
  list: {
    deed: 'read',
    answer({ incoming, container }) {
      const prefix = incoming.url.searchParams.get('prefix') ?? '';
      const names = [...container.blobs].filter(([name]) => name.startsWith(prefix));
      const entries = names.map(
        ([name, { bytes, etag }]) =>
          `<Blob><Name>${name}</Name><Properties><Etag>${etag}</Etag><Content-Length>${bytes.byteLength}</Content-Length></Properties></Blob>`,
      );
      const body = `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>${entries.join('')}</Blobs><NextMarker/></EnumerationResults>`;
      return { status: 200, headers: { 'content-type': 'application/xml' }, body };
    },
  },
  ...{ lease_acquire: lease, lease_renew: lease, lease_release: lease, lease_break: lease },
};

function blobOf({ blobs: all }: Container, name: string): Blob {
  const found = all.get(name);
  if (!found) throw noBlob();
  return found;
}

let written = 0;

/** A blob of these bytes, with an ETag that no other has. */
export function blobFrom(bytes: Buffer, headers: Incoming['headers'] = {}): Blob {
  const kept = Object.entries(headers).filter(([name]) => /^x-ms-meta-|^content-type$/.test(name));
  const etag = `"0x8DE${createHash('sha256').update(`${written++}`).digest('hex').slice(0, 12).toUpperCase()}"`;
  return { bytes, etag, modified: new Date(), headers: Object.fromEntries(kept) as Record<string, string> };
}

const describe = ({ etag, modified, headers }: Blob): Record<string, string> => ({
  ...{ ...headers, etag, 'last-modified': modified.toUTCString(), 'x-ms-blob-type': 'BlockBlob' },
});

function checkConditions(found: Blob | undefined, headers: Incoming['headers']): void {
  const ifMatch = headers['if-match'];
  if (headers['if-none-match'] === '*' && found) {
    throw new BlobError(409, 'BlobAlreadyExists', 'The specified blob already exists.');
  }
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== found?.etag) {
    throw new BlobError(412, 'ConditionNotMet', 'The condition specified using HTTP conditional header(s) is not met.');
  }
}
