import { beforeEach, describe, expect, it } from 'vitest';
import { claimKey, fileKey, leaseKey, manifestKey } from '../../../src/model/layout.ts';
import { parseManifest } from '../../../src/model/manifest.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import type { Store } from '../../../src/stores/store.ts';
import { checkInvariants } from '../../fakes/registry/invariants.ts';
import {
  codeOf,
  day,
  type Files,
  failureOf,
  keysOf,
  model,
  overwrite,
  removeKey,
  Simulation,
  textAt,
} from '../../fakes/registry/simulation.ts';
import { AgedStore, MeddlingStore, type Request } from '../../fakes/registry/wrapped-store.ts';

/** A version of many files, of which the last differs with the seed. */
const many = (seed: string): Files => ({
  ...Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`part-${at}.txt`, `part ${at}`])),
  'model.onnx': 'model',
  'z.txt': seed,
});
const claim = claimKey(model, '1.0.0');
const leases = () => keysOf(store, `${model}/leases/`);

let store: Store;
beforeEach(() => {
  store = openMemoryStore();
});

/** Publishes, and answers how many files were on their way at a time, and in which order they were begun. */
async function watched(files: Files) {
  const meddling = new MeddlingStore(store);
  const begun: string[] = [];
  let [open, most] = [0, 0];
  const isFile = ({ operation, key }: Request) =>
    operation === 'put' && key.startsWith(fileKey(model, '1.0.0', '')) && !key.endsWith('manifest.json');
  meddling.before = async (request) => {
    if (!isFile(request)) return;
    begun.push(request.key.slice(fileKey(model, '1.0.0', '').length));
    most = Math.max(most, ++open);
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  meddling.after = async (request) => {
    if (isFile(request)) open--;
  };
  const result = await new Simulation(meddling).publish('1.0.0', files);
  return { result, begun, most };
}

/** A publish that dies with this request, and leaves what it has. */
async function killedAt(files: Files, at: (request: Request) => boolean): Promise<void> {
  const meddling = new MeddlingStore(store);
  const killed = new Promise<void>((resolve) => {
    let dead = false;
    meddling.before = (request) => {
      dead ||= at(request);
      if (!dead) return Promise.resolve();
      resolve();
      return new Promise(() => {});
    };
  });
  void new Simulation(meddling).publish('1.0.0', files).catch(() => {});
  await killed;
}

describe('a version of many files', () => {
  it('is claimed, and stored eight files at a time, and leaves no claim', async () => {
    const { result, most } = await watched(many('a'));
    expect(result.uploaded).toHaveLength(13);
    expect(result.manifest.files.map(({ path }) => path)).toEqual(Object.keys(many('a')).sort());
    expect(most).toBe(8);
    expect(await leases()).toEqual([]);
    expect(await checkInvariants(store, model)).toEqual([]);
  });

  it('goes file after file while another that may have other files is at work', async () => {
    await overwrite(store, leaseKey(model, '1.0.0', 'other'), '{}');
    const { begun, most } = await watched(many('a'));
    expect(most).toBe(1);
    expect(begun).toEqual(Object.keys(many('a')).sort());
  });

  it('is continued side by side where a publish of the same files was killed', async () => {
    await killedAt(many('a'), ({ operation, key }) => operation === 'put' && key.endsWith('/part-3.txt'));
    expect(await leases()).toHaveLength(2);
    const { result, most } = await watched(many('a'));
    expect(most).toBe(8);
    expect(result).toMatchObject({ published: true, adopted: expect.arrayContaining(['part-0.txt']) });
    expect(await store.head(claim)).toBeUndefined();
  });

  it('is refused where one of other files was killed, until a prune a day later', async () => {
    const base = new Simulation(store);
    await killedAt(many('a'), ({ operation, key }) => operation === 'put' && key.endsWith('/part-3.txt'));
    const refused = await failureOf(base.publish('1.0.0', many('b')));
    expect([refused.code, refused.exit]).toEqual(['leftover-differs', 3]);
    expect(refused.message).toContain(`An unfinished publish of ${model} 1.0.0 has other files: z.txt: sha256 `);
    // Files of another number are no claim, and are held against it all the same.
    expect(await codeOf(base.publish('1.0.0', { 'model.onnx': 'm', 'y.txt': 'y' }))).toBe('leftover-differs');
    const later: Simulation = new Simulation(new AgedStore(store, () => later.clock));
    later.clock = new Date(Date.now() + 2 * day);
    await later.prune();
    expect(await keysOf(store, `${model}/leases/`)).toEqual([]);
    expect(await codeOf(base.publish('1.0.0', many('b')))).toBe('done');
  });

  it('is told to be published by one who finished meanwhile', async () => {
    const meddling = new MeddlingStore(store);
    let begun = false;
    meddling.before = async ({ operation, key }) => {
      if (operation !== 'put' || key !== claim || begun) return;
      begun = true;
      await new Simulation(store).publish('1.0.0', many('b'));
      await overwrite(store, claim, '{"schema":1,"files":[]}');
    };
    expect(await codeOf(new Simulation(meddling).publish('1.0.0', many('a')))).toBe('version-exists');
    await removeKey(store, claim);
  });
});

describe('publishers of one version with other bytes, of many files and of few', () => {
  const few = (seed: string): Files => ({ 'model.onnx': `model ${seed}`, 'z.txt': seed });
  async function* slowly(text: string) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    yield Buffer.from(text);
  }

  it.each([
    ['many and many', [many('x'), many('y'), many('z')]],
    ['many and few', [many('x'), few('y'), few('z')]],
    ['many and one file', [many('x'), { 'model.onnx': 'alone' }]],
  ])('have one winner, and no mixed version: %s', async (_name, contents) => {
    for (let round = 0; round < 15; round += 1) {
      store = openMemoryStore();
      const runs = contents.map((files) =>
        new Simulation(store).publish('1.0.0', files, { readFile: (source) => slowly(files[source.slice(1)]!) }),
      );
      const codes = await Promise.all(runs.map(codeOf));
      expect(codes.filter((code) => code === 'done')).toHaveLength(1);
      for (const code of codes) expect(['done', 'leftover-differs', 'version-exists']).toContain(code);
      const winner = contents[codes.indexOf('done')]!;
      const manifest = parseManifest(Buffer.from(await textAt(store, manifestKey(model, '1.0.0'))));
      expect(manifest.files.map(({ path }) => path)).toEqual(Object.keys(winner).sort());
      for (const { path } of manifest.files)
        expect(await textAt(store, fileKey(model, '1.0.0', path))).toBe(winner[path]);
      expect(await checkInvariants(store, model)).toEqual([]);
    }
  });
});
