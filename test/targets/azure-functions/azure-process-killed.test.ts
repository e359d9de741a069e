import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AzureBench } from '../../azure/target-bench.ts';
import { runWatched } from '../../fakes/processes/watched.ts';
import type { ReleaseWork } from '../../fakes/targets/release-worker.ts';

/*
 * A process that releases is killed with SIGKILL at a call to Azure, after the call was done and before its answer came, and
 * run again two hours later, when nobody owns the apps that it measured with. What it leaves must be what an undisturbed run
 * leaves. Each kind of call is met once: azure-killed.test.ts ends a run at every one of them, within this process.
 */
const laterMs = 2 * 3_600_000;
const worker = join(import.meta.dirname, '..', '..', 'fakes', 'targets', 'release-worker.ts');

describe('a release to Azure Functions, killed at a call and run again', () => {
  let bench: AzureBench;
  let aheadMs = 0;
  let releases = 0;
  beforeAll(async () => {
    const now = () => new Date(Date.now() + aheadMs);
    bench = await AzureBench.open({ knobs: { looks: 0, tokenSeconds: 30 * 86_400 }, now });
  });
  afterAll(() => bench?.close());

  /** The next release: another package, the other version. */
  function nextWork(): ReleaseWork {
    const at = ++releases % 2 === 0 ? 0 : 1;
    const from = bench.package(`release ${releases}`);
    bench.store.point(bench.versions[at]!.version);
    const [candidate, live] = [bench.request('candidate', at, from), bench.request('live', at, from)];
    return { settings: bench.targetSettings(), candidate, live, aheadMs };
  }

  /** @param isFatal kill it at this one of the calls that change something */
  async function run(work: ReleaseWork, isFatal: (method: string) => boolean = () => false) {
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    const env = { PATH, NODE_COMPILE_CACHE, ...bench.azure.environment };
    let kill = (): void => {};
    const running = runWatched([worker, JSON.stringify(work)], {
      cwd: bench.folder,
      env,
      begun: (end) => {
        kill = end;
      },
    });
    let isOver = false;
    bench.azure.context.onDone = async ({ method, mutating }) => {
      if (isOver || !mutating || !isFatal(method)) return;
      isOver = true;
      kill();
      await running;
    };
    const { exit, stderr } = await running;
    bench.azure.context.onDone = () => {};
    return { exit, stderr };
  }

  /** What differs from one live app with its plan and container, which runs the package. */
  async function wrong({ live }: ReleaseWork): Promise<unknown[]> {
    const state = await (await bench.target()).describe(bench.settings);
    const isLive = state.live?.packageSha256 === live.package.sha256 && state.candidates.length === 0;
    const left = bench.leftovers();
    return isLive && left.length === 3 ? [] : [state, left];
  }

  it('converges on what an undisturbed run leaves, where something is live', async () => {
    const first = nextWork();
    expect([await run(first), await wrong(first)]).toEqual([{ exit: 0, stderr: '' }, []]);
    bench.azure.calls();
    const second = nextWork();
    expect([await run(second), await wrong(second)]).toEqual([{ exit: 0, stderr: '' }, []]);
    const methods = new Set(bench.azure.calls().flatMap(({ method, mutating }) => (mutating ? [method] : [])));
    expect(methods.size).toBeGreaterThan(6);
    const found: Record<string, unknown> = {};
    for (const method of methods) {
      const work = nextWork();
      const killed = await run(work, (one) => one === method);
      aheadMs += laterMs;
      const again = await run({ ...work, aheadMs });
      const left = await wrong(work);
      if (killed.exit !== null || again.exit !== 0 || left.length > 0) found[method] = { killed, again, left };
    }
    expect(found).toEqual({});
  });
});
