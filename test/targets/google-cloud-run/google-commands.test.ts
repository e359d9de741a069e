import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinySample } from '../../fixtures/onnx.ts';
import { ReleaseBench } from '../../google/release-bench.ts';

/*
 * What is done beside `ship`, by the command line as processes, with functions that are processes of the real archive.
 */
describe('commands on Cloud Storage and Cloud Run', () => {
  let bench: ReleaseBench;
  beforeAll(async () => {
    bench = await ReleaseBench.open({ knobs: { looks: 0 } });
    await bench.json('publish');
    await bench.json('deploy');
    await bench.json('promote', '--gate', 'skip');
  });
  afterAll(() => bench.close());

  const infer = () => bench.infer(bench.service()?.uri ?? '', tinySample.inputs);
  const traffic = () => bench.service()?.spec.traffic;

  it('release makes a published version live, and publishes nothing', async () => {
    bench.release({ version: '1.1.0', bias: 0.25 });
    await bench.json('publish');
    const objects = () => [...bench.google.buckets.all('models').keys()].filter((name) => name.includes('/versions/'));
    const before = objects();
    const released = await bench.json('release', '--model', 'digits', '--version', '1.1.0');
    expect(released).toMatchObject({ promoted: true, version: '1.1.0', 'previous-version': '1.0.0', sequence: 2 });
    expect(released.verdict).toBe('pass');
    expect(objects()).toEqual(before);
    expect(bench.inventory()).toEqual(['revision live', 'service digits-local', 'traffic live 100 %']);
    expect(await infer()).toMatchObject({ status: 200, version: '1.1.0' });
    // The same tag again, as when its workflow is run again.
    bench.calls();
    expect(await bench.json('release', '--version', '1.1.0')).toMatchObject({ promoted: false, version: '1.1.0' });
    expect(bench.calls().writes).toEqual([]);
    const { exit, stderr } = await bench.run(['release', '--version', '9.9.9']);
    expect([exit, stderr]).toEqual([3, expect.stringContaining('9.9.9 is not published')]);
  });

  it('status and history tell what is live, where, and how it came to be', async () => {
    bench.calls();
    const status = await bench.json('status');
    expect(status).toMatchObject({ version: '1.1.0', 'endpoint-url': bench.service()?.uri, live: { role: 'live' } });
    expect(status.live.id).toBe(traffic()?.[0]?.revision);
    const history = await bench.json('history');
    expect(history.records.map(({ version }: { version: string }) => version)).toEqual(['1.1.0', '1.0.0']);
    expect(bench.calls().writes).toEqual([]);
  });

  it('warmup --burst tells cold share and times, and writes a load test for k6', async () => {
    await bench.google.stopIdle();
    const found = await bench.json('warmup', '--burst', '4', '--on', 'live', '--k6', 'load/k6.js');
    expect(found).toMatchObject({ version: '1.1.0', throttled: 0, k6: 'load/k6.js' });
    expect(found.burst.first).toMatchObject({ answered: 4, failed: 0 });
    expect(found['cold-share']).toBeGreaterThan(0);
    expect(found.burst.again).toMatchObject({ answered: 4, failed: 0 });
    const script = readFileSync(bench.project.path('load', 'k6.js'), 'utf8');
    expect(script).toContain(bench.service()?.uri);
    expect(script).toContain('1.1.0');
    expect(script).toContain('gcloud auth print-identity-token');
  });

  it('warmup --burst counts what Cloud Run turns away', async () => {
    bench.target = 'concurrency: 1, max-instances: 1';
    bench.release({ version: '1.1.0', bias: 0.25 });
    await bench.json('deploy');
    const { queueMs } = bench.google.knobs;
    bench.google.knobs.queueMs = 0;
    const { throttled, burst } = await bench.json('warmup', '--burst', '8');
    const { stderr } = await bench.run(['warmup', '--burst', '8']);
    bench.google.knobs.queueMs = queueMs;
    expect(burst.first.answered).toBeGreaterThan(0);
    expect(burst.first.failed).toBe(0);
    expect(throttled).toBeGreaterThan(0);
    expect(stderr).toMatch(/raise max-instances/);
    expect(stderr).toMatch(/min-instances: \d/);
    await bench.json('destroy', '--candidates');
  });
});
