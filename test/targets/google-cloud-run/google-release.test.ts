import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinySample } from '../../fixtures/onnx.ts';
import { ReleaseBench } from '../../google/release-bench.ts';

/*
 * All of a release as a user has it: the command line as a process, bucket, service and private address on the stand-in, and
 * the uploaded archive as a process of its own, which is stopped whenever no request is in flight.
 */
describe('ship on Cloud Storage and Cloud Run', () => {
  let bench: ReleaseBench;
  beforeAll(async () => {
    // Tags that lag behind are the contract's story (google.test.ts): here they would only make each start wait.
    bench = await ReleaseBench.open({ knobs: { looks: 1, trafficLag: 2 } });
  });
  afterAll(() => bench.close());
  const infer = (url: string) => bench.infer(url, tinySample.inputs);

  it('publishes, proves, measures and makes live the first version', async () => {
    const shipped = await bench.json('ship');
    expect(shipped).toMatchObject({ promoted: true, version: '1.0.0', verdict: 'pass', sequence: 1 });
    expect(await infer(shipped['endpoint-url'])).toMatchObject({ status: 200, version: '1.0.0' });
    expect(bench.inventory()).toEqual(['service digits-local', 'traffic live 100 %']);
    // Cloud Run's own time to the opened port stands beside the handler's in each start.
    for (const { platform, timings, node } of shipped.record.samples) {
      expect(node).toBe(process.versions.node);
      expect(platform).toMatchObject({ init_ms: expect.any(Number) });
      expect(timings.model_loaded_ms).toBeGreaterThan(0);
    }
  });

  it('ships a second version, its tensors in another file, without uploading or deploying anything live, and goes back', async () => {
    const [before] = bench.service()?.spec.traffic ?? [];
    bench.release({ version: '1.1.0', bias: 0.25, outside: true });
    const shipped = await bench.json('ship');
    expect(shipped).toMatchObject({ promoted: true, version: '1.1.0', sequence: 2 });
    expect(bench.service()?.spec.traffic).toEqual([before]);
    const second = await infer(shipped['endpoint-url']);
    expect(second).toMatchObject({ status: 200, version: '1.1.0' });
    const back = await bench.json('rollback');
    expect(back).toMatchObject({ promoted: true, version: '1.0.0', sequence: 3 });
    const first = await infer(back['endpoint-url']);
    expect(first).toMatchObject({ status: 200, version: '1.0.0' });
    expect(first.text).not.toBe(second.text);
  });

  it('blocks a third one that breaks its limit, and leaves what served', async () => {
    const before = bench.inventory();
    bench.release({ version: '1.2.0', bias: 0.125, gate: 'slo-ms: 1, max-samples: 7, discard: 0' });
    const { exit, stderr } = await bench.run(['ship']);
    expect([exit, stderr]).toEqual([4, expect.stringContaining('1.2.0')]);
    expect(bench.inventory()).toEqual(before);
    expect(await infer(bench.service()?.uri ?? '')).toMatchObject({ status: 200, version: '1.0.0' });
  });

  it('is the same again, with nothing written and four reads at most', async () => {
    bench.release({ version: '1.1.0', bias: 0.25, outside: true });
    await bench.json('promote', '--version', '1.1.0', '--gate', 'skip');
    bench.calls();
    expect(await bench.json('ship')).toMatchObject({ promoted: false, version: '1.1.0' });
    const { writes, reads } = bench.calls();
    expect(writes).toEqual([]);
    expect(reads.length).toBeLessThanOrEqual(4);
  });

  it('goes away as a whole', async () => {
    await bench.json('destroy');
    expect(bench.inventory()).toEqual([]);
  });
});
