import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleRecord, examples } from '../../../bench/gate/example-record.ts';
import { encodeRecord } from '../../../src/gate/record/record.ts';
import { baselineKey, fileKey } from '../../../src/model/layout.ts';
import { openStore } from '../../../src/stores/open.ts';
import type { Store } from '../../../src/stores/store.ts';
import { openTarget } from '../../../src/targets/open.ts';
import { runJson } from '../../fakes/registry/command.ts';
import { keysOf, overwrite } from '../../fakes/registry/simulation.ts';
import { Project } from '../../fixtures/project.ts';

let project: Project;
let staging: Store;
let production: Store;

beforeEach(async () => {
  project = new Project();
  staging = await openStore({ url: `file://${project.path('staging')}` });
  production = await openStore({ url: `file://${project.path('production')}` });
  release('1.0.0', 0.5);
});
afterEach(() => project.remove());

/** Two environments with stores of their own, and one that shares the second's. */
function release(version: string, bias: number): void {
  project.release({ version, bias });
  const path = project.path('models.yaml');
  const places = `  staging: { store: "file:staging", target: { provider: local } }
  production: { store: "file:production", target: { provider: local } }
  canary: { store: "file:production", pointer: canary.json, target: { provider: local } }`;
  writeFileSync(path, readFileSync(path, 'utf8').replace(/ {2}local: .*/, places));
}

const run = (...args: string[]) => runJson(args, project.folder);
const publish = () => run('publish', '--environment', 'staging');
const promote = (...args: string[]) => run('promote', '--from', 'staging', '--environment', 'production', ...args);

/** Records a verdict for a version's model file, as a warm-up in that environment would. */
async function recordVerdict(store: Store, example: keyof typeof examples, sha256: string): Promise<void> {
  const target = await openTarget({ provider: 'local' }, {} as Parameters<typeof openTarget>[1]);
  const record = exampleRecord(examples[example]);
  const candidate = { ...record.candidate, version: '1.0.0', sha256 };
  await overwrite(
    store,
    baselineKey('digits', target.key, '1.0.0'),
    Buffer.from(encodeRecord({ ...record, model: 'digits', candidate, baseline: null })).toString(),
  );
}

describe('coldgate promote --from', () => {
  it('copies the version, reads it back and makes it live, once', async () => {
    await publish();
    const first = await promote();
    expect(first).toMatchObject({ exit: 0, document: { promoted: true, version: '1.0.0', copied: true, sequence: 1 } });
    expect(first.document.copy.files.map((file: { path: string; how: string }) => [file.path, file.how])).toEqual([
      ['model.onnx', 'streamed'],
      ['sample.json', 'streamed'],
    ]);
    expect(first.stderr).toMatch(
      /digits 1\.0\.0 is copied from file:.*staging to file:.*production and read back: 2 files/,
    );
    const again = await promote();
    expect(again).toMatchObject({ exit: 0, document: { promoted: false, copied: false, sequence: 1 } });
    expect(again.stderr).toContain('every byte agrees with its manifest');
    expect(await run('verify', '--environment', 'production')).toMatchObject({ exit: 0 });
  });

  it('says in a dry run what it would copy and move, and writes nothing', async () => {
    await publish();
    const plan = await promote('--dry-run');
    expect(plan).toMatchObject({ exit: 0, document: { promoted: false, copied: false } });
    expect(plan.stderr).toMatch(/would be copied from .*: 2 files/);
    expect(plan.stderr).toContain('would be promoted to 1.0.0');
    expect(await keysOf(production)).toEqual([]);
  });

  it('refuses other bytes under the version, exit 3, with both digests', async () => {
    await publish();
    release('1.0.0', 0.25);
    await run('publish', '--environment', 'production');
    const { exit, document } = await promote();
    expect([exit, document.error.code]).toEqual([3, 'version-exists']);
    const [difference] = document.error.data.differences;
    expect(document.error.message).toContain(difference.stored);
    expect(document.error.message).toContain(difference.local);
  });

  it('refuses a version that is damaged where it comes from, exit 3, and shows none of it', async () => {
    await publish();
    await overwrite(staging, fileKey('digits', '1.0.0', 'model.onnx'), 'damage');
    const { exit, document } = await promote();
    expect([exit, document.error.code]).toEqual([3, 'checksum-mismatch']);
    expect(await run('status', '--environment', 'production')).toMatchObject({ document: { versions: [] } });
  });

  it('asks for a verdict of the environment to promote in before it copies anything', async () => {
    await publish();
    expect(await promote('--gate', 'required')).toMatchObject({
      exit: 5,
      document: { error: { code: 'inconclusive' } },
    });
    expect(await keysOf(production)).toEqual([]);
  });

  it('does not carry a version on that the environment it comes from found wanting, unless told', async () => {
    const published = await publish();
    const [blocked] = Object.keys(examples).filter(
      (name) => exampleRecord(examples[name as never]).verdict.verdict === 'regression',
    );
    await recordVerdict(staging, blocked as never, published.document.sha256);
    expect(await promote()).toMatchObject({ exit: 4, document: { error: { code: 'regression' } } });
    expect(await keysOf(production)).toEqual([]);
    expect(await promote('--gate', 'skip')).toMatchObject({ exit: 0, document: { promoted: true } });
  });

  it('copies nothing between environments that share a store', async () => {
    await run('publish', '--environment', 'production');
    const moved = await run('promote', '--from', 'production', '--environment', 'canary');
    expect(moved).toMatchObject({ exit: 0, document: { promoted: true, version: '1.0.0' } });
    expect(moved.document.copy).toBeUndefined();
  });

  it('names the environments there are, and refuses the one that is promoted in', async () => {
    const unknown = await run('promote', '--from', 'stagin', '--environment', 'production');
    expect([unknown.exit, unknown.document.error.message]).toEqual([
      2,
      expect.stringContaining('Did you mean staging?'),
    ]);
    const same = await run('promote', '--from', 'production', '--environment', 'production');
    expect([same.exit, same.document.error.message]).toEqual([2, expect.stringContaining('--from')]);
  });

  it('says what a missing version lacks', async () => {
    expect(await promote('--version', '9.0.0')).toMatchObject({
      exit: 3,
      document: { error: { code: 'version-missing' } },
    });
  });
});
