import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppResponse } from '../../../src/handler/http/app-request.ts';
import { withUploads } from '../../../src/handler/platforms/google/uploads.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { type Google, openGoogle } from '../../google/google.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const store = new ModelStore();
let google: Google;
let app: TestApp;
let handle: ReturnType<typeof withUploads>['handle'];

beforeAll(async () => {
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel() }));
  app = new TestApp(store.root);
  google = await openGoogle({ buckets: ['batch'] });
  const variables = {
    STORAGE_EMULATOR_HOST: google.urlOf('STORAGE'),
    COLDGATE_BATCH_BUCKET: 'batch',
    COLDGATE_BATCH_INPUT: 'in/',
    COLDGATE_BATCH_SUFFIX: '.jsonl',
  };
  const write = (line: string): void => void app.lines.push(line);
  ({ handle } = withUploads(app.app, { variables, write, limit: 4096 }));
});
afterAll(async () => {
  await app.close();
  await google.close();
  store.remove();
});

interface Stored {
  bucket: string;
  name: string;
  generation: string;
  md5Hash?: string;
}

/** Puts an object there; returns its metadata, which is what an event carries. */
async function put(name: string, content: string): Promise<Stored> {
  const url = `${google.urlOf('STORAGE')}/upload/storage/v1/b/batch/o?uploadType=media&name=${encodeURIComponent(name)}`;
  const answer = await fetch(url, { method: 'POST', body: content });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Stored;
}

const send = (body: unknown, type = 'google.cloud.storage.object.v1.finalized'): Promise<AppResponse> =>
  handle({
    method: 'POST',
    url: '/coldgate/uploads',
    headers: { get: (name) => (name === 'ce-type' ? type : null) },
    read: async () => Buffer.from(JSON.stringify(body)),
  });
const bodyOf = ({ body }: AppResponse): Record<string, unknown> => JSON.parse(String(body)) as Record<string, unknown>;
const results = (name: string): Record<string, unknown>[] =>
  (google.buckets.all('batch').get(name)?.bytes.toString() ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it('answers each line of an upload in its place, once', async () => {
  const event = await put('in/a.jsonl', '{"inputs":[[1,2]]}\nno json\n{"inputs":[[3,4]]}\n');
  const first = await send(event);
  expect([first.status, bodyOf(first)]).toMatchObject([200, { status: 'written', lines: 3, failed: 1 }]);
  const output = String(bodyOf(first)['output']);
  expect(output).toMatch(/^results\/in\/a\.[0-9a-f]{12}\.jsonl$/);
  expect(results(output)).toMatchObject([
    { line: 1, outputs: { y: [[5.5, 1]] }, model: { name: 'tiny', version: '1.0.0' } },
    { line: 2, error: { code: 'bad-json' } },
    { line: 3, model: { version: '1.0.0' } },
  ]);
  expect(bodyOf(await send(event))).toMatchObject({ status: 'done-before', output });
  expect(app.lines.some((line) => line.includes('"event":"batch"') && line.includes('"written"'))).toBe(true);
});

it('answers an upload over another one under a name of its own, and never the one that is gone', async () => {
  const before = await put('in/b.jsonl', '{"inputs":[[1,2]]}\n');
  const after = await put('in/b.jsonl', '{"inputs":[[5,6]]}\n');
  expect(bodyOf(await send(before))).toMatchObject({ status: 'replaced' });
  const composed = { ...after, md5Hash: undefined };
  const [byContent, byGeneration] = [bodyOf(await send(after)), bodyOf(await send(composed))];
  expect([byContent['status'], byGeneration['status']]).toEqual(['written', 'written']);
  expect(byContent['output']).not.toBe(byGeneration['output']);
});

it.each([
  ['what lies elsewhere', 'other/a.jsonl'],
  ['what is no JSON Lines', 'in/a.csv'],
  ['a result', 'results/in/a.jsonl'],
])('leaves %s alone', async (_what, name) => {
  expect(bodyOf(await send(await put(name, '{}')))).toMatchObject({ status: 'ignored' });
});

it('leaves objects of other buckets alone, and refuses what is no event', async () => {
  const event = await put('in/c.jsonl', '{"inputs":[[1,2]]}\n');
  expect(bodyOf(await send({ ...event, bucket: 'other' }))).toMatchObject({ status: 'ignored' });
  expect((await send(event, 'google.cloud.storage.object.v1.deleted')).status).toBe(400);
  expect((await send({ any: 'thing' })).status).toBe(400);
  expect((await send('text')).status).toBe(400);
});

it('has an event delivered again while the bucket may not be read', async () => {
  const event = await put('in/d.jsonl', '{"inputs":[[1,2]]}\n');
  google.context.iam.revoke(google.pipeline, '*', 0);
  const refused = await send(event);
  google.context.iam.grant(google.pipeline, 'all', '*', 0);
  expect([refused.status, String(refused.body)]).toEqual([503, expect.stringContaining('storage.objects.')]);
  expect(bodyOf(await send(event))).toMatchObject({ status: 'written' });
});

it('leaves every other request to the application', async () => {
  const request = { method: 'GET', url: '/v1/health', headers: { get: () => null }, read: async () => Buffer.alloc(0) };
  expect((await handle(request)).status).toBe(200);
  const plain = withUploads(app.app, { variables: {}, write: () => {}, limit: 4096 });
  expect(plain).toBe(app.app);
});
