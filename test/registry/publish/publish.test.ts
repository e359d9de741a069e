import { beforeEach, describe, expect, it } from 'vitest';
import { fileKey, manifestKey, tombstoneKey } from '../../../src/model/layout.ts';
import { parseManifest } from '../../../src/model/manifest.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import type { Store } from '../../../src/stores/store.ts';
import {
  artifact,
  chunksOf,
  codeOf,
  failureOf,
  filesOf,
  keysOf,
  model,
  overwrite,
  removeKey,
  Simulation,
  textAt,
} from '../../fakes/registry/simulation.ts';
import { CountingStore } from '../../fakes/registry/wrapped-store.ts';

let store: Store;
let simulation: Simulation;

beforeEach(() => {
  store = openMemoryStore();
  simulation = new Simulation(store);
});

describe('publishing a version', () => {
  it('stores the files and then the manifest that describes them', async () => {
    const counting = new CountingStore(store);
    const result = await new Simulation(counting).publish('1.0.0');
    expect(result).toMatchObject({
      published: true,
      adopted: [],
      uploaded: ['labels.json', 'model.onnx', 'sample.json'],
    });
    const writes = counting.requests.filter((r) => r.operation === 'put' && r.key.includes('/versions/'));
    expect(writes.map((r) => r.key)).toEqual(
      ['labels.json', 'model.onnx', 'sample.json', 'manifest.json'].map((path) => fileKey(model, '1.0.0', path)),
    );
    const manifest = parseManifest(Buffer.from(await textAt(store, manifestKey(model, '1.0.0'))));
    expect(manifest).toMatchObject({ name: model, version: '1.0.0', model: 'model.onnx', sample: 'sample.json' });
    expect(manifest.files.find((f) => f.path === 'model.onnx')?.sha256).toBe(result.sha256);
    expect(await textAt(store, fileKey(model, '1.0.0', 'model.onnx'))).toBe(filesOf('1.0.0')['model.onnx']);
  });

  it('reads each file once', async () => {
    const reads: string[] = [];
    const files = filesOf('1.0.0');
    const readFile = (source: string) => {
      reads.push(source);
      return chunksOf(files[source.slice(1)]!);
    };
    await simulation.publish('1.0.0', files, { readFile });
    expect(reads).toEqual(['/labels.json', '/model.onnx', '/sample.json']);
  });

  it('leaves no lease behind', async () => {
    await simulation.publish('1.0.0');
    expect(await keysOf(store, `${model}/leases/`)).toEqual([]);
  });

  it('keeps caching and content types that suit immutable files', async () => {
    await simulation.publish('1.0.0');
    const meta = (path: string) => store.head(fileKey(model, '1.0.0', path)).then((info) => info?.meta);
    const cacheControl = 'public, max-age=31536000, immutable';
    expect(await meta('model.onnx')).toEqual({ contentType: 'application/octet-stream', cacheControl });
    expect(await meta('manifest.json')).toEqual({ contentType: 'application/json', cacheControl });
  });

  it('lists artifacts apart from the files', async () => {
    await simulation.publish('1.0.0', filesOf('a'), { derived: [artifact('artifacts/model.ort', 'fast')] });
    const manifest = parseManifest(Buffer.from(await textAt(store, manifestKey(model, '1.0.0'))));
    expect(manifest.artifacts.map((a) => a.path)).toEqual(['artifacts/model.ort']);
    expect(manifest.files.map((f) => f.path)).not.toContain('artifacts/model.ort');
    expect(await textAt(store, fileKey(model, '1.0.0', 'artifacts/model.ort'))).toBe('fast');
  });

  it('makes artifacts only for a version that is really published', async () => {
    let made = 0;
    const artifacts = async () => {
      made += 1;
      return [];
    };
    await simulation.publish('1.0.0', filesOf('a'), { artifacts });
    await simulation.publish('1.0.0', filesOf('a'), { artifacts });
    expect(made).toBe(1);
  });

  it('says what a dry run would do and writes nothing', async () => {
    const result = await simulation.publish('1.0.0', filesOf('a'), { dryRun: true });
    expect(result).toMatchObject({
      published: false,
      wouldPublish: true,
      uploaded: ['labels.json', 'model.onnx', 'sample.json'],
    });
    expect(await keysOf(store)).toEqual([]);
  });
});

