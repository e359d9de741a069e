import { randomUUID } from 'node:crypto';
import type { Incoming, Reply, Surface } from '../../fakes/clouds/loopback.ts';
import { ApiError } from '../api-error.ts';
import type { Call, GoogleContext } from '../context.ts';
import { finish } from '../surface.ts';
import { type Buckets, type ObjectMetadata, resourceOf, type StoredObject } from './buckets.ts';
import { parts } from './parts.ts';

interface Session {
  bucket: string;
  metadata: ObjectMetadata;
  query: URLSearchParams;
  bytes: Buffer;
}

/** What a request is, and what the caller needs for it. */
interface ObjectRequest {
  method: string;
  permissions: string[];
  bucket: string;
  name: string;
  work(): Reply;
}

const json = (status: number, value: object, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
  body: JSON.stringify(value),
});

/**
 * Cloud Storage's JSON API for what the product asks of it: uploads in one request and in sessions, reads, lists, copies,
 * removals, with generations as preconditions. Requests come without a token, as with any STORAGE_EMULATOR_HOST: they are
 * taken for those of `caller`.
 */
export function storageSurface(context: GoogleContext, buckets: Buckets, caller: () => string): Surface {
  const sessions = new Map<string, Session>();
  return {
    name: 'STORAGE',
    async serve(incoming) {
      const generation = read(incoming, buckets, sessions);
      const who = context.iam.tokenOf(incoming.headers.authorization)?.principal ?? caller();
      const resource = `projects/_/buckets/${generation?.bucket}/objects/${generation?.name}`;
      const call: Call = {
        method: generation?.method ?? 'storage.unknown',
        parameters: {
          bucket: generation?.bucket ?? '',
          object: generation?.name ?? '',
          ...Object.fromEntries(incoming.url.searchParams),
        },
        ...{ body: undefined, principal: who, status: 0, mutating: incoming.method !== 'GET' },
        needs: (generation?.permissions ?? []).map((permission) => ({ permission, resource })),
      };
      context.calls.push(call);
      const reply = await finish(context, call, async () => {
        if (!generation)
          throw new ApiError(400, 'invalid', `${incoming.method} ${incoming.url.pathname} is not known here`);
        const missing = call.needs.find(({ permission }) => !context.iam.allows(who, permission, resource));
        if (missing) throw refused(who, missing.permission);
        return generation.work();
      });
      return reply && reply.status >= 300 && reply.status !== 308 ? storageFailure(reply) : reply;
    },
  };
}

const refused = (who: string, permission: string): ApiError =>
  new ApiError(
    403,
    'forbidden',
    `${who} does not have ${permission} access to the Google Cloud Storage object. Permission '${permission}' denied on resource (or it may not exist).`,
  );

/** Errors of this API have reasons: https://cloud.google.com/storage/docs/json_api/v1/status-codes */
function storageFailure(reply: Reply): Reply {
  if (reply.status === 304 || reply.status === 499) return { status: reply.status };
  const { error } = JSON.parse(String(reply.body)) as { error: { code: number; message: string; status: string } };
  const { code, message, status: reason } = error;
  return json(code, { error: { code, message, errors: [{ message, domain: 'global', reason }] } });
}

