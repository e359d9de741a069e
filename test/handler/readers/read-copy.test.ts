import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openReader } from '../../../src/handler/readers/open-reader.ts';
import { openReadCopy } from '../../../src/handler/readers/read-copy.ts';
import { readSettings } from '../../../src/handler/settings.ts';
import { bytesOf, smallParts } from '../../contracts/reader.ts';
import type { Fault } from '../../emulators/fault.ts';
import { FaultProxy } from '../../emulators/fault-proxy.ts';
import { CacheServer, nginx } from '../../emulators/nginx.ts';
import { whyNot } from '../../emulators/part.ts';
import { describePart, describeWith } from '../../emulators/servers.ts';
import { ObjectServer } from '../../fakes/handler/object-server.ts';
import { azureContainer, type ServedBucket, s3Bucket } from '../../fakes/handler/reader-servers.ts';
import { madeBytes } from '../../fakes/stores/bodies.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const minutes = 60_000;
const signature = 'Signature=secret-1';
const without = whyNot(nginx);

/** A bucket whose versions are read through nginx, and through a proxy before it that can spoil answers. */
class Bed {
  readonly work: string = mkdtempSync(join(tmpdir(), 'coldgate-copy-'));
  readonly bucket: ServedBucket;
  cache!: CacheServer;
  /** Before the cache, and before the store. */
  edge!: FaultProxy;
  store!: FaultProxy;
  #written: Promise<void> = Promise.resolve();
  readonly #apps: TestApp[] = [];

  constructor(bucket: ServedBucket) {
    this.bucket = bucket;
  }

  async open(endpoint: string, how: { headers?: Record<string, string>; query?: string } = {}): Promise<this> {
    const { MODEL_BUCKET: bucket = '' } = this.bucket.variables;
    this.cache = await CacheServer.start(join(this.work, 'nginx'), { origin: `${endpoint}/${bucket}`, ...how });
    this.edge = await FaultProxy.before(this.cache.endpoint);
    this.store = await FaultProxy.before(endpoint);
    return this;
  }

  get url(): string {
    return `${this.edge.endpoint}/team%20a/models?${signature}`;
  }

  async release(version: string, bias: number, spoil?: (key: string, put: ServedBucket['put']) => Promise<void>) {
    const models = new ModelStore();
    models.write = (key, bytes) => {
      this.#written = this.#written.then(() => this.bucket.put(key, bytes));
    };
    const sample = { inputs: { x: [[1, 2]] }, outputs: { y: [[5 + bias, 1]] } };
    const manifest = models.publish('tiny', version, { model: tinyModel(bias), sample });
    await this.#written;
    await spoil?.(`tiny/versions/${version}/model.onnx`, this.bucket.put);
    models.promote(manifest);
    await this.#written;
    models.remove();
  }

  /** The function on this store, with no model on its disk. */
  async app(): Promise<TestApp> {
    const variables = { ...this.bucket.variables, MODEL_ENDPOINT: this.store.endpoint, MODEL_READ_URL: this.url };
    const settings = { ...variables, MODEL_NAME: 'tiny' };
    const reader = await openReader(readSettings(settings).source, variables);
    const copy = openReadCopy(this.url, { now: () => app.clock, random: () => 0.5 });
    const app: TestApp = new TestApp('/', variables, { reader: { ...reader, copy } });
    this.#apps.push(app);
    return app;
  }

  async end(): Promise<void> {
    this.edge.script = () => undefined;
    for (const app of this.#apps.splice(0)) await app.close();
  }

  async close(): Promise<void> {
    await this.end();
    await Promise.all([this.edge.close(), this.store.close(), this.cache.stop()]);
    rmSync(this.work, { recursive: true });
  }
}

const infer = async (app: TestApp): Promise<unknown> =>
  (await app.ask('/v1/infer', { body: { inputs: [[1, 2]] } })).json;
const warm = async (app: TestApp): Promise<unknown> => (await app.ask('/v1/health?warm=true')).json;
const statuses = (lines: string[]): string[] => lines.map((line) => line.split(' ')[0] ?? '');
const inVersions = ({ path }: { path: string }): boolean => path.includes('/versions/');

/** Changes a byte of what the cache keeps of the object, near its end. */
function corrupt({ folder }: CacheServer, name: string): void {
  for (const file of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, file));
    if (!bytes.subarray(0, 1000).includes(name)) continue;
    bytes[bytes.length - 3] = bytes[bytes.length - 3]! ^ 1;
    writeFileSync(join(folder, file), bytes);
  }
}

