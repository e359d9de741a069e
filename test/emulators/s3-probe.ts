import { AwsClient } from 'aws4fetch';
import type { Server } from './server-part.ts';

/** What the AWS SDK's default chain reads. */
export const s3Environment = (endpoint: string, id: string, secret: string): Record<string, string> => ({
  AWS_ENDPOINT_URL_S3: endpoint,
  AWS_ACCESS_KEY_ID: id,
  AWS_SECRET_ACCESS_KEY: secret,
  AWS_REGION: 'us-east-1',
});

/** Conditional writes that S3 refuses, by hand and not through an SDK; answers those that the server accepted. */
export async function probeS3({ endpoint, env }: Pick<Server, 'endpoint' | 'env'>): Promise<string[]> {
  const client = new AwsClient({
    accessKeyId: env['AWS_ACCESS_KEY_ID']!,
    secretAccessKey: env['AWS_SECRET_ACCESS_KEY']!,
    region: env['AWS_REGION']!,
    service: 's3',
    retries: 0,
  });
  const bucket = `${endpoint}/probe-${process.pid}`;
  const send = (url: string, method: string, headers = {}, body?: string): Promise<Response> =>
    client.fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
  const put = (body: string, headers = {}): Promise<Response> => send(`${bucket}/one`, 'PUT', headers, body);
  const must = async (sent: Promise<Response>, what: string): Promise<Response> => {
    const answer = await sent;
    const words = await answer.text();
    if (!answer.ok) throw new Error(`it answered ${answer.status} to ${what}: ${words.slice(0, 300)}`);
    return answer;
  };
  await must(send(bucket, 'PUT'), 'the creation of a bucket');
  const stale = (await must(put('first', { 'if-none-match': '*' }), 'a create')).headers.get('etag')!;
  await must(put('second'), 'an unconditional write');
  const accepted: string[] = [];
  if ((await put('other', { 'if-none-match': '*' })).ok) accepted.push('a create over an object that exists');
  if ((await put('other', { 'if-match': stale })).ok) accepted.push('an update with a stale ETag');
  const now = await (await send(`${bucket}/one`, 'GET')).text();
  if (now !== 'second' && accepted.length === 0) accepted.push(`a write that it had refused: the object is ${now}`);
  await send(`${bucket}/one`, 'DELETE');
  await send(bucket, 'DELETE');
  return accepted;
}
