import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLogger } from '../../../src/log.ts';
import type { Revision } from '../../../src/rollout/target.ts';
import { functionPaths } from '../../../src/targets/local/paths.ts';
import { isRunning, systemProcesses } from '../../../src/targets/local/process-table.ts';
import { readState } from '../../../src/targets/local/state.ts';
import { openTarget } from '../../../src/targets/open.ts';
import { type TargetBench, targetContract } from '../../contracts/target.ts';
import { realPackages } from '../../fakes/targets/packages.ts';
import { TargetStore } from '../../fakes/targets/store.ts';
import { tinyModel } from '../../fixtures/onnx.ts';

const sampleFor = (bias: number) => ({ inputs: { x: [[1, 2]] }, outputs: { y: [[5 + bias, 1]] } });

/** The real handler in the real package, on models small enough that only the runtime takes time. */
async function openReal(): Promise<TargetBench & { stateDir: string }> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coldgate-local-')));
  const stateDir = join(folder, 'state');
  const store = new TargetStore(join(folder, 'store'), 'digits');
  const add = (version: string, bias: number) => store.add(version, tinyModel(bias), sampleFor(bias), ['batch', 2]);
  const { signal } = new AbortController();
  const target = await openTarget(
    { provider: 'local' },
    { log: silentLogger, stateDir, now: () => new Date(), signal },
  );
  const name = 'digits-local';
  const place = await functionPaths(stateDir, name);
  return {
    ...{ target, stateDir },
    settings: {
      name,
      model: 'digits',
      storeVariables: { MODEL_STORE: 'file', MODEL_PREFIX: store.root },
      handlerVariables: { MODEL_REFRESH_SECONDS: '1', COLDGATE_MODELS: 'digits' },
    },
    packages: await realPackages(folder),
    versions: [add('1.0.0', 0.5), add('1.1.0', 1.5)],
    point: (version) => store.point(version),
    crash: async (revision) => crash(place.state, revision),
    running: async () => systemProcesses.marked().filter((p) => p.mark.tag === place.tag).length,
    close: async () => {
      await target.remove({ name }, 'all');
      if (existsSync(stateDir)) throw new Error('removing the function has left its state behind');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function crash(state: string, revision: Revision): Promise<void> {
  const { revisions } = await readState(state);
  const found = revisions.find((r) => r.id === revision.id);
  if (!found) throw new Error(`no process is recorded for ${revision.id}`);
  process.kill(found.pid, 'SIGKILL');
  while (isRunning(systemProcesses, found)) await new Promise((resolve) => setTimeout(resolve, 5));
}

targetContract('local', openReal);

it('keeps what V8 compiled of a package for its next start', async () => {
  const { target, settings, versions, packages, stateDir, close } = await openReal();
  try {
    await target.deploy({ settings, package: packages[0], role: 'candidate', ...versions[0] });
    const code = join(stateDir, settings.name, 'code', packages[0].sha256);
    const kept = (): string[] => (existsSync(code) ? readdirSync(code).filter((name) => name.endsWith('.code')) : []);
    for (const end = Date.now() + 20_000; kept().length === 0 && Date.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(kept()).toHaveLength(1);
  } finally {
    await close();
  }
});