const ofModel = (fault: Fault) => (bed: Bed) => {
  bed.edge.script = ({ path }) => (path.endsWith('model.onnx') ? fault : undefined);
};
const rewrite = (change: Omit<Extract<Fault, { kind: 'rewrite' }>, 'kind'>) => ofModel({ kind: 'rewrite', ...change });

/** What a cache does wrong, to a version that is in the store as published. */
const faults: [string, (bed: Bed, key: string, put: ServedBucket['put'], good: Buffer) => unknown][] = [
  ['is gone', (bed) => bed.cache.stop()],
  ['fails', rewrite({ status: 500, body: () => 'no' })],
  ['refuses', rewrite({ status: 403, headers: { 'x-cache': 'Error from cloudfront' }, body: () => '<html>' })],
  ['leads elsewhere', rewrite({ status: 302, headers: { location: 'https://example.com/' } })],
  ['gives a page in its place', rewrite({ body: () => '<html>log in</html>' })],
  ['gives less', rewrite({ body: (body) => body.subarray(0, -9) })],
  ['gives more', rewrite({ body: (body) => Buffer.concat([body, body]) })],
  ['packs', rewrite({ headers: { 'content-encoding': 'gzip' }, body: (body) => gzipSync(body) })],
  ['breaks off', ofModel({ kind: 'cut-reply' })],
  [
    'lags: it was asked too early',
    async (bed, key, put, good) => {
      await put(`${key}.moved`, good);
      expect((await fetch(`${bed.cache.endpoint}/team%20a/models/${key}.absent`)).status).toBe(404);
      // Under the name that it keeps as missing.
      bed.edge.script = ({ path }) =>
        path.endsWith('model.onnx') ? { kind: 'rewrite', status: 404, body: () => '<Error/>' } : undefined;
    },
  ],
  [
    'keeps what stood there before',
    async (bed, key, put, good) => {
      await put(key, tinyModel(99));
      await fetch(`${bed.cache.endpoint}/team%20a/models/${key}`).then((answer) => answer.arrayBuffer());
      await put(key, good);
    },
  ],
  [
    'has a broken disk',
    async (bed, key) => {
      await fetch(`${bed.cache.endpoint}/team%20a/models/${key}`).then((answer) => answer.arrayBuffer());
      corrupt(bed.cache, key.split('/')[2]!);
    },
  ],
];

