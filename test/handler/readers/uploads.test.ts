import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openFileReader } from '../../../src/handler/readers/file.ts';
import { placesOf, uploadUrl } from '../../../src/handler/readers/uploads.ts';
import { readSettings } from '../../../src/handler/settings.ts';
import { openStore } from '../../../src/stores/open.ts';
import { describeWith } from '../../emulators/servers.ts';
import { ObjectServer } from '../../fakes/handler/object-server.ts';
import { azureContainer, type ServedBucket, s3Bucket } from '../../fakes/handler/reader-servers.ts';
import { tinyModel, tinySample } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const models = new ModelStore();
models.promote(models.publish('tiny', '1.0.0', { model: tinyModel(), sample: tinySample }));
afterAll(() => models.remove());

const floats = (...values: number[]) => Buffer.from(Float32Array.of(...values).buffer);
const urlOf = (variables: Record<string, string>) => (text: string) =>
  uploadUrl(placesOf(readSettings({ MODEL_NAME: 'tiny', ...variables }).source), text)?.href;

describe('the URLs of a store', () => {
  const s3 = { MODEL_STORE: 's3', MODEL_BUCKET: 'acme', MODEL_PREFIX: 'team a/models', MODEL_REGION: 'eu-west-1' };
  const gcs = { MODEL_STORE: 'gcs', MODEL_BUCKET: 'acme', MODEL_PREFIX: 'models' };
  const azure = { MODEL_STORE: 'azure', MODEL_BUCKET: 'acmemodels/models', MODEL_PREFIX: 'a' };
  const own: [Record<string, string>, string][] = [
    [s3, 'https://acme.s3.eu-west-1.amazonaws.com/team%20a/models/u/x?X-Amz-Signature=1'],
    [s3, 'https://acme.s3.amazonaws.com/team%20a/models/u/x'],
    [s3, 'https://s3.eu-west-1.amazonaws.com/acme/team%20a/models/x'],
    [{ ...s3, MODEL_ENDPOINT: 'http://127.0.0.1:9000/s3' }, 'http://127.0.0.1:9000/s3/acme/team%20a/models/x'],
    [gcs, 'https://storage.googleapis.com/acme/models/x?X-Goog-Signature=1'],
    [gcs, 'https://acme.storage.googleapis.com/models/x'],
    [{ ...gcs, MODEL_PREFIX: '' }, 'https://storage.googleapis.com/acme/x'],
    [azure, 'https://acmemodels.blob.core.windows.net/models/a/x?sig=1'],
    [{ ...azure, MODEL_ENDPOINT: 'http://127.0.0.1:10000' }, 'http://127.0.0.1:10000/acmemodels/models/a/x'],
  ];
  it.each(own)('of %j are those of its objects: %s', (variables, url) => {
    expect(urlOf(variables)(url)).toBe(url);
  });

  const others: [Record<string, string>, string][] = [
    [s3, 'http://acme.s3.eu-west-1.amazonaws.com/team%20a/models/x'],
    [s3, 'https://acme.s3.eu-west-1.amazonaws.com:8443/team%20a/models/x'],
    [s3, 'https://acme.s3.eu-west-1.amazonaws.com.evil.example/team%20a/models/x'],
    [s3, 'https://acme.s3.eu-west-1.amazonaws.com@evil.example/team%20a/models/x'],
    [s3, 'https://evil.example/acme.s3.amazonaws.com/team%20a/models/x'],
    [s3, 'https://acme-s3.amazonaws.com/team%20a/models/x'],
    [s3, 'https://other.s3.eu-west-1.amazonaws.com/team%20a/models/x'],
    [s3, 'https://s3.eu-west-1.amazonaws.com/other/team%20a/models/x'],
    [s3, 'https://acme.s3.eu-west-1.amazonaws.com/team%20a/models2/x'],
    [s3, 'https://acme.s3.eu-west-1.amazonaws.com/team%20a/models/../secrets/x'],
    [s3, 'https://acme.s3.eu-west-1.amazonaws.com/team%20a/models/%2e%2e/secrets/x'],
    [s3, 'https://acme.s3.eu-west-1.amazonaws.com/team%20a/models/..%2f..%2fx'],
    [s3, 'https://acme.s3.eu-west-1.amazonaws.com/team%20a%2fmodels/x'],
    [s3, 'https://user:secret@acme.s3.eu-west-1.amazonaws.com/team%20a/models/x'],
    [s3, 'http://169.254.169.254/latest/meta-data/team%20a/models/x'],
    [{ ...s3, MODEL_ENDPOINT: 'http://127.0.0.1:9000' }, 'http://127.0.0.1:9001/acme/team%20a/models/x'],
    [{ ...s3, MODEL_ENDPOINT: 'http://127.0.0.1:9000' }, 'https://acme.s3.eu-west-1.amazonaws.com/team%20a/models/x'],
    [gcs, 'https://storage.googleapis.com/storage/v1/b/acme/o/models'],
    [gcs, 'https://storage.googleapis.com/acme2/models/x'],
    [azure, 'https://other.blob.core.windows.net/models/a/x'],
    [azure, 'https://acmemodels.blob.core.windows.net/models/b/x'],
    [azure, 'file:///etc/passwd'],
    [{ MODEL_STORE: 'file', MODEL_PREFIX: '/srv' }, 'file:///srv/x'],
  ];
  it.each(others)('of %j are no others: %s', (variables, url) => {
    expect(urlOf(variables)(url)).toBeUndefined();
  });
});

