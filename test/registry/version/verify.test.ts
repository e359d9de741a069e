import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/model/digest.ts';
import { fileKey, manifestKey, pointerKey, tombstoneKey } from '../../../src/model/layout.ts';
import type { CheckedFile } from '../../../src/registry/version/verify.ts';
import type { Store } from '../../../src/stores/store.ts';
import {
  artifact,
  codeOf,
  failureOf,
  filesOf,
  model,
  overwrite,
  removeKey,
  Simulation,
  textAt,
} from '../../fakes/registry/simulation.ts';
import { MeddlingStore } from '../../fakes/registry/wrapped-store.ts';
import { embeddedStores } from '../../fakes/stores/folder.ts';

const at = (path: string) => fileKey(model, '1.0.0', path);

for (const [kind, open] of Object.entries(embeddedStores)) {
  describe(`verifying a version in a ${kind} store`, () => {
    let store: Store;
    let simulation: Simulation;
    let close: () => Promise<void>;

    beforeEach(async () => {
      ({ store, close } = await open());
      simulation = new Simulation(store);
      await simulation.publish('1.0.0', filesOf('a'), { derived: [artifact('artifacts/model.ort', 'fast')] });
    });
    afterEach(() => close());

    it('reads and compares every file and artifact', async () => {
      const result = await simulation.verify({ version: '1.0.0' });
      expect(result.verified).toBe(true);
      expect(result.files.map((f) => [f.path, f.ok])).toEqual(
        ['labels.json', 'model.onnx', 'sample.json', 'artifacts/model.ort'].map((path) => [path, true]),
      );
      expect(result.sha256).toBe(sha256(filesOf('a')['model.onnx']!));
      expect(result.bytes).toBe(result.files.reduce((sum, f) => sum + f.expected.size, 0));
      expect(result.pointer).toBeUndefined();
    });

    it('names every file whose bytes are others, with both digests', async () => {
      await overwrite(store, at('model.onnx'), 'other');
      await overwrite(store, at('artifacts/model.ort'), 'slow');
      const failure = await failureOf(simulation.verify({ version: '1.0.0' }));
      expect(failure).toMatchObject({ code: 'checksum-mismatch', exit: 3 });
      const files = failure.data!['files'] as CheckedFile[];
      expect(files.filter((f) => !f.ok).map((f) => f.path)).toEqual(['model.onnx', 'artifacts/model.ort']);
      expect(files.find((f) => f.path === 'model.onnx')).toMatchObject({
        expected: { sha256: sha256(filesOf('a')['model.onnx']!) },
        actual: { sha256: sha256('other'), size: 5 },
      });
      expect(failure.message).toContain(sha256('other'));
    });

    it('names a file that is gone', async () => {
      await removeKey(store, at('labels.json'));
      const failure = await failureOf(simulation.verify({ version: '1.0.0' }));
      expect(failure.code).toBe('checksum-mismatch');
      expect(failure.data!['files']).toMatchObject([{ path: 'labels.json', actual: null, ok: false }, {}, {}, {}]);
    });

    it('compares the manifest with the pointer that names it', async () => {
      await simulation.promote('1.0.0');
      const result = await simulation.verify();
      expect(result.pointer).toMatchObject({ named: true, pointer: { version: '1.0.0' } });
      expect(result.files).toHaveLength(6);
      const other = await textAt(store, manifestKey(model, '1.0.0'));
      await overwrite(store, manifestKey(model, '1.0.0'), other.replace('test 1', 'test 2'));
      expect(await codeOf(simulation.verify())).toBe('checksum-mismatch');
      expect(await codeOf(simulation.verify({ version: '1.0.0', pointer: 'current.json' }))).toBe('checksum-mismatch');
      expect(await codeOf(simulation.verify({ version: '1.0.0' }))).toBe('done');
    });

    it('does not hold another version against the pointer', async () => {
      await simulation.publish('2.0.0');
      await simulation.promote('1.0.0');
      const result = await simulation.verify({ version: '2.0.0', pointer: 'current.json' });
      expect(result.pointer?.named).toBe(false);
    });

    it('remarks on objects that no manifest lists', async () => {
      await overwrite(store, at('extra.bin'), 'x');
      expect((await simulation.verify({ version: '1.0.0' })).extra).toEqual(['extra.bin']);
      expect(simulation.log.warnings).toHaveLength(1);
    });

    it('says that a version is not published, and that files of it lie there', async () => {
      await overwrite(store, fileKey(model, '3.0.0', 'model.onnx'), 'x');
      expect(await failureOf(simulation.verify({ version: '2.0.0' }))).toMatchObject({
        code: 'version-missing',
        exit: 3,
      });
      expect(await codeOf(simulation.verify({ version: '3.0.0' }))).toBe('version-missing');
    });

    it('asks for a version where there is no pointer', async () => {
      expect(await failureOf(simulation.verify())).toMatchObject({ code: 'no-pointer', exit: 2 });
    });

    it('refuses a pointer that cannot be read', async () => {
      await overwrite(store, pointerKey(model), '{"version":"../../x"}');
      expect(await failureOf(simulation.verify())).toMatchObject({ code: 'pointer-unusable', exit: 3 });
    });

    it('calls a version that is pruned under it by that name, and not damaged', async () => {
      const meddling = new MeddlingStore(store);
      meddling.after = async ({ operation, key }) => {
        if (operation !== 'get' || !key.endsWith('manifest.json')) return;
        await overwrite(store, tombstoneKey(model, '1.0.0'), '{}');
        await removeKey(store, at('model.onnx'));
      };
      expect(await codeOf(new Simulation(meddling).verify({ version: '1.0.0' }))).toBe('version-being-pruned');
    });

    it('never reads more than sixteen files at a time', async () => {
      const many = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f${n}.txt`, `content ${n}`]));
      await simulation.publish('2.0.0', { ...many, 'model.onnx': 'm' });
      let open = 0;
      let most = 0;
      const counting = new MeddlingStore(store);
      const get = counting.get.bind(counting) as Store['get'];
      counting.get = (async (key: string) => {
        const found = await get(key);
        open += 1;
        most = Math.max(most, open);
        const body = (async function* () {
          yield* found.body;
          open -= 1;
        })();
        return { ...found, body };
      }) as Store['get'];
      expect((await new Simulation(counting).verify({ version: '2.0.0' })).files).toHaveLength(21);
      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(16);
    });
  });
}
