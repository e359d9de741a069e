import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReleaseWork } from '../../fakes/targets/release-worker.ts';
import { CloudRunBench } from '../../google/target-bench.ts';

/*
 * A process that releases is killed with SIGKILL at a call to Google, after the call was done and before its answer came, and
 * run again half an hour later. What it leaves must be what an undisturbed run leaves.
 */
const laterMs = 31 * 60_000;
const worker = join(import.meta.dirname, '..', '..', 'fakes', 'targets', 'release-worker.ts');

describe('a release to Cloud Run, killed at a call and run again', () => {
  let bench: CloudRunBench;
  let releases = 0;
  beforeAll(async () => {
    bench = await CloudRunBench.open({ knobs: { looks: 1 } });
  });
  afterAll(() => bench.close());

  /** The next release: another package, the other version. */
  async function nextWork(): Promise<ReleaseWork> {
    const at = ++releases % 2 === 0 ? 0 : 1;
    const from = await bench.package(`release ${releases}`);
    bench.store.point(bench.versions[at]!.version);
    const [candidate, live] = [await bench.request('candidate', at, from), await bench.request('live', at, from)];
    return { settings: bench.targetSettings(), candidate, live, aheadMs: 0 };
  }

  /** @param at kill it at this one of the calls that change something */
  function run(work: ReleaseWork, at?: number): Promise<{ code: number | null; stderr: string }> {
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    const env = { PATH, NODE_COMPILE_CACHE, ...bench.google.environment };
    const child = spawn(process.execPath, [worker, JSON.stringify(work)], { env });
    let count = 0;
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    bench.google.context.onDone = async ({ mutating }) => {
      if (!mutating || count++ !== at) return;
      child.kill('SIGKILL');
      await ended;
    };
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr })));
  }

  async function undisturbed(): Promise<string[]> {
    bench.google.calls();
    expect(await run(await nextWork())).toEqual({ code: 0, stderr: '' });
    expect(bench.leftovers()).toEqual([]);
    return bench.google.calls().flatMap(({ method, mutating }) => (mutating ? [method] : []));
  }

  async function killedAt(nth: number): Promise<unknown> {
    const work = await nextWork();
    const killed = await run(work, nth);
    const again = await run({ ...work, aheadMs: laterMs });
    const left = bench.leftovers();
    const isFine = killed.code === null && again.code === 0 && left.length === 0;
    return isFine ? undefined : { killed, again, left };
  }

  it('converges on what an undisturbed run leaves, where something is live', async () => {
    await undisturbed();
    const calls = await undisturbed();
    expect(calls.length).toBeGreaterThan(6);
    const wrong: Record<string, unknown> = {};
    for (const [nth, method] of calls.entries()) {
      const found = await killedAt(nth);
      if (found) wrong[`${method}, ${nth + 1}`] = found;
    }
    expect(wrong).toEqual({});
  });
});
