import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReleaseBench } from '../../azure/release-bench.ts';
import { tinySample } from '../../fixtures/onnx.ts';

/** A preview younger than an hour is never an orphan. */
const laterMs = 2 * 3600_000;

/*
 * All of a release as a user has it: the command line as a process, apps on the stand-in, and the published package as a
 * process of its own, which every update of its app ends.
 */
describe('ship on Azure Functions', () => {
  let bench: ReleaseBench;
  beforeAll(async () => {
    bench = await ReleaseBench.open({ knobs: { looks: 0, tokenSeconds: 30 * 86_400 } });
  });
  afterAll(() => bench?.close());
  const infer = (url: string) => bench.infer(url, tinySample.inputs);
  const liveOnly = ['app digits-local', 'container digits-local', 'plan digits-local'];

  it('publishes, proves, measures and makes live the first version', async () => {
    const shipped = await bench.json('ship');
    expect(shipped).toMatchObject({ promoted: true, version: '1.0.0', verdict: 'pass', sequence: 1 });
    expect(await infer(shipped['endpoint-url'])).toMatchObject({ status: 200, version: '1.0.0' });
    expect((await fetch(`${shipped['endpoint-url']}/v1/health`)).status).toBe(401);
    expect(bench.inventory()).toEqual(liveOnly);
    for (const { timings } of shipped.record.samples) expect(timings.model_loaded_ms).toBeGreaterThan(0);
  });

  it('ships a second version without a change of what is live, and goes back without any', async () => {
    const { updates } = bench.site('live')!;
    bench.release({ version: '1.1.0', bias: 0.25 });
    const shipped = await bench.json('ship');
    expect(shipped).toMatchObject({ promoted: true, version: '1.1.0', verdict: 'pass', sequence: 2 });
    const second = await infer(bench.url);
    expect(second).toMatchObject({ status: 200, version: '1.1.0' });
    bench.writes();
    const back = await bench.json('rollback');
    expect(back).toMatchObject({ promoted: true, version: '1.0.0', sequence: 3 });
    expect(bench.writes()).toEqual([]);
    const first = await infer(back['endpoint-url']);
    expect(first).toMatchObject({ status: 200, version: '1.0.0' });
    expect(first.text).not.toBe(second.text);
    expect([bench.site('live')?.updates, bench.inventory()]).toEqual([updates, liveOnly]);
  });

  it('blocks a third one that breaks its limit, and leaves what served', async () => {
    bench.release({ version: '1.2.0', bias: 0.125, gate: 'slo-ms: 1, max-samples: 7, discard: 0' });
    const { exit, stderr } = await bench.run(['ship']);
    expect([exit, stderr]).toEqual([4, expect.stringContaining('1.2.0')]);
    expect(bench.inventory()).toEqual(liveOnly);
    expect(await infer(bench.url)).toMatchObject({ status: 200, version: '1.0.0' });
  });

  it('shows a pull request in an app of its own, which goes with it', async () => {
    bench.release({ version: '1.1.0', bias: 0.5 });
    const preview = ['preview', '--pull-request', '12', '--sha', '1a2b3c4d'];
    const opened = await bench.json(...preview);
    expect(opened).toMatchObject({ version: '1.1.0-pr.12.1a2b3c4', verdict: 'pass' });
    expect(await infer(opened['endpoint-url'])).toMatchObject({ status: 200, version: '1.1.0-pr.12.1a2b3c4' });
    expect(await infer(bench.url)).toMatchObject({ status: 200, version: '1.0.0' });
    const closed = await bench.json('destroy', '--preview', '12');
    expect([closed.pruned, bench.inventory()]).toEqual([['1.1.0-pr.12.1a2b3c4'], liveOnly]);
    bench.writes();
    await bench.json('destroy', '--preview', '12');
    expect(bench.writes()).toEqual([]);
  });

  it('sweeps a preview whose job was killed and whose pull request was closed unnoticed, and nothing that is open or live', async () => {
    bench.release({ version: '1.2.0', bias: 0.125 });
    const killed = await bench.run(['preview', '--pull-request', '13', '--sha', '3c4d5e6f'], (stderr, kill) => {
      // Progress of the measurement is shown on slow machines alone.
      if (stderr.includes('answers at')) kill();
    });
    expect(killed.exit).toBeNull();
    expect(bench.inventory()).toContain('app digits-pr-13 candidate');
    bench.env = { CLOCK_AHEAD_MS: String(laterMs) };
    await bench.json('sweep', '--open', '13');
    expect(bench.inventory()).toContain('app digits-pr-13 candidate');
    await bench.json('sweep', '--open', 'none');
    bench.env = {};
    expect(bench.inventory()).toEqual(liveOnly);
    expect(await infer(bench.url)).toMatchObject({ status: 200, version: '1.0.0' });
  });

  it('goes away as a whole', async () => {
    await bench.json('destroy');
    expect(bench.inventory()).toEqual([]);
  });
});
