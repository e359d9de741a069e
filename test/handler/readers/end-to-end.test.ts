import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { describeWith } from '../../emulators/servers.ts';
import { credentialServer, onlyWith } from '../../fakes/handler/credential-server.ts';
import { ObjectServer } from '../../fakes/handler/object-server.ts';
import { azureContainer, googleBucket, type ServedBucket, s3Bucket } from '../../fakes/handler/reader-servers.ts';
import { SignedS3 } from '../../fakes/handler/signed-s3.ts';
import { newCertificate } from '../../fakes/stores/certificate.ts';
import { tinyGraph, tinyWeights } from '../../fixtures/external.ts';
import { tinyModel, tinySample } from '../../fixtures/onnx.ts';
import { FunctionProcess } from '../function-process.ts';
import { ModelStore } from '../model/model-store.ts';
import { openAdapterBed } from '../platforms/adapter-bed.ts';

const { bundle, remove } = await openAdapterBed();
afterAll(remove);

const running: FunctionProcess[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});
const start = (variables: Record<string, string>): FunctionProcess => {
  const one = new FunctionProcess(bundle, { MODEL_NAME: 'tiny', MODEL_REFRESH_SECONDS: '1', ...variables });
  running.push(one);
  return one;
};

/** Publishes and promotes as a pipeline does, into a bucket. */
class BucketModels extends ModelStore {
  written: Promise<void> = Promise.resolve();
  readonly #put: ServedBucket['put'];

  readonly #outside: boolean;

  /** @param outside whether models keep their tensors in another file */
  constructor(put: ServedBucket['put'], outside = false) {
    super();
    this.#put = put;
    this.#outside = outside;
  }

