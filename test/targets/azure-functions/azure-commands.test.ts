import { readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReleaseBench } from '../../azure/release-bench.ts';
import { tinySample } from '../../fixtures/onnx.ts';

/*
 * What is done beside `ship`, by the command line as processes, with functions that are processes of the published package.
 */
describe('commands on Azure Functions', () => {
  let bench: ReleaseBench;
  beforeAll(async () => {
    bench = await ReleaseBench.open({ knobs: { looks: 0 } });
    await bench.json('publish');
    await bench.json('deploy');
    await bench.json('promote', '--gate', 'skip');
  });
  afterAll(() => bench?.close());

  const infer = () => bench.infer(bench.url, tinySample.inputs);
  const published = () => readFileSync(bench.project.path('store', 'digits', 'current.json'), 'utf8');

  it('release makes a published version live, and publishes nothing', async () => {
    bench.release({ version: '1.1.0', bias: 0.25 });
    await bench.json('publish');
    const { updates } = bench.site('live')!;
    const released = await bench.json('release', '--model', 'digits', '--version', '1.1.0');
    expect(released).toMatchObject({ promoted: true, version: '1.1.0', 'previous-version': '1.0.0', sequence: 2 });
    expect(released.verdict).toBe('pass');
    expect([bench.site('live')?.updates, bench.site('candidate')]).toEqual([updates, undefined]);
    expect(await infer()).toMatchObject({ status: 200, version: '1.1.0' });
    // The same tag again, as when its workflow is run again.
    const before = published();
    bench.writes();
    expect(await bench.json('release', '--version', '1.1.0')).toMatchObject({ promoted: false, version: '1.1.0' });
    expect([bench.writes(), published()]).toEqual([[], before]);
    const { exit, stderr } = await bench.run(['release', '--version', '9.9.9']);
    expect([exit, stderr]).toEqual([3, expect.stringContaining('9.9.9 is not published')]);
  });

  it('status and history tell what is live, where, and how it came to be', async () => {
    bench.writes();
    const status = await bench.json('status');
    expect(status).toMatchObject({ version: '1.1.0', 'endpoint-url': bench.url, live: { role: 'live' } });
    expect(status.live.id).toBe(bench.site('live')?.settings.get('COLDGATE_REVISION'));
    const history = await bench.json('history');
    expect(history.records.map(({ version }: { version: string }) => version)).toEqual(['1.1.0', '1.0.0']);
    expect(bench.writes()).toEqual([]);
  });

  it('warmup --burst tells cold share and times, and writes a load test for k6', async () => {
    await bench.site('live')?.generation?.pool.stopIdle();
    const found = await bench.json('warmup', '--burst', '4', '--on', 'live', '--k6', 'load/k6.js');
    expect(found).toMatchObject({ version: '1.1.0', throttled: 0, k6: 'load/k6.js' });
    expect(found.burst).toMatchObject({
      atOnce: 4,
      first: { answered: 4, failed: 0 },
      again: { answered: 4, failed: 0 },
    });
    expect(found['cold-share']).toBeGreaterThan(0);
    const script = readFileSync(bench.project.path('load', 'k6.js'), 'utf8');
    for (const part of [bench.url, '1.1.0', 'x-functions-key']) expect(script).toContain(part);
    for (const key of bench.keys()) expect(script).not.toContain(key);
  });

  it('warmup --burst counts what Azure turns away, and names the settings of its apps', async () => {
    bench.target = 'http-concurrency: 1, maximum-instances: 1';
    bench.release({ version: '1.1.0', bias: 0.25 });
    await bench.json('deploy');
    const { queueMs } = bench.azure.knobs;
    bench.azure.knobs.queueMs = 0;
    const { stderr } = await bench.run(['warmup', '--burst', '8']);
    const { throttled, burst } = await bench.json('warmup', '--burst', '8');
    bench.azure.knobs.queueMs = queueMs;
    expect(burst).toMatchObject({ atOnce: 1, first: { failed: 0 } });
    expect(burst.first.answered).toBeGreaterThan(0);
    expect(throttled).toBeGreaterThan(0);
    expect(stderr).toMatch(/raise maximum-instances/);
    expect(stderr).toMatch(/always-ready: \d/);
    await bench.json('destroy', '--candidates');
  });

  it('promote --watch holds while what is live serves', async () => {
    bench.target = 'app-settings: { STEP: "1" }';
    bench.release({ version: '1.2.0', bias: 0.125 });
    await bench.json('publish');
    const held = await bench.json('promote', '--gate', 'skip', '--watch', '2s');
    expect(held).toMatchObject({ promoted: true, version: '1.2.0', watch: { outcome: 'passed', failed: 0 } });
  });

  it('promote --watch takes the pointer and the settings of the app back when what is live breaks', async () => {
    bench.target = 'app-settings: { STEP: "2" }';
    bench.release({ version: '1.3.0', bias: 0.75 });
    await bench.json('publish');
    const step = () => bench.site('live')?.settings.get('STEP');
    let during: string | undefined;
    const { exit, stdout } = await bench.run(['promote', '--gate', 'skip', '--watch', '60s', '--json'], (stderr) => {
      if (during !== undefined || !stderr.includes('Watching digits 1.3.0')) return;
      during = step();
      loseModel('1.3.0');
    });
    const { error, watch, promoted } = JSON.parse(stdout);
    expect([exit, error.code, watch.outcome, promoted]).toEqual([7, 'watch-failed', 'rolled-back', false]);
    expect([during, step()]).toEqual(['2', '1']);
    expect(await infer()).toMatchObject({ status: 200, version: '1.2.0' });
  });

  /** Somebody removes the bytes of a version, and its instances end: those that follow cannot load it. */
  function loseModel(version: string): void {
    rmSync(bench.project.path('store', 'digits', 'versions', version, 'model.onnx'));
    bench.site('live')?.generation?.pool.crash();
  }
});