describePart('nginx', without, 'a store behind a cache', () => {
  describeWith('moto', 'of S3', (server) => {
    let bed: Bed;
    const authorization =
      'AWS4-HMAC-SHA256 Credential=moto-access-key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0';
    beforeAll(async () => {
      bed = await new Bed(await s3Bucket(server())).open(server().endpoint, { headers: { authorization } });
    });
    afterEach(() => bed.end());
    afterAll(() => bed.close());

    it('reads versions through the cache and the pointer past it, without credentials', async () => {
      await bed.release('1.0.0', 0.5);
      for (const status of ['MISS', 'HIT']) {
        const app = await bed.app();
        expect(await infer(app)).toMatchObject({ outputs: { y: [[5.5, 1]] } });
        expect(await warm(app)).toMatchObject({ sample: 'ok', pointer: { status: 'current' } });
        expect(statuses(bed.cache.lines('/versions/1.0.0/').slice(-3))).toEqual([status, status, status]);
      }
      expect(bed.cache.lines('current.json')).toEqual([]);
      expect(bed.store.requests.filter(inVersions)).toEqual([]);
      const sent = bed.edge.requests.map(({ headers, query }) => [headers, query.get('Signature')] as const);
      expect(new Set(sent.flatMap(([headers]) => Object.keys(headers)))).toEqual(
        new Set(['host', 'accept-encoding', 'connection']),
      );
      expect(new Set(sent.map(([, signed]) => signed))).toEqual(new Set(['secret-1']));
    });

    let minor = 0;
    it.each(faults)(
      'is read itself where the cache %s: one line, and none of it for some minutes',
      async (_what, spoil) => {
        await bed.release(`2.${++minor}.0`, 1);
        const app = await bed.app();
        expect(await infer(app)).toMatchObject({ outputs: { y: [[6, 1]] } });
        const [next, good] = [`2.${++minor}.0`, tinyModel(minor)];
        await bed.release(next, minor, (key, put) => Promise.resolve(spoil(bed, key, put, good)).then(() => {}));
        app.clock += 2000;
        expect(await warm(app)).toMatchObject({ model: { version: next }, sample: 'ok' });
        const lines = app.logged('read-url-bypassed');
        expect(lines).toMatchObject([{ level: 'warn', seconds: 300, reason: expect.any(String) }]);
        expect(app.lines.join()).not.toContain('secret-1');
        // What is wrong with it is tried once.
        const requests = bed.edge.requests.length;
        await bed.release(`2.${++minor}.0`, minor);
        app.clock += 4 * minutes;
        expect(await warm(app)).toMatchObject({ model: { version: `2.${minor}.0` } });
        expect([bed.edge.requests.length - requests, app.logged('read-url-bypassed').length]).toEqual([0, 1]);
        bed.edge.script = () => undefined;
        await bed.cache.stop();
        await bed.cache.up();
        await bed.release(`2.${++minor}.0`, minor);
        app.clock += 2 * minutes;
        expect(await warm(app)).toMatchObject({ model: { version: `2.${minor}.0` } });
        expect(bed.edge.requests.length - requests).toBe(3);
      },
    );

    it('is not asked again for bytes that are wrong in the store, too', async () => {
      const app = await bed.app();
      await bed.release('3.0.0', 3);
      await infer(app);
      await bed.release('3.1.0', 4, (key, put) => put(key, tinyModel(7)));
      app.clock += 2000;
      const failed = { status: 'failed', code: 'checksum-mismatch' };
      expect(await warm(app)).toMatchObject({ model: { version: '3.0.0' }, pointer: failed });
    });
  });

  describeWith('azurite', 'of Azure', (server) => {
    it('gives large objects in parts, out of slices of the cache', async () => {
      const bucket = await azureContainer(server());
      const container = bucket.variables['MODEL_BUCKET']!.split('/')[1]!;
      const { BlobServiceClient, ContainerSASPermissions } = await import('@azure/storage-blob');
      const client = BlobServiceClient.fromConnectionString(bucket.variables['AZURE_STORAGE_CONNECTION_STRING']!);
      const signed = await client.getContainerClient(container).generateSasUrl({
        permissions: ContainerSASPermissions.parse('r'),
        expiresOn: new Date(Date.now() + 3_600_000),
      });
      const bed = await new Bed(bucket).open(server().endpoint, { query: signed.split('?')[1]! });
      const stored = madeBytes(9 * 1024 * 1024 + 7);
      await bucket.put('tiny/versions/1.0.0/model.onnx', stored);
      const copy = openReadCopy(bed.url, { limits: smallParts, now: () => 0, random: () => 0.5 });
      for (const status of ['MISS', 'HIT']) {
        const from = bed.cache.lines('model.onnx').length;
        expect((await bytesOf(await copy.reader!.read('tiny/versions/1.0.0/model.onnx'))).equals(stored)).toBe(true);
        expect(new Set(statuses(bed.cache.lines('model.onnx').slice(from)))).toContain(status);
      }
      expect(bed.edge.requests.length).toBeGreaterThan(15);
      await bed.close();
    });
  });
});

describe('a copy', () => {
  it('is given up where it trickles', async () => {
    const server = await new ObjectServer(madeBytes(5000)).start();
    server.on('whole', (request, response) => {
      const bytes = server.begin(request, response);
      let at = 0;
      const timer = setInterval(() => response.write(bytes.subarray(at, ++at)), 20);
      response.on('close', () => clearInterval(timer));
    });
    const limits = { ...smallParts, stallMs: 250 };
    const copy = openReadCopy(server.endpoint, { limits, now: () => 0, random: () => 0.5 });
    const object = await copy.reader!.read('tiny/versions/1.0.0/model.onnx');
    await expect(bytesOf(object)).rejects.toMatchObject({ code: 'store-unavailable' });
    await server.close();
  });

  it('is of a store with versions, and over TLS', () => {
    const settings = (more: Record<string, string>) => () =>
      readSettings({ MODEL_NAME: 'tiny', MODEL_STORE: 's3', MODEL_BUCKET: 'bucket', ...more });
    expect(settings({ MODEL_READ_URL: 'https://cdn.example/m?Signature=secret-1' })().source.readUrl).toContain('cdn');
    for (const more of [
      { MODEL_READ_URL: 'http://cdn.example/m?Signature=secret-1' },
      { MODEL_READ_URL: 'https://user:secret-1@cdn.example/m' },
      { MODEL_READ_URL: 'https://cdn.example/secret-1', MODEL_URI: 's3://bucket/model.onnx' },
      { MODEL_READ_URL: 'https://cdn.example/secret-1', MODEL_STORE: 'file', MODEL_PREFIX: '/models' },
    ]) {
      expect(settings(more)).toThrow(
        expect.objectContaining({ problems: [expect.stringContaining('MODEL_READ_URL')] }),
      );
      expect(settings(more)).not.toThrow('secret-1');
    }
  });
});
