import { createHash } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import type { Variables } from '../settings.ts';

/** The two things that a batch asks of S3. */
export interface Objects {
  exists(bucket: string, key: string): Promise<boolean>;
  /** Bytes of exactly the version that the event named; `gone` where it was replaced or removed since. */
  read(bucket: string, key: string, etag: string | undefined, versionId: string | undefined): Promise<'gone' | Body>;
  /** False where the key exists already. */
  create(bucket: string, key: string, body: Uint8Array): Promise<boolean>;
}

export type Body = AsyncIterable<Uint8Array>;

/** S3 refused; the invocation fails and Lambda tries the event again. Carries no credentials. */
export class ObjectsError extends Error {
  readonly status: number;

  constructor(verb: string, bucket: string, key: string, status: number) {
    super(`S3 answered ${status} to ${verb} of s3://${bucket}/${key}.`);
    this.name = 'ObjectsError';
    this.status = status;
  }
}

/** Signs with the credentials that Lambda puts into its variables; AWS_ENDPOINT_URL_S3 names another service. */
export function openObjects(variables: Variables): Objects {
  const region = variables['AWS_REGION'] || variables['AWS_DEFAULT_REGION'] || 'us-east-1';
  const client = new AwsClient({
    accessKeyId: variables['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: variables['AWS_SECRET_ACCESS_KEY'] ?? '',
    ...(variables['AWS_SESSION_TOKEN'] && { sessionToken: variables['AWS_SESSION_TOKEN'] }),
    service: 's3',
    region,
    retries: 3,
  });
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const base = (variables['AWS_ENDPOINT_URL_S3'] || `https://s3.${region}.${domain}`).replace(/\/+$/, '');
  const ask: Ask = (bucket, key, options, query = '') =>
    client.fetch(`${base}/${bucket}/${key.split('/').map(encode).join('/')}${query}`, options);
  return {
    exists: (bucket, key) => exists(ask, bucket, key),
    read: (bucket, key, etag, versionId) => read(ask, bucket, key, etag, versionId),
    create: (bucket, key, body) => create(ask, bucket, key, body),
  };
}

type Ask = (bucket: string, key: string, options: RequestInit, query?: string) => Promise<Response>;

async function refuse(verb: string, bucket: string, key: string, response: Response): Promise<never> {
  await response.body?.cancel();
  throw new ObjectsError(verb, bucket, key, response.status);
}

async function exists(ask: Ask, bucket: string, key: string): Promise<boolean> {
  const response = await ask(bucket, key, { method: 'HEAD' });
  if (response.ok || response.status === 404) return response.ok;
  // Without the right to list, S3 answers 403 for what is not there; the create decides then.
  return response.status === 403 ? false : refuse('HEAD', bucket, key, response);
}

async function read(
  ask: Ask,
  bucket: string,
  key: string,
  etag: string | undefined,
  versionId: string | undefined,
): Promise<'gone' | Body> {
  const query = versionId ? `?versionId=${encodeURIComponent(versionId)}` : '';
  const response = await ask(bucket, key, { headers: etag ? { 'if-match': `"${etag}"` } : {} }, query);
  if (response.ok && response.body) return response.body;
  if (response.status !== 404 && response.status !== 412) return refuse('GET', bucket, key, response);
  await response.body?.cancel();
  return 'gone';
}

async function create(ask: Ask, bucket: string, key: string, body: Uint8Array): Promise<boolean> {
  const response = await ask(bucket, key, {
    method: 'PUT',
    headers: {
      'if-none-match': '*',
      'content-type': 'application/x-ndjson',
      'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
    },
    body: new Uint8Array(body),
  });
  if (!response.ok && response.status !== 412) return refuse('PUT', bucket, key, response);
  await response.body?.cancel();
  return response.ok;
}

const encode = (segment: string): string =>
  encodeURIComponent(segment).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
