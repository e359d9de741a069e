import { describe, expect, it } from 'vitest';
import { isArtifactPath, leasedVersion, leaseKey } from '../../../src/model/layout.ts';
import { modelFile, parseManifest } from '../../../src/model/manifest.ts';
import { encodeJson, parsePointer } from '../../../src/model/pointer.ts';
import { ShapeError } from '../../../src/model/shape.ts';
import { compareVersions, isPreviewVersion, newestFirst } from '../../../src/model/version.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import { artifact, filesOf, model, Simulation } from '../../fakes/registry/simulation.ts';

type Json = Record<string, unknown>;

const fieldOf = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof ShapeError) return error.field;
    throw error;
  }
  return 'fine';
};

const digest = 'a'.repeat(64);
const tensor = { name: 'x', dtype: 'float32', shape: [1, 'N'] };
const manifest: Json = {
  schema: 1,
  name: 'digits',
  version: '1.0.0',
  files: [{ path: 'model.onnx', sha256: digest, size: 3 }],
  framework: 'onnx',
  input: tensor,
  created_at: '2026-03-01T12:00:00Z',
  model: 'model.onnx',
  inputs: [tensor],
  outputs: [tensor],
  opset: 18,
  ir_version: 9,
  producer: '',
  artifacts: [artifact('artifacts/model.ort', 'x').entry],
  source: {},
  coldgate: '0.0.0',
};
const file = (path: string) => ({ path, sha256: digest, size: 1 });
const form = (change: Json) => ({ ...artifact('artifacts/model.ort', 'x').entry, ...change });

describe('a stored manifest', () => {
  const hostile: [string, Json, string][] = [
    ['of a later form', { schema: 2 }, 'schema'],
    ['with a name that is a path', { name: '../x' }, 'name'],
    ['with a version that is none', { version: 'latest' }, 'version'],
    ['of another framework', { framework: 'pytorch' }, 'framework'],
    ['with a file outside', { files: [file('model.onnx'), file('../current.json')] }, 'files[1].path'],
    ['that lists itself', { files: [file('manifest.json')], model: 'manifest.json' }, 'files[0].path'],
    ['with a file twice', { files: [file('model.onnx'), file('MODEL.onnx')] }, 'files'],
    ['with a digest that is none', { files: [{ ...file('model.onnx'), sha256: 'ABC' }] }, 'files[0].sha256'],
    ['with a negative size', { files: [{ ...file('model.onnx'), size: -1 }] }, 'files[0].size'],
    ['whose model is not listed', { model: 'other.onnx' }, 'model'],
    ['whose sample is not listed', { sample: 'sample.json' }, 'sample'],
    ['with an artifact among the files', { artifacts: [form({ path: 'model.ort' })] }, 'artifacts[0].path'],
    ['with an artifact outside', { artifacts: [form({ path: 'artifacts/../../x' })] }, 'artifacts[0].path'],
    ['with an unknown kind of artifact', { artifacts: [form({ kind: 'all' })] }, 'artifacts[0].kind'],
    [
      'with a dimension that is an object',
      { outputs: [{ ...tensor, shape: [{}] }] },
      'input, inputs or outputs[2].shape',
    ],
  ];
  for (const [what, change, field] of hostile) {
    it(`is refused ${what}`, () => {
      expect(fieldOf(() => parseManifest(encodeJson({ ...manifest, ...change })))).toBe(field);
    });
  }

  it('is read with fields that a later release added', () => {
    const read = parseManifest(encodeJson({ ...manifest, later: true }));
    expect(modelFile(read).sha256).toBe(digest);
  });
});

describe('a stored pointer', () => {
  const stored = async (): Promise<Json> => {
    const simulation = new Simulation(openMemoryStore());
    await simulation.publish('1.0.0', filesOf('a'), { derived: [artifact('artifacts/model.ort', 'fast')] });
    const { pointer } = await simulation.promote('1.0.0');
    return { ...pointer } as Json;
  };
  const hostile: [string, Json, string][] = [
    ['of a later form', { schema: 2 }, 'schema'],
    ['with a version that is a path', { version: '../../other' }, 'version'],
    ['with a file outside', { file: '../model.onnx' }, 'file'],
    ['with sequence 0', { sequence: 0 }, 'sequence'],
    ['of an unknown kind', { kind: 'deletion' }, 'kind'],
    ['with an id that is a path', { promotion_id: '../x' }, 'promotion_id'],
    ['with an artifact outside', { artifacts: [form({ path: 'x' })] }, 'artifacts[0].path'],
    ['with a previous version that is none', { previous: { version: 'x', sha256: digest } }, 'previous.version'],
    ['with a previous that is text', { previous: '1.0.0' }, 'previous'],
    ['with a run URL that is a number', { run_url: 7 }, 'run_url'],
  ];
  for (const [what, change, field] of hostile) {
    it(`is refused ${what}`, async () => {
      const document = { ...(await stored()), ...change };
      expect(fieldOf(() => parsePointer(encodeJson(document)))).toBe(field);
    });
  }

  it('is read where it leaves previous and run out', async () => {
    const { previous: _p, run_url: _r, ...rest } = await stored();
    expect(parsePointer(encodeJson(rest))).toMatchObject({ previous: null, run_url: null });
  });
});

describe('semantic versions', () => {
  it('sort by precedence', () => {
    const sorted = ['2.0.0', '2.0.0-rc.10', '2.0.0-rc.9', '2.0.0-rc', '1.10.0', '1.9.0', '0.0.1'];
    expect(newestFirst([...sorted].reverse())).toEqual(sorted);
  });

  it('sort the same everywhere, also where numbers are too large to tell apart', () => {
    const [a, b] = ['1.0.0-9007199254740993', '1.0.0-9007199254740992'];
    expect(compareVersions(a!, b!)).toBe(-compareVersions(b!, a!));
    expect(compareVersions(a!, b!)).not.toBe(0);
  });

  it('show which are previews of a pull request', () => {
    const previews = ['1.0.0-pr.3.abc', '1.0.0-rc.1.pr.3.abc', '1.0.0-pr.3'];
    expect(previews.filter(isPreviewVersion)).toEqual(previews);
    expect(['1.0.0', '1.0.0-rc.1', '1.0.0-spr.3', '1.0.0-pr', '1.0.0-pr.x'].filter(isPreviewVersion)).toEqual([]);
  });
});

describe('keys', () => {
  it('tell which version a lease holds', () => {
    expect(leasedVersion(leaseKey(model, '1.0.0-rc.1', 'id'), model)).toBe('1.0.0-rc.1');
    expect(leasedVersion(`${model}/leases/x`, model)).toBeUndefined();
    expect(leasedVersion(`${model}/versions/1.0.0/x`, model)).toBeUndefined();
  });

  it('tell artifacts from files', () => {
    expect(['artifacts/a.ort', 'artifacts/deep/a.ort'].every(isArtifactPath)).toBe(true);
    expect(['a.ort', 'artifacts/', 'artifacts/../a', 'artifacts', 'artifacts//a'].some(isArtifactPath)).toBe(false);
  });
});
