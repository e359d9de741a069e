import { afterEach, expect, it } from 'vitest';
import type { StoreSettings } from '../../../src/config/types.ts';
import { fileKey } from '../../../src/model/layout.ts';
import { openStore } from '../../../src/stores/open.ts';
import type { Fault } from '../../emulators/fault.ts';
import { FaultProxy } from '../../emulators/fault-proxy.ts';
import { describeWith, type ServerName, useServer, whyMissing } from '../../emulators/servers.ts';
import { cloudEnvironment, cloudStore } from '../../fakes/registry/cloud.ts';
import { honest } from '../../fakes/registry/fault-cases.ts';
import { checkInvariants } from '../../fakes/registry/invariants.ts';
import { artifact, codeOf, fileKeysOf, filesOf, model, Simulation, textAt } from '../../fakes/registry/simulation.ts';
import { temporaryStore } from '../../fakes/stores/folder.ts';

type Place = ServerName | 'file';

const derived = [artifact('artifacts/model.ort', 'fast')];
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function placeOf(place: Place): Promise<StoreSettings> {
  if (place !== 'file') return cloudStore(place);
  const { settings, close } = await temporaryStore();
  closers.push(close);
  return settings;
}

const data = 'layers/weights.bin';

/** A store with version 1.1.0, which has artifacts and keeps tensors in another file, and one with 1.0.0 live. */
async function stores(from: StoreSettings, to: StoreSettings) {
  const staging = new Simulation(await openStore(from));
  await staging.publish('1.1.0', { ...filesOf('a'), [data]: 'weights' }, { derived, externalData: [data] });
  const production = new Simulation(await openStore(to));
  await production.publish('1.0.0', { 'model.onnx': 'model 1.0.0' });
  await production.promote('1.0.0');
  return { staging, production };
}

/** Both ends, and who carries the bytes. */
const ways: [Place, Place, 'by-store' | 'streamed'][] = [
  ['file', 'moto', 'streamed'],
  ['file', 'azurite', 'streamed'],
  ['moto', 'moto', 'by-store'],
  ['radosgw', 'radosgw', 'by-store'],
  ['azurite', 'azurite', 'by-store'],
  ['fake-gcs', 'fake-gcs', 'by-store'],
  ['moto', 'radosgw', 'streamed'],
  ['moto', 'fake-gcs', 'streamed'],
  ['fake-gcs', 'azurite', 'streamed'],
  ['azurite', 'file', 'streamed'],
];

for (const [from, to, how] of ways) {
  const servers = [from, to].filter((place) => place !== 'file');
  // One that is missing speaks for the pair.
  const named = servers.find((server) => whyMissing(server) !== undefined) ?? servers[0]!;
  describeWith(named, `from ${from} to ${to}`, () => {
    for (const server of new Set(servers)) cloudEnvironment(server);

    it(`carries a version over (${how}), and makes it live byte for byte`, async () => {
      const { staging, production } = await stores(await placeOf(from), await placeOf(to));
      const copy = await production.copy(staging.store, '1.1.0');
      expect(copy.files.map((file) => file.how)).toEqual([how, how, how, how, how]);
      const moved = await production.promote('1.1.0', { verified: copy.proof });
      expect(moved).toMatchObject({ promoted: true, version: '1.1.0', previousVersion: '1.0.0', sequence: 2 });
      expect(moved.pointer?.files?.map(({ path }) => path)).toEqual(['model.onnx', data]);
      for (const key of [...fileKeysOf('1.1.0', derived), fileKey(model, '1.1.0', data)])
        expect(await textAt(production.store, key)).toBe(await textAt(staging.store, key));
      expect(await checkInvariants(production.store, model, { settled: true })).toEqual([]);
      expect(await production.promoteFrom(staging.store, '1.1.0')).toMatchObject({ promoted: false, sequence: 2 });
    });
  });
}

/** A proxy before the store that the version goes to. */
async function faulty(server: ServerName) {
  const proxy = await FaultProxy.before((await useServer(server)).endpoint);
  const settings = await cloudStore(server);
  return { proxy, honestly: settings, settings: { ...settings, endpoint: proxy.endpoint } };
}

describeWith('moto', 'a copy within one server of S3', () => {
  cloudEnvironment('moto');

  it('asks the server to copy: no bytes of the files go up, and they are read once', async () => {
    const { proxy, settings } = await faulty('moto');
    try {
      const from = { ...(await cloudStore('moto')), endpoint: proxy.endpoint };
      const { staging, production } = await stores(from, settings);
      proxy.forget();
      await production.promoteFrom(staging.store, '1.1.0');
      const copies = proxy.requests.filter(({ headers }) => headers['x-amz-copy-source'] !== undefined);
      expect(copies.map(({ method, bytes }) => [method, bytes])).toEqual(copies.map(() => ['PUT', 0]));
      expect(copies).toHaveLength(5);
      const ofModel = proxy.requests.filter(({ path }) => path.endsWith('/1.1.0/model.onnx'));
      expect(ofModel.filter(({ method }) => method === 'GET')).toHaveLength(1);
      const uploads = proxy.requests.filter(({ method, headers }) => method === 'PUT' && !headers['x-amz-copy-source']);
      const names = uploads.map(({ path }) => path.slice(path.lastIndexOf('/') + 1).replace(/^[0-9a-f-]{36}/, 'lease'));
      expect(names).toEqual(['lease.json', 'manifest.json', 'current.json', '0000000002.json']);
    } finally {
      await proxy.close();
    }
  });
});

const faults: Fault[] = [
  { kind: 'lose-reply' },
  { kind: 'fail-before', status: 503 },
  { kind: 'fail-after', status: 500 },
  { kind: 'reset-mid-body', afterBytes: 20 },
];

/** Requests go wrong in the ways in turn: every fifth in a usual run, each in each way with COLDGATE_ALL_FAULTS=1. */
const { rounds, step } = process.env['COLDGATE_ALL_FAULTS']
  ? { rounds: faults.length, step: 1 }
  : { rounds: 1, step: 5 };

const faultyWays: [Place, ServerName][] = [
  ['moto', 'moto'],
  ['file', 'azurite'],
];

for (const [from, to] of faultyWays) {
  describeWith(to, `from ${from} to ${to}, where a request goes wrong`, () => {
    cloudEnvironment(to);

    it('tells the truth, shows no part, and converges', { timeout: 600_000 }, async () => {
      for (let round = 0; round < rounds; round += 1) {
        for (let index = 1, reached = true; reached; index += step) {
          const { proxy, honestly, settings } = await faulty(to);
          try {
            const { staging } = await stores(await placeOf(from), honestly);
            const fault = faults[(index + round) % faults.length]!;
            proxy.script = (requests) => (requests.index === index ? fault : undefined);
            const code = await codeOf(new Simulation(await openStore(settings)).promoteFrom(staging.store, '1.1.0'));
            const where = `${fault.kind} at ${index}: ${proxy.requests[index - 1]?.method} ${proxy.requests[index - 1]?.path}`;
            expect(honest, where).toContain(code);
            const production = new Simulation(await openStore(honestly));
            expect(await checkInvariants(production.store, model), where).toEqual([]);
            expect(await codeOf(production.promoteFrom(staging.store, '1.1.0')), where).toBe('done');
            expect(await checkInvariants(production.store, model, { settled: true }), where).toEqual([]);
            reached = proxy.requests.length >= index;
          } finally {
            await proxy.close();
          }
        }
      }
    });
  });
}
