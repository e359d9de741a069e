import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openObjects } from '../../src/handler/aws/objects.ts';
import { createUpload } from '../../src/handler/aws/upload.ts';
import { tinyModel } from '../fixtures/onnx.ts';
import { ModelStore } from './model-store.ts';
import { TestApp } from './test-app.ts';

const store = new ModelStore();
const objects = new Map<string, Buffer>();
const asked: { method: string; headers: Record<string, unknown> }[] = [];
/** Stands in for S3's conditions alone; signatures are looked at, not checked. */
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const key = decodeURIComponent((request.url ?? '').split('?')[0]!);
  const method = request.method ?? '';
  asked.push({ method, headers: request.headers });
  const found = objects.get(key);
  const stale = request.headers['if-match'] !== undefined && request.headers['if-match'] !== '"e1"';
  if (method === 'PUT' && !found) objects.set(key, Buffer.concat(chunks));
  const status = method === 'PUT' ? (found ? 412 : 200) : !found ? 404 : stale ? 412 : 200;
  response.writeHead(status).end(method === 'GET' && status === 200 ? found : undefined);
});
let app: TestApp;
let upload: ReturnType<typeof createUpload>;
beforeAll(async () => {
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel() }));
  app = new TestApp(store.root);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const variables = {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    COLDGATE_BATCH_INPUT: 'in/',
  };
  const write = (line: string): void => void app.lines.push(line);
  const limit = 4096;
  upload = createUpload({ app: app.app, objects: async () => openObjects(variables), write, variables, limit });
});
afterAll(async () => {
  await app.close();
  server.close();
  store.remove();
});
beforeEach(() => {
  objects.clear();
  asked.length = 0;
});

const record = (key: string, eTag = 'e1') => ({
  eventSource: 'aws:s3' as const,
  eventName: 'ObjectCreated:Put',
  awsRegion: 'eu-west-1',
  s3: { bucket: { name: 'b' }, object: { key, eTag } },
});
const results = (key: string): Record<string, unknown>[] =>
  objects
    .get(key)!
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it('answers each line in its place, bad ones with their error', async () => {
  const lines = [
    '{"inputs":[[1,2]]}',
    'no json',
    '',
    '{"inputs":[[1]]}',
    '5',
    `"${'x'.repeat(9000)}"`,
    '{"inputs":[[3,4]]}',
  ];
  objects.set('/b/in/a b.jsonl', Buffer.from(lines.join('\r\n')));
  expect(await upload([record('in/a+b.jsonl')])).toMatchObject([{ status: 'written', lines: 6 }]);
  const error = (line: number, code: string) => ({ line, error: { code } });
  expect(results('/b/results/in/a b.e1.jsonl')).toMatchObject([
    { line: 1, outputs: { y: [[5.5, 1]] }, model: { name: 'tiny', version: '1.0.0' } },
    error(2, 'bad-json'),
    error(4, 'bad-input'),
    error(5, 'bad-input'),
    error(6, 'payload-too-large'),
    { line: 7, outputs: { y: [[11.5, 1]] } },
  ]);
  const put = asked.find(({ method }) => method === 'PUT');
  expect(put?.headers).toMatchObject({
    'if-none-match': '*',
    authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=id\/\d{8}\/eu-west-1\/s3\/aws4_request/),
    'x-amz-security-token': 'token',
  });
});

it('answers more lines than fit into one batch, in order', async () => {
  const lines = Array.from({ length: 300 }, (_, at) => (at % 7 === 0 ? '{"inputs":[[1]]}' : '{"inputs":[[1,2]]}'));
  objects.set('/b/in/many.jsonl', Buffer.from(lines.join('\n')));
  await upload([record('in/many.jsonl')]);
  const found = results('/b/results/in/many.e1.jsonl');
  expect(found.map(({ line }) => line)).toEqual(lines.map((_, at) => at + 1));
  expect(found.filter((one) => 'error' in one)).toHaveLength(43);
});

it('does nothing for a file that it answered before', async () => {
  objects.set('/b/in/a.jsonl', Buffer.from('{"inputs":[[1,2]]}\n'));
  objects.set('/b/results/in/a.e1.jsonl', Buffer.from('before'));
  expect(await upload([record('in/a.jsonl')])).toMatchObject([{ status: 'done-before' }]);
  expect(objects.get('/b/results/in/a.e1.jsonl')?.toString()).toBe('before');
});

it.each(['results/in/a.jsonl', 'other/a.jsonl', 'in/../a.jsonl'])('ignores %s', async (key) => {
  expect(await upload([record(key)])).toMatchObject([{ status: 'ignored' }]);
  expect(asked).toEqual([]);
});

it('leaves a file that was replaced to the event of the new one', async () => {
  objects.set('/b/in/a.jsonl', Buffer.from('{"inputs":[[1,2]]}\n'));
  expect(await upload([record('in/a.jsonl', 'e0')])).toMatchObject([{ status: 'replaced' }]);
});

it('writes nothing where the model cannot be served', async () => {
  const broken = new TestApp(store.root, { MODEL_NAME: 'absent' });
  objects.set('/b/in/a.jsonl', Buffer.from('{"inputs":[[1,2]]}\n'));
  const { port } = server.address() as AddressInfo;
  const endpoint = {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: 'i',
    AWS_SECRET_ACCESS_KEY: 's',
  };
  const own = createUpload({
    app: broken.app,
    objects: async () => openObjects(endpoint),
    write: () => {},
    variables: {},
    limit: 4096,
  });
  await expect(own([record('in/a.jsonl')])).rejects.toMatchObject({ name: 'BatchUnavailableError' });
  expect([...objects.keys()]).toEqual(['/b/in/a.jsonl']);
  await broken.close();
});