function read(
  { method, url, headers, body }: Incoming,
  buckets: Buckets,
  sessions: Map<string, Session>,
): ObjectRequest | undefined {
  const query = url.searchParams;
  const [, isUpload, bucketPart = '', objects, rest] =
    /^(\/upload|\/download)?\/storage\/v1\/b\/([^/]+)(\/o(?:\/(.*))?)?$/.exec(url.pathname) ?? [];
  const bucket = decodeURIComponent(bucketPart);
  const name = decodeURIComponent(rest ?? '');
  const uploadId = query.get('upload_id');
  if (isUpload === '/upload' && uploadId) {
    return {
      method: 'storage.objects.insert',
      permissions: [],
      bucket,
      name,
      work: () => piece(uploadId, { method, headers, body }, buckets, sessions),
    };
  }
  if (isUpload === '/upload' && method === 'POST') return upload({ headers, body, query, bucket }, buckets, sessions);
  if (!bucketPart) return undefined;
  const copy = /^(.+)\/(?:rewriteTo|copyTo)\/b\/([^/]+)\/o\/(.+)$/.exec(rest ?? '');
  if (method === 'POST' && copy) {
    const [, from = '', toBucket = '', to = ''] = copy.map((part) => decodeURIComponent(part ?? ''));
    const work = () => rewrite(buckets, { bucket, name: from }, { bucket: toBucket, name: to }, query);
    return {
      method: 'storage.objects.rewrite',
      permissions: ['storage.objects.get', 'storage.objects.create'],
      bucket,
      name: to,
      work,
    };
  }
  if (method === 'GET' && !isUpload && !objects) {
    const work = () =>
      json(200, { kind: 'storage#bucket', name: bucket, location: buckets.locationOf(bucket).toUpperCase() });
    return { method: 'storage.buckets.get', permissions: ['storage.buckets.get'], bucket, name: '', work };
  }
  if (method === 'GET' && rest) {
    const work = () => get(buckets.get(bucket, name, query), query.get('alt') === 'media', headers.range);
    return { method: 'storage.objects.get', permissions: ['storage.objects.get'], bucket, name, work };
  }
  if (method === 'GET' && url.pathname.endsWith('/o')) {
    const work = () => list(buckets, bucket, query);
    return { method: 'storage.objects.list', permissions: ['storage.objects.list'], bucket, name: '', work };
  }
  if (method === 'DELETE' && rest) {
    const work = (): Reply => {
      buckets.remove(bucket, name, query);
      return { status: 204 };
    };
    return { method: 'storage.objects.delete', permissions: ['storage.objects.delete'], bucket, name, work };
  }
  return undefined;
}

function upload(
  {
    headers,
    body,
    query,
    bucket,
  }: { headers: Incoming['headers']; body: Buffer; query: URLSearchParams; bucket: string },
  buckets: Buckets,
  sessions: Map<string, Session>,
): ObjectRequest {
  const kind = query.get('uploadType');
  const [metadata, bytes] =
    kind === 'multipart'
      ? parts(headers['content-type'] ?? '', body)
      : kind === 'resumable'
        ? [JSON.parse(body.toString() || '{}') as ObjectMetadata, Buffer.alloc(0)]
        : [{ contentType: headers['content-type'] } as ObjectMetadata, body];
  const name = metadata.name ?? query.get('name') ?? '';
  const permissions = ['storage.objects.create'];
  // Replacing needs to delete as well: https://cloud.google.com/storage/docs/access-control/iam-permissions
  if (query.get('ifGenerationMatch') !== '0' && buckets.find(bucket, name)) permissions.push('storage.objects.delete');
  const work = (): Reply => {
    if (kind !== 'resumable') return json(200, resourceOf(buckets.put(bucket, name, bytes, metadata, query)));
    buckets.check(bucket, name, query);
    const id = randomUUID();
    const type = String(headers['x-upload-content-type'] ?? metadata.contentType ?? '') || undefined;
    const known = type === undefined ? metadata : { ...metadata, contentType: type };
    sessions.set(id, { bucket, metadata: { ...known, name }, query, bytes });
    const location = `http://${headers.host}/upload/storage/v1/b/${bucket}/o?uploadType=resumable&upload_id=${id}`;
    return { status: 200, headers: { location } };
  };
  return { method: 'storage.objects.insert', permissions, bucket, name, work };
}

