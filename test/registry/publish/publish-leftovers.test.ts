import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/model/digest.ts';
import { fileKey, manifestKey } from '../../../src/model/layout.ts';
import { parseManifest } from '../../../src/model/manifest.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import type { Store } from '../../../src/stores/store.ts';
import { checkInvariants } from '../../fakes/registry/invariants.ts';
import {
  artifact,
  chunksOf,
  codeOf,
  failureOf,
  filesOf,
  keysOf,
  model,
  overwrite,
  Simulation,
  textAt,
} from '../../fakes/registry/simulation.ts';
import { MeddlingStore } from '../../fakes/registry/wrapped-store.ts';

let store: Store;
let simulation: Simulation;
const files = filesOf('a');
const at = (path: string) => fileKey(model, '1.0.0', path);

beforeEach(() => {
  store = openMemoryStore();
  simulation = new Simulation(store);
});

describe('what a crashed publish left', () => {
  it('is adopted where the bytes are the same', async () => {
    await overwrite(store, at('model.onnx'), files['model.onnx']!);
    const result = await simulation.publish('1.0.0', files);
    expect(result).toMatchObject({
      published: true,
      adopted: ['model.onnx'],
      uploaded: ['labels.json', 'sample.json'],
    });
    expect(await checkInvariants(store, model)).toEqual([]);
  });

  it('is refused where they differ, with both digests', async () => {
    await overwrite(store, at('model.onnx'), 'half of it');
    const failure = await failureOf(simulation.publish('1.0.0', files));
    expect(failure).toMatchObject({ code: 'leftover-differs', exit: 3 });
    expect(failure.message).toContain(sha256('half of it'));
    expect(failure.message).toContain(sha256(files['model.onnx']!));
    expect(await store.head(manifestKey(model, '1.0.0'))).toBeUndefined();
  });

  it('is foreseen by a dry run', async () => {
    await overwrite(store, at('labels.json'), files['labels.json']!);
    expect(await simulation.publish('1.0.0', files, { dryRun: true })).toMatchObject({ adopted: ['labels.json'] });
    await overwrite(store, at('model.onnx'), 'half of it');
    expect(await codeOf(simulation.publish('1.0.0', files, { dryRun: true }))).toBe('leftover-differs');
  });

  it('costs an artifact and not the version where only that differs', async () => {
    await overwrite(store, at('artifacts/model.ort'), 'of another machine');
    const derived = [artifact('artifacts/model.ort', 'fast'), artifact('artifacts/steady.onnx', 'steady')];
    derived[1]!.entry.kind = 'steady';
    const result = await simulation.publish('1.0.0', files, { derived });
    expect(result.published).toBe(true);
    expect(result.manifest.artifacts.map((a) => a.path)).toEqual(['artifacts/steady.onnx']);
    expect(simulation.log.warnings).toHaveLength(1);
    expect((await simulation.verify({ version: '1.0.0' })).extra).toEqual(['artifacts/model.ort']);
  });
});