describe('an input by URL', () => {
  let server: ObjectServer;
  let app: TestApp;
  let at: string;
  beforeAll(async () => {
    server = new ObjectServer(floats(1, 2));
    await server.start();
    const variables = { MODEL_STORE: 's3', MODEL_BUCKET: 'acme', MODEL_PREFIX: 'p', MODEL_ENDPOINT: server.endpoint };
    const more = { ...variables, COLDGATE_MAX_PAYLOAD_KB: '1' };
    app = new TestApp(models.root, more, { reader: openFileReader(models.root) });
    at = `${server.endpoint}/acme/p/uploads/x.bin?X-Amz-Signature=5ec3e7`;
  });
  afterEach(() => {
    server.bytes = floats(1, 2);
    server.on('whole');
    server.received.length = 0;
  });
  afterAll(async () => {
    await app.close();
    await server.close();
  });
  const ask = (x: unknown, path = '/v1/infer') => app.ask(path, { body: { inputs: { x } } });

  it('is read from the store, without credentials, and takes part as any other', async () => {
    const reply = await ask({ url: at });
    expect(reply.json).toMatchObject({ outputs: { y: { shape: [1, 2], data: [5.5, 1] } } });
    expect(server.received).toMatchObject([{ path: '/acme/p/uploads/x.bin' }]);
    expect(server.received[0]!.headers).not.toHaveProperty('authorization');
    expect((await ask({ url: at, shape: [1, 2], dtype: 'float32' })).status).toBe(200);
    const items = [
      { inputs: { x: { url: at } } },
      { inputs: [[1, 2]] },
      { inputs: { x: { url: 'https://e.example' } } },
    ];
    const batch = (await app.ask('/v1/batch', { body: { items } })).json;
    expect(batch).toMatchObject({ items: [{ outputs: {} }, { outputs: {} }, { error: { code: 'bad-input' } }] });
    expect(app.lines.join()).not.toContain('5ec3e7');
    const described = JSON.stringify((await app.ask('/v1/openapi.json')).json);
    expect(described).toContain('by their signed URL');
  });

  it.each([
    [{ url: 'https://evil.example/acme/p/x' }, 'bad-input', 'inputs.x.url'],
    [{ url: 5 }, 'bad-input', 'inputs.x.url'],
    [{ url: '' }, 'bad-input', 'inputs.x.url'],
    [{ url: 'at', data: [1] }, 'bad-input', 'inputs.x: expected only url, shape and dtype'],
    [{ url: 'at', shape: [-1] }, 'bad-input', 'inputs.x.shape'],
    [{ url: 'at', shape: [1, 3] }, 'bad-input', 'inputs.x.shape'],
    [{ url: 'at', dtype: 'int8' }, 'bad-input', 'inputs.x.dtype'],
  ])('is refused where it is not right: %j', async (x, code, message) => {
    const given = x.url === 'at' ? { ...x, url: at } : x;
    const { status, json } = await ask(given);
    expect([status, json]).toMatchObject([400, { error: { code, message: expect.stringContaining(message) } }]);
    expect(JSON.stringify(json)).not.toContain('5ec3e7');
  });

  it('is refused where the store does not give it, and no redirect is followed', async () => {
    const answers = [{ status: 403 }, { status: 404 }, { status: 302, headers: { location: at } }];
    for (const answer of answers) {
      server.on('whole', answer);
      const { status, json } = await ask({ url: at });
      const message = expect.stringContaining(`answered ${answer.status}`);
      expect([status, json]).toMatchObject([400, { error: { code: 'upload-unreadable', message } }]);
    }
    expect(server.received).toHaveLength(3);
    server.on('whole', server.cutAfter(4));
    expect((await ask({ url: at })).json).toMatchObject({ error: { code: 'upload-unreadable' } });
  });

  it('has the limit of bodies, with all others of its request', async () => {
    server.bytes = Buffer.alloc(1032);
    expect(await ask({ url: at })).toMatchObject({ status: 413, json: { error: { code: 'payload-too-large' } } });
    server.bytes = Buffer.alloc(600);
    const one = { inputs: { x: { url: at } } };
    const { json } = await app.ask('/v1/batch', { body: { items: [one, one] } });
    expect(json).toMatchObject({ items: [{ outputs: {} }, { error: { code: 'payload-too-large' } }] });
  });
});

