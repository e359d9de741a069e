import { createHash, createHmac } from 'node:crypto';
import type { AwsCredentials } from './credentials/aws.ts';

/** A request as a service of AWS sees it. */
export interface Signable {
  method: string;
  /** As the Host header has it. */
  host: string;
  /** As it travels, each segment percent-encoded once. */
  path: string;
  query: readonly (readonly [name: string, value: string])[];
  /** Lower-case names; all of them are signed. */
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array | undefined;
}

const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * The headers with a signature of version 4 added, for a service in one region
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). Own code, since the signing is a
 * handful of hashes: it costs a start no package and no web classes.
 */
export function signAws(
  request: Signable,
  credentials: AwsCredentials,
  { region, service }: { region: string; service: 's3' | 'sqs' },
  now: Date,
): Record<string, string> {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const date = time.slice(0, 8);
  const scope = `${date}/${region}/${service}/aws4_request`;
  const content = request.body ? sha256(request.body) : emptySha256;
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.host,
    'x-amz-content-sha256': content,
    'x-amz-date': time,
    ...(credentials.sessionToken && { 'x-amz-security-token': credentials.sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    request.method,
    request.path,
    formatQuery(request.query),
    ...names.map((name) => `${name}:${headers[name]?.trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    content,
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${credentials.secretAccessKey}`, date));
  const signature = hmac(key, text).toString('hex');
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope},` +
    `SignedHeaders=${names.join(';')},Signature=${signature}`;
  return { ...headers, authorization };
}

/** The query as it is signed and travels: sorted by name. */
export function formatQuery(query: Signable['query']): string {
  return query
    .map(([name, value]) => `${encodeText(name)}=${encodeText(value)}`)
    .sort()
    .join('&');
}

/** Percent-encoding of RFC 3986, which leaves fewer characters alone than JavaScript's. */
export const encodeText = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** A key's slashes stay. */
export const encodeKey = (key: string): string => key.split('/').map(encodeText).join('/');

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text, 'utf8').digest();
