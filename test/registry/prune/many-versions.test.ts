import { expect, it } from 'vitest';
import { tombstoneKey } from '../../../src/model/layout.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import { checkInvariants } from '../../fakes/registry/invariants.ts';
import { keysOf, model, Simulation } from '../../fakes/registry/simulation.ts';
import { CountingStore, MeddlingStore, type Request } from '../../fakes/registry/wrapped-store.ts';

const versions = Array.from({ length: 40 }, (_, at) => `1.${at}.0`);

async function published() {
  const store = openMemoryStore();
  const simulation = new Simulation(store);
  for (const version of versions) await simulation.publish(version, { 'model.onnx': version, 'sample.json': '{}' });
  await simulation.promote('1.39.0');
  return store;
}

it('prunes many versions in eight requests each', async () => {
  const counting = new CountingStore(await published());
  const { deleted } = await new Simulation(counting).prune({ retain: 2 });
  expect(deleted.map(({ version }) => version)).toEqual(versions.slice(0, 38).reverse());
  const per = (version: string) => counting.of(`/versions/${version}/`).map((line) => line.replace(/\S+\//, ''));
  expect(per('1.0.0')).toEqual([
    ...['put .tombstone', 'put .tombstone', 'remove manifest.json', 'head .tombstone'],
    ...['remove model.onnx', 'remove sample.json', 'list ', 'remove .tombstone'],
  ]);
  const others = counting.requests.filter(({ key }) => !key.includes('/versions/'));
  expect(others.length).toBeLessThan(30);
  expect(await checkInvariants(counting, model, { settled: true })).toEqual([]);
});

it('works on sixteen of them at a time, and on none before all are marked and the pointer is fenced', async () => {
  const store = await published();
  const meddling = new MeddlingStore(store);
  const waiting: (() => void)[] = [];
  const isFirst = ({ operation, key }: Request) => operation === 'remove' && key.endsWith('/manifest.json');
  meddling.before = (request) => (isFirst(request) ? new Promise((go) => waiting.push(go)) : Promise.resolve());
  const pruned = new Simulation(meddling).prune({ retain: 2 });
  await expect.poll(() => waiting.length).toBe(16);
  const marked = (await keysOf(store)).filter((key) => key.endsWith('.tombstone'));
  expect(marked.sort()).toEqual(
    versions
      .slice(0, 38)
      .map((version) => tombstoneKey(model, version))
      .sort(),
  );
  expect(waiting).toHaveLength(16);
  meddling.before = () => Promise.resolve();
  for (const go of waiting) go();
  expect((await pruned).deleted).toHaveLength(38);
});
