import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openObjects } from '../../../src/handler/objects/s3.ts';
import { createUpload } from '../../../src/handler/platforms/aws/upload.ts';
import { etagOf, openObjectsFake } from '../../fakes/handler/objects.ts';
import { tinyGraph, tinyWeights } from '../../fixtures/external.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const store = new ModelStore();
const { endpoint, objects, requests, close } = await openObjectsFake();
const variables = {
  AWS_ENDPOINT_URL_S3: endpoint,
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_SESSION_TOKEN: 'token',
  COLDGATE_BATCH_INPUT: 'in/',
};
let app: TestApp;
let upload: ReturnType<typeof createUpload>;
beforeAll(async () => {
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel() }));
  app = new TestApp(store.root);
  const write = (line: string): void => void app.lines.push(line);
  const limit = 4096;
  upload = createUpload({ app: app.app, objects: async () => openObjects(variables), write, variables, limit });
});
afterAll(async () => {
  await app.close();
  await close();
  store.remove();
});
beforeEach(() => {
  objects.clear();
  requests.length = 0;
});

const record = (key: string, eTag = 'e0') => ({
  eventSource: 'aws:s3' as const,
  eventName: 'ObjectCreated:Put',
  awsRegion: 'eu-west-1',
  s3: { bucket: { name: 'b' }, object: { key, eTag } },
});
/** Puts a file there, and answers its event and where its results go. */
const put = (key: string, content: string): { event: ReturnType<typeof record>; output: string } => {
  const bytes = Buffer.from(content);
  objects.set(`/b/${key}`, bytes);
  const output = `/b/results/${key.replace(/\.jsonl$/, '')}.${etagOf(bytes).slice(0, 12)}.jsonl`;
  return {
    event: record(encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/'), etagOf(bytes)),
    output,
  };
};
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
  const { event, output } = put('in/ä b.jsonl', lines.join('\r\n'));
  expect(await upload([event])).toMatchObject([{ status: 'written', lines: 6 }]);
  const error = (line: number, code: string) => ({ line, error: { code } });
  expect(results(output)).toMatchObject([
    { line: 1, outputs: { y: [[5.5, 1]] }, model: { name: 'tiny', version: '1.0.0' } },
    error(2, 'bad-json'),
    error(4, 'bad-input'),
    error(5, 'bad-input'),
    error(6, 'payload-too-large'),
    { line: 7, outputs: { y: [[11.5, 1]] } },
  ]);
  const written = requests.find(({ method }) => method === 'PUT');
  expect(written?.headers).toMatchObject({
    'if-none-match': '*',
    authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=id\/\d{8}\/eu-west-1\/s3\/aws4_request/),
    'x-amz-security-token': 'token',
  });
});

it('answers more lines than fit into one batch, in order', async () => {
  const lines = Array.from({ length: 300 }, (_, at) => (at % 7 === 0 ? '{"inputs":[[1]]}' : '{"inputs":[[1,2]]}'));
  const { event, output } = put('in/many.jsonl', lines.join('\n'));
  app.lines.length = 0;
  await upload([event]);
  const found = results(output);
  expect(found.map(({ line }) => line)).toEqual(lines.map((_, at) => at + 1));
  expect(found.filter((one) => 'error' in one)).toHaveLength(43);
  // One line for the file, however many batches it took.
  expect(app.lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { event: 'batch', input: 'in/many.jsonl', status: 'written', lines: 300, failed: 43 },
  ]);
});

it('does nothing for a file that it answered before', async () => {
  const { event, output } = put('in/a.jsonl', '{"inputs":[[1,2]]}\n');
  objects.set(output, Buffer.from('before'));
  expect(await upload([event])).toMatchObject([{ status: 'done-before' }]);
  expect(objects.get(output)?.toString()).toBe('before');
});

it.each(['results/in/a.jsonl', 'other/a.jsonl', 'in/../a.jsonl'])('ignores %s', async (key) => {
  expect(await upload([record(key)])).toMatchObject([{ status: 'ignored' }]);
  expect(requests).toEqual([]);
});

it('leaves a file that was replaced to the event of the new one', async () => {
  put('in/a.jsonl', '{"inputs":[[1,2]]}\n');
  expect(await upload([record('in/a.jsonl')])).toMatchObject([{ status: 'replaced' }]);
});

it('answers by a model with its tensors in another file, and by the next one once it is live', async () => {
  const release = (version: string, bias: number) => {
    const files = { 'model.onnx.data': tinyWeights(bias) };
    const parts = { model: tinyGraph(), files, externalData: Object.keys(files) };
    store.promote(store.publish('outside', version, parts));
  };
  const own = new TestApp(store.root, { MODEL_NAME: 'outside', MODEL_REFRESH_SECONDS: '1' });
  const answers = createUpload({
    app: own.app,
    objects: async () => openObjects(variables),
    write: () => {},
    variables,
    limit: 4096,
  });
  for (const [version, bias] of [
    ['1.0.0', 0.5],
    ['1.1.0', 3],
  ] as const) {
    release(version, bias);
    own.clock += 10_000;
    await own.ask('/v1/health?warm=true');
    const { event, output } = put(`in/${version}.jsonl`, '{"inputs":[[1,2]]}\nno json\n');
    expect(await answers([event])).toMatchObject([{ status: 'written', lines: 2, failed: 1 }]);
    expect(results(output)[0]).toMatchObject({ outputs: { y: [[5 + bias, 1]] }, model: { version } });
  }
  await own.close();
});

it('writes nothing where the model cannot be served', async () => {
  const broken = new TestApp(store.root, { MODEL_NAME: 'absent' });
  const { event } = put('in/a.jsonl', '{"inputs":[[1,2]]}\n');
  const unprefixed = { AWS_ENDPOINT_URL_S3: endpoint, AWS_ACCESS_KEY_ID: 'i', AWS_SECRET_ACCESS_KEY: 's' };
  const own = createUpload({
    app: broken.app,
    objects: async () => openObjects(unprefixed),
    write: () => {},
    variables: unprefixed,
    limit: 4096,
  });
  await expect(own([event])).rejects.toMatchObject({ name: 'BatchUnavailableError' });
  expect([...objects.keys()]).toEqual(['/b/in/a.jsonl']);
  await broken.close();
});