/** By a URL that the pipeline's own store signs for a caller. */
async function readsSigned(bucket: ServedBucket, url: string, endpoint: string): Promise<void> {
  const key = 'tiny/uploads/x.bin';
  const store = await openStore({ url, endpoint, ...(url.startsWith('s3:') && { region: 'us-east-1' }) });
  await store.put(key, floats(1, 2), 'absent');
  const app = new TestApp(
    models.root,
    { ...bucket.variables, MODEL_PREFIX: 'models' },
    { reader: openFileReader(models.root) },
  );
  try {
    const { url: signed } = await store.signedUrl(key, 60);
    const reply = await app.ask('/v1/infer', { body: { inputs: { x: { url: signed } } } });
    expect(reply.json).toMatchObject({ outputs: { y: { data: [5.5, 1] } } });
    const forged = signed.replace(/(Signature=|sig=)[^&]{4}/, '$1AAAA');
    expect((await app.ask('/v1/infer', { body: { inputs: { x: { url: forged } } } })).json).toMatchObject({
      error: { code: 'upload-unreadable' },
    });
  } finally {
    await app.close();
  }
}

/** The stores of the pipeline take credentials from the environment. */
async function withVariables(variables: Record<string, string>, work: () => Promise<void>): Promise<void> {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    await work();
  } finally {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

describeWith('radosgw', 'an input by URL on radosgw, which checks signatures', (server) => {
  it('is read by the URL that the store signs', async () => {
    const bucket = await s3Bucket(server());
    const url = `s3://${bucket.variables['MODEL_BUCKET']}/models`;
    await withVariables(server().env, () => readsSigned(bucket, url, server().endpoint));
  });
});

describeWith('azurite', 'an input by URL on Azurite', (server) => {
  it('is read by the URL that the store signs', async () => {
    const bucket = await azureContainer(server());
    const url = `azure://${bucket.variables['MODEL_BUCKET']}/models`;
    await withVariables(server().env, () => readsSigned(bucket, url, server().endpoint));
  });
});
