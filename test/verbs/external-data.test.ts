import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runInProcess } from '../fakes/registry/forged-store.ts';
import { tinyGraph, tinyWeights } from '../fixtures/external.ts';
import { Project } from '../fixtures/project.ts';

let project: Project;
const run = (line: string) => runInProcess(project.folder, line.split(' '));
const succeed = async (line: string) => {
  const ended = await run(line);
  expect(ended, `${line}: ${ended.message}`).toMatchObject({ exit: 0 });
  return ended.document as Record<string, unknown>;
};
const json = (...path: string[]) => JSON.parse(readFileSync(project.path(...path), 'utf8')) as Record<string, unknown>;
const paths = (list: unknown) => (list as { path: string }[]).map(({ path }) => path);

const data = 'digits.onnx.data';
const folderOf = (version = '') => project.path('store', 'digits', 'versions', version);
const stored = () => readdirSync(folderOf()).sort();

/** The same graph in every version, its data beside it and in no line of models.yaml. */
function release(version: string, bias: number): void {
  const environments = 'pointer: live.json, target: { provider: local } }\n  other: { store: "file:other"';
  project.release({ version, gate: 'max-samples: 7, discard: 0, min-effect-ms: 2000' });
  const yaml = readFileSync(project.path('models.yaml'), 'utf8');
  writeFileSync(
    project.path('models.yaml'),
    yaml.replace('target: { provider: local }', `${environments}, target: { provider: local }`),
  );
  writeFileSync(project.path('models', 'digits.onnx'), tinyGraph('digits.onnx.data'));
  writeFileSync(project.path('models', 'digits.onnx.data'), tinyWeights(bias));
  const sample = { inputs: { x: [[1, 2]] }, outputs: { y: [[5 + bias, 1]] } };
  writeFileSync(project.path('models', 'sample.json'), JSON.stringify(sample));
}

beforeAll(() => {
  project = new Project();
});
afterAll(() => project?.remove());

describe('a model with its tensors in another file', () => {
  it('is published, verified, promoted and rolled back as one version', async () => {
    release('1.0.0', 0.5);
    await succeed('validate --local');
    await succeed('publish --environment local');
    const manifest = json('store', 'digits', 'versions', '1.0.0', 'manifest.json');
    expect(manifest['external_data']).toEqual(['digits.onnx.data']);
    expect(paths(manifest['files'])).toEqual(['digits.onnx.data', 'model.onnx', 'sample.json']);
    await succeed('promote --gate skip --environment local');
    release('1.1.0', 3);
    await succeed('publish --environment local');
    await succeed('promote --gate skip --environment local');
    const live = () => json('store', 'digits', 'live.json');
    const first = live();
    expect(paths(first['files'])).toEqual(['model.onnx', 'digits.onnx.data']);
    await succeed('verify --environment local');
    await succeed('rollback --environment local');
    expect(live()).toMatchObject({ version: '1.0.0', sha256: first['sha256'], files: [{ path: 'model.onnx' }, {}] });
    expect(live()['files']).not.toEqual(first['files']);
    await succeed('status --environment local');
    await succeed('history --check --environment local');
    await succeed('prune --dry-run --environment local');
  });

  it('never changes: other data under its version is refused, and missing data is put back', async () => {
    release('1.1.0', 9);
    expect(await run('publish --environment local')).toMatchObject({ exit: 3, code: 'version-exists' });
    release('1.1.0', 3);
    expect(await succeed('publish --environment local')).toMatchObject({ published: false });
    const lost = project.path('store', 'digits', 'versions', '1.0.0', 'digits.onnx.data');
    rmSync(lost);
    expect(await run('verify --version 1.0.0 --environment local')).toMatchObject({
      exit: 3,
      code: 'checksum-mismatch',
    });
    release('1.0.0', 0.5);
    await succeed('publish --environment local');
    await succeed('verify --version 1.0.0 --environment local');
  });

  it('is copied to another store with its data', async () => {
    await succeed('promote --from local --environment other --gate skip --version 1.0.0');
    expect(paths(json('other', 'digits', 'current.json')['files'])).toEqual(['model.onnx', 'digits.onnx.data']);
    await succeed('verify --environment other');
  });

  it('is deployed, previewed and removed again', async () => {
    release('1.2.0', 5);
    await succeed('ship --environment local');
    expect(json('store', 'digits', 'live.json')).toMatchObject({ version: '1.2.0' });
    release('1.3.0', 6);
    await succeed('preview --pull-request 7 --sha abcdef0 --environment local');
    const [preview] = stored().filter((version) => version.startsWith('1.3.0-pr.7.'));
    expect(readdirSync(folderOf(preview))).toContain(data);
    const { pruned } = await succeed('destroy --preview 7 --environment local');
    expect(pruned).toEqual([preview]);
    expect(stored()).not.toContain(preview);
    await succeed('destroy --environment local');
  });

  it('is pruned with its data, and what is kept keeps its own', async () => {
    const before = stored();
    expect(before).toEqual(['1.0.0', '1.1.0', '1.2.0']);
    await succeed('prune --retain 1 --dry-run --environment local');
    expect(stored()).toEqual(before);
    await succeed('prune --retain 1 --environment local');
    // 1.2.0 is live, and 1.0.0 is what it can go back to.
    expect(stored()).toEqual(['1.0.0', '1.2.0']);
    for (const version of stored()) {
      expect(readdirSync(folderOf(version))).toContain(data);
      await succeed(`verify --version ${version} --environment local`);
    }
  });
});