describe('publishing a version again', () => {
  it('is a no-op for the same bytes, whatever the time, the source and the tool', async () => {
    const first = await simulation.publish('1.0.0');
    simulation.clock = new Date('2027-01-01T00:00:00Z');
    const before = await keysOf(store);
    const again = await simulation.publish('1.0.0', filesOf('1.0.0'), { sourceInfo: {}, coldgateVersion: '9.9.9' });
    expect(again).toMatchObject({ published: false, manifestSha256: first.manifestSha256, sha256: first.sha256 });
    expect(await keysOf(store)).toEqual(before);
  });

  it('writes nothing at all when there is nothing to do', async () => {
    await simulation.publish('1.0.0');
    const counting = new CountingStore(store);
    await new Simulation(counting).publish('1.0.0');
    expect(counting.requests.map((r) => r.operation)).toEqual(['list', 'get']);
  });

  it('is a no-op for other artifacts, which are derived', async () => {
    await simulation.publish('1.0.0', filesOf('a'), { derived: [artifact('artifacts/model.ort', 'fast')] });
    const again = await simulation.publish('1.0.0', filesOf('a'), {
      derived: [artifact('artifacts/model.ort', 'faster')],
    });
    expect(again.published).toBe(false);
    expect(await textAt(store, fileKey(model, '1.0.0', 'artifacts/model.ort'))).toBe('fast');
  });

  it('refuses other bytes and names both digests', async () => {
    const { manifest } = await simulation.publish('1.0.0');
    const failure = await failureOf(simulation.publish('1.0.0', { ...filesOf('1.0.0'), 'model.onnx': 'other' }));
    expect(failure).toMatchObject({ code: 'version-exists', exit: 3 });
    const [difference] = failure.data!['differences'] as { path: string; stored: string; local: string }[];
    expect(difference?.stored).toBe(manifest.files.find((f) => f.path === 'model.onnx')?.sha256);
    expect(failure.message).toContain(difference!.local);
    expect(failure.message).toContain(difference!.stored);
  });

  it('refuses files that are new or gone', async () => {
    await simulation.publish('1.0.0');
    const { 'labels.json': _gone, ...rest } = filesOf('1.0.0');
    const failure = await failureOf(simulation.publish('1.0.0', { ...rest, 'more.txt': 'x' }));
    expect(failure.code).toBe('version-exists');
    expect(failure.data?.['differences']).toMatchObject([
      { path: 'labels.json', local: null },
      { path: 'more.txt', stored: null },
    ]);
  });

  it('refuses another file in the role of the model', async () => {
    const files = { 'a.onnx': 'one', 'b.onnx': 'two' };
    await simulation.publish('1.0.0', files, { modelPath: 'a.onnx' });
    expect(await codeOf(simulation.publish('1.0.0', files, { modelPath: 'b.onnx' }))).toBe('version-exists');
  });

  it('puts back a file that was lost', async () => {
    await simulation.publish('1.0.0');
    await removeKey(store, fileKey(model, '1.0.0', 'model.onnx'));
    const again = await simulation.publish('1.0.0');
    expect(again).toMatchObject({ published: false, uploaded: ['model.onnx'] });
    expect((await simulation.verify({ version: '1.0.0' })).verified).toBe(true);
  });

  it('refuses to heal a file of another size', async () => {
    await simulation.publish('1.0.0');
    await overwrite(store, fileKey(model, '1.0.0', 'model.onnx'), 'cut');
    expect(await codeOf(simulation.publish('1.0.0'))).toBe('version-damaged');
  });
});

describe('publishing into a version that is not as it should be', () => {
  it('refuses a tombstone', async () => {
    await overwrite(store, tombstoneKey(model, '1.0.0'), '{}');
    expect(await failureOf(simulation.publish('1.0.0'))).toMatchObject({ code: 'version-being-pruned', exit: 6 });
  });

  const hostile: Record<string, string> = {
    'no JSON': 'hello',
    'a list': '[]',
    'of another version': '{"schema":1}',
    empty: '',
  };
  for (const [what, content] of Object.entries(hostile)) {
    it(`refuses a manifest that is ${what}`, async () => {
      await overwrite(store, manifestKey(model, '1.0.0'), content);
      expect(await failureOf(simulation.publish('1.0.0'))).toMatchObject({ code: 'manifest-unusable', exit: 3 });
    });
  }

  it('refuses a manifest that lies under another version', async () => {
    await simulation.publish('1.0.0');
    await overwrite(store, manifestKey(model, '2.0.0'), await textAt(store, manifestKey(model, '1.0.0')));
    expect(await codeOf(simulation.publish('2.0.0'))).toBe('manifest-unusable');
  });

  it('refuses a manifest too large to be one', async () => {
    await overwrite(store, manifestKey(model, '1.0.0'), ' '.repeat(9 * 1024 * 1024));
    expect(await codeOf(simulation.publish('1.0.0'))).toBe('object-too-large');
  });
});

describe('publishing what has no place in a version', () => {
  it('lists every bad name at once', async () => {
    const files = { '../up.onnx': 'x', 'manifest.json': 'x', 'Model.onnx': 'x', 'model.onnx': 'x' };
    const failure = await failureOf(simulation.publish('1.0', files));
    expect(failure).toMatchObject({ code: 'bad-input', exit: 2 });
    const paths = (failure as unknown as { problems: { path: string }[] }).problems.map((p) => p.path);
    expect(paths).toEqual(['version', 'files.../up.onnx', 'files.manifest.json', 'files.model.onnx']);
    expect(await keysOf(store)).toEqual([]);
  });

  it('refuses an artifact outside its folder', async () => {
    const derived = [artifact('model.ort', 'fast')];
    expect(await codeOf(simulation.publish('1.0.0', filesOf('a'), { derived }))).toBe('bad-input');
  });

  it('refuses a model without inputs', async () => {
    const head = { inputs: [], outputs: [], opset: 18, irVersion: 9, producer: '' };
    expect(await codeOf(simulation.publish('1.0.0', filesOf('a'), { head }))).toBe('model-without-input');
  });
});