  override write(key: string, bytes: Uint8Array): void {
    this.written = this.written.then(() => this.#put(key, bytes));
  }

  async release(version: string, bias: number): Promise<void> {
    const sample = { inputs: tinySample.inputs, outputs: { y: [[5 + bias, 1]] } };
    const parts = this.#outside
      ? { model: tinyGraph(), files: { 'model.onnx.data': tinyWeights(bias) }, externalData: ['model.onnx.data'] }
      : { model: tinyModel(bias) };
    this.promote(this.publish('tiny', version, { ...parts, sample }));
    await this.written;
    this.remove();
  }
}

/** Everything that a process printed: lines, errors, and answers to requests that show the most. */
async function outputOf(one: FunctionProcess): Promise<string> {
  const paths = ['/v1/health', '/v1/health?warm=true', '/v1/openapi.json', '/v1/models', '/v2/models/tiny', '/nowhere'];
  const answers = await Promise.all(
    paths.map(async (path) => {
      const answer = await one.fetch(path);
      return JSON.stringify([...answer.headers]) + (await answer.text());
    }),
  );
  return [...one.lines.map((line) => JSON.stringify(line)), ...one.errors, ...answers].join('\n');
}

const kinds = ['in one file', 'with its tensors in another'] as const;

/** Serves, follows a flip without a failed request, and keeps its secrets to itself. */
async function serves(kind: (typeof kinds)[number], bucket: ServedBucket, secrets: readonly string[]): Promise<void> {
  const models = new BucketModels(bucket.put, kind !== 'in one file');
  await models.release('1.0.0', 0.5);
  const one = start(bucket.variables);
  expect(await one.json('/v1/health?warm=true')).toMatchObject({ sample: 'ok', model: { version: '1.0.0' } });
  await models.release('1.1.0', 1);
  const flipped = performance.now();
  let version = '1.0.0';
  while (version !== '1.1.0' && performance.now() - flipped < 10_000) {
    const response = await one.fetch('/v1/infer', { inputs: [[1, 2]] });
    const answer = (await response.json()) as { outputs: unknown; model: { version: string } };
    version = answer.model.version;
    expect([response.status, answer.outputs]).toEqual([200, { y: [[version === '1.1.0' ? 6 : 5.5, 1]] }]);
    await wait(10);
  }
  // The refresh time, a fifth more for its jitter, and the time to load.
  expect([version, performance.now() - flipped < 5_000]).toEqual(['1.1.0', true]);
  await wait(1500);
  const output = await outputOf(one);
  expect(output).toContain('"swapped"');
  for (const secret of secrets) expect(output).not.toContain(secret);
  expect(one.errors).toEqual([]);
  // The last version by the place of its model, without pointer and manifest.
  const { MODEL_STORE: store, MODEL_BUCKET: name } = bucket.variables;
  const MODEL_URI = `${store === 'gcs' ? 'gs' : store}://${name}/${prefixOf(bucket)}tiny/versions/1.1.0/model.onnx`;
  const alone = start({ ...bucket.variables, MODEL_URI });
  expect(await alone.json('/v1/infer', { inputs: [[1, 2]] })).toMatchObject({ outputs: { y: [[6, 1]] } });
}

const prefixOf = ({ variables }: ServedBucket): string =>
  variables['MODEL_PREFIX'] ? `${variables['MODEL_PREFIX']}/` : '';

for (const name of ['moto', 'radosgw'] as const) {
  describeWith(name, `the bundled function on ${name}`, (server) => {
    it.each(kinds)('serves what the pointer names, %s, and follows it', async (kind) => {
      const bucket = await s3Bucket(server());
      await serves(kind, bucket, [bucket.variables['AWS_SECRET_ACCESS_KEY']!, bucket.variables['AWS_ACCESS_KEY_ID']!]);
    });
  });
}

describeWith('azurite', 'the bundled function on Azurite', (server) => {
  it.each(kinds)('serves what the pointer names, %s, and follows it', async (kind) => {
    const bucket = await azureContainer(server());
    const [key] = /(?<=AccountKey=)[^;]+/.exec(bucket.variables['AZURE_STORAGE_CONNECTION_STRING']!)!;
    await serves(kind, bucket, [key!, 'SharedKey']);
  });
});

describeWith('fake-gcs', 'the bundled function on fake-gcs-server', (server) => {
  it.each(kinds)('serves what the pointer names, %s, and follows it', async (kind) =>
    serves(kind, await googleBucket(server()), ['ya29']),
  );
});

describe('the bundled function on a container with credentials that expire', () => {
  it('goes on when they are renewed, and says none of them', async () => {
    const s3 = await new SignedS3().start();
    const endpoint = await credentialServer();
    const give = (name: string): void => {
      const [accessKeyId, secretAccessKey, sessionToken] = [`ASIA${name}`, `secret-${name}`, `session-${name}`];
      s3.know({ accessKeyId, secretAccessKey, sessionToken });
      const Expiration = new Date(Date.now() + 3_600_000).toISOString();
      const answer = { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken, Expiration };
      endpoint.on('GET /role', onlyWith('authorization', 'container-secret', answer));
    };
    give('ONE');
    const models = new BucketModels(async (key, bytes) => void s3.objects.set(`/bucket/${key}`, Buffer.from(bytes)));
    await models.release('1.0.0', 0.5);
    const one = start({
      MODEL_STORE: 's3',
      MODEL_BUCKET: 'bucket',
      MODEL_ENDPOINT: s3.endpoint,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint.endpoint}/role`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'container-secret',
    });
    expect(await one.json('/v1/health?warm=true')).toMatchObject({ model: { version: '1.0.0' } });
    s3.expired.add('ASIAONE');
    give('TWO');
    await models.release('1.1.0', 1);
    await wait(1100);
    expect(await one.json('/v1/health?warm=true')).toMatchObject({ model: { version: '1.1.0' } });
    // And where they may read nothing more, it says so without them, and serves what it has.
    s3.keys.clear();
    await wait(1100);
    expect(await one.json('/v1/health?warm=true')).toMatchObject({
      pointer: { status: 'failed', code: 'store-denied' },
    });
    const output = await outputOf(one);
    expect(output).toContain('InvalidAccessKeyId');
    expect(output).not.toMatch(/ASIA|secret-|session-|container-secret/);
    await endpoint.close();
    await s3.close();
  });
});

describe('the bundled function on a signed URL', () => {
  const tls = newCertificate();
  const authorities = join(bundle, 'authorities.pem');
  writeFileSync(authorities, tls.cert);

  it('serves over TLS, and says nothing of the signature', async () => {
    const server = await new ObjectServer(tinyModel(), tls).start();
    server.on('whole', { status: 302, headers: { location: '/b/tiny.onnx?sig=secret-2' } }, (request, response) => {
      response.end(server.begin(request, response));
    });
    const MODEL_URI = `${server.endpoint}/a/tiny.onnx?X-Amz-Signature=secret-1`;
    const trusting = start({ MODEL_URI, NODE_EXTRA_CA_CERTS: authorities });
    expect(await trusting.json('/v1/infer', { inputs: [[1, 2]] })).toMatchObject({ outputs: { y: [[5.5, 1]] } });
    const wary = start({ MODEL_URI });
    const answer = await wary.fetch('/v1/infer', { inputs: [[1, 2]] });
    expect([answer.status, await answer.json()]).toMatchObject([503, { error: { code: 'store-unavailable' } }]);
    expect(await wary.line('load-failed')).toMatchObject({ reason: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
    for (const one of [trusting, wary]) expect(await outputOf(one)).not.toContain('secret-');
    await server.close();
  });

  it('does not start, nor repeat it, where it may not be read', async () => {
    const one = start({ MODEL_URI: 'http://store.example/model.onnx?sig=secret-1' });
    expect(await one.exited).toBe(2);
    expect(JSON.stringify(one.lines)).not.toContain('secret-1');
  });
});