describe('a file that changes while it is published', () => {
  const states = (...sizes: number[]) => {
    let turn = 0;
    return async () => ({ size: sizes[Math.min(turn++, sizes.length - 1)]!, mtimeMs: 1, ino: 1 });
  };

  it('is refused when it grows under the reader, and nothing of it is stored', async () => {
    const size = Buffer.byteLength(files['labels.json']!);
    expect(await codeOf(simulation.publish('1.0.0', files, { statFile: states(size, size + 1) }))).toBe('file-changed');
    expect(await keysOf(store)).toEqual([]);
  });

  it('is named with the tensors that it holds', async () => {
    const local = Object.keys(files).map((path) => ({
      path,
      source: `/${path}`,
      holds: 'the tensor "w" (and 3 more)',
    }));
    const size = Buffer.byteLength(files['labels.json']!);
    const refused = simulation.publish('1.0.0', files, { files: local, statFile: states(size, size + 1) });
    await expect(refused).rejects.toThrow('labels.json, which holds the tensor "w" (and 3 more), changed while');
  });

  it('is refused when it is written to without changing its size', async () => {
    let turn = 0;
    const statFile = async (source: string) => {
      turn += 1;
      return { size: Buffer.byteLength(files[source.slice(1)]!), mtimeMs: turn, ino: 1 };
    };
    expect(await codeOf(simulation.publish('1.0.0', files, { statFile }))).toBe('file-changed');
  });

  it('is refused when it is replaced after its upload, before the manifest', async () => {
    let replaced = false;
    const statFile = async (source: string) => {
      const ino = replaced && source === '/labels.json' ? 2 : 1;
      if (source === '/sample.json') replaced = true;
      return { size: Buffer.byteLength(files[source.slice(1)]!), mtimeMs: 1, ino };
    };
    expect(await codeOf(simulation.publish('1.0.0', files, { statFile }))).toBe('file-changed');
    expect(await store.head(manifestKey(model, '1.0.0'))).toBeUndefined();
  });

  it('is refused when it is not what an earlier step saw', async () => {
    const expected = { sha256: sha256('seen'), size: 4 };
    const local = Object.keys(files).map((path) => ({ path, source: `/${path}`, expected }));
    expect(await codeOf(simulation.publish('1.0.0', files, { files: local }))).toBe('file-changed');
    expect(await keysOf(store)).toEqual([]);
  });

  it('passes an unreadable file on as what it is', async () => {
    const readFile = (): AsyncIterable<Uint8Array> => {
      throw new Error('EACCES');
    };
    await expect(simulation.publish('1.0.0', files, { readFile })).rejects.toThrow('EACCES');
    expect(await keysOf(store, `${model}/versions/`)).toEqual([]);
  });
});

describe('several publishers of one version', () => {
  const outcomes = async (contents: Record<string, string>[]) => {
    const runs = contents.map((content) =>
      new Simulation(store).publish('1.0.0', content, { readFile: (source) => slowly(content[source.slice(1)]!) }),
    );
    return Promise.all(
      runs.map((run) =>
        run.then(
          (r) => String(r.published),
          (e) => e.code as string,
        ),
      ),
    );
  };
  async function* slowly(text: string) {
    for await (const chunk of chunksOf(text)) {
      await new Promise((resolve) => setImmediate(resolve));
      yield chunk;
    }
  }

  it('all end well with the same bytes, and one of them published', async () => {
    const results = await outcomes([files, files, files, files]);
    expect(results.filter((r) => r === 'true')).toHaveLength(1);
    expect(results.filter((r) => r === 'false')).toHaveLength(3);
    expect(await checkInvariants(store, model)).toEqual([]);
  });

  it('have one winner with different bytes, never a mixed version', async () => {
    for (let round = 0; round < 20; round += 1) {
      store = openMemoryStore();
      const contents = ['x', 'y', 'z'].map((seed) => ({
        'a.json': round % 2 ? '1' : seed,
        'model.onnx': `${seed}${round}`.repeat(20 * (1 + ((round + seed.charCodeAt(0)) % 3))),
        'z.txt': seed,
      }));
      const results = await outcomes(contents);
      expect(results.filter((r) => r === 'true')).toHaveLength(1);
      for (const r of results) expect(['true', 'leftover-differs', 'version-exists']).toContain(r);
      const winner = contents[results.indexOf('true')]!;
      const manifest = parseManifest(Buffer.from(await textAt(store, manifestKey(model, '1.0.0'))));
      for (const { path, sha256: stored } of manifest.files) expect(stored).toBe(sha256(winner[path as 'z.txt']!));
      expect(await checkInvariants(store, model)).toEqual([]);
    }
  });

  it('tell the slower one what the faster one published', async () => {
    const meddling = new MeddlingStore(store);
    meddling.after = async ({ operation }) => {
      meddling.after = async () => {};
      if (operation === 'list') await simulation.publish('1.0.0', { ...files, 'model.onnx': 'faster' });
    };
    const failure = await failureOf(new Simulation(meddling).publish('1.0.0', files));
    expect(failure.code).toBe('version-exists');
    expect(failure.message).toContain(sha256('faster'));
  });
});