/** A piece of an upload in a session, or the question how far it has come. */
function piece(
  id: string,
  { method, headers, body }: Pick<Incoming, 'method' | 'headers' | 'body'>,
  buckets: Buckets,
  sessions: Map<string, Session>,
): Reply {
  const session = sessions.get(id);
  if (!session) throw new ApiError(404, 'notFound', 'No such upload session.');
  if (method === 'DELETE') {
    sessions.delete(id);
    return { status: 499 };
  }
  const range = String(headers['content-range'] ?? `bytes 0-${body.byteLength - 1}/${body.byteLength}`);
  const [, from, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(range) ?? [];
  if (from !== undefined && Number(from) <= session.bytes.byteLength) {
    session.bytes = Buffer.concat([session.bytes.subarray(0, Number(from)), body]);
  }
  if (total !== undefined && total !== '*' && session.bytes.byteLength === Number(total)) {
    const { bucket, metadata, query, bytes } = session;
    sessions.delete(id);
    return json(200, resourceOf(buckets.put(bucket, metadata.name ?? '', bytes, metadata, query)));
  }
  const held = session.bytes.byteLength;
  return { status: 308, headers: held === 0 ? {} : { range: `bytes=0-${held - 1}` } };
}

function get(object: StoredObject, media: boolean, range: string | undefined): Reply {
  if (!media) return json(200, resourceOf(object));
  const { bytes } = object;
  const headers: Record<string, string> = {
    'content-type': object.contentType ?? 'application/octet-stream',
    ...(object.contentEncoding !== undefined && { 'content-encoding': object.contentEncoding }),
    ...(object.cacheControl !== undefined && { 'cache-control': object.cacheControl }),
    ...{ 'x-goog-generation': object.generation, 'x-goog-stored-content-length': String(bytes.byteLength) },
    'x-goog-hash': `crc32c=${object.crc32c},md5=${object.md5}`,
    'last-modified': new Date(object.updated).toUTCString(),
  };
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === undefined)
    return { status: 200, headers: { ...headers, 'content-length': String(bytes.byteLength) }, body: bytes };
  const start = first === '' ? Math.max(0, bytes.byteLength - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes.byteLength - 1 : Math.min(Number(last), bytes.byteLength - 1);
  if (start >= bytes.byteLength)
    throw new ApiError(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable');
  const body = bytes.subarray(start, end + 1);
  const length = { 'content-length': String(body.byteLength) };
  return {
    status: 206,
    headers: { ...headers, ...length, 'content-range': `bytes ${start}-${end}/${bytes.byteLength}` },
    body,
  };
}

/** Names are in the order of their bytes in UTF-8. */
const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

function list(buckets: Buckets, bucket: string, query: URLSearchParams): Reply {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter');
  const from = query.get('pageToken') ?? query.get('startOffset') ?? '';
  const most = Math.min(Number(query.get('maxResults') ?? 1000), 1000);
  const names = [...buckets.all(bucket).keys()]
    .filter((name) => name.startsWith(prefix) && order(name, from) >= 0)
    .sort(order);
  const prefixes = new Set<string>();
  const items: object[] = [];
  let next: string | undefined;
  for (const name of names) {
    const cut = delimiter ? name.indexOf(delimiter, prefix.length) : -1;
    const folder = cut < 0 ? undefined : name.slice(0, cut + (delimiter ?? '').length);
    if (folder !== undefined && prefixes.has(folder)) continue;
    if (items.length + prefixes.size >= most) {
      next = name;
      break;
    }
    if (folder !== undefined) prefixes.add(folder);
    else items.push(resourceOf(buckets.all(bucket).get(name) as StoredObject));
  }
  return json(200, {
    kind: 'storage#objects',
    items,
    prefixes: [...prefixes],
    ...(next !== undefined && { nextPageToken: next }),
  });
}

function rewrite(
  buckets: Buckets,
  from: { bucket: string; name: string },
  to: { bucket: string; name: string },
  query: URLSearchParams,
): Reply {
  const generation = query.get('sourceGeneration');
  const source = buckets.get(from.bucket, from.name, new URLSearchParams(generation ? { generation } : {}));
  const made = buckets.put(
    to.bucket,
    to.name,
    source.bytes,
    { ...(source.contentType !== undefined && { contentType: source.contentType }) },
    query,
  );
  const size = String(source.bytes.byteLength);
  return json(200, {
    kind: 'storage#rewriteResponse',
    totalBytesRewritten: size,
    objectSize: size,
    done: true,
    resource: resourceOf(made),
  });
}
