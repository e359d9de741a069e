import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinySample } from '../../fixtures/onnx.ts';
import { ReleaseBench } from '../../google/release-bench.ts';

/* The command line as processes; what is live are processes of the real archive, whose model is lost when a test says so. */
describe('promote --watch on Cloud Run', () => {
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

  it('holds while what is live serves', async () => {
    bench.target = 'memory: 3072';
    bench.release({ version: '1.1.0', bias: 0.125 });
    await bench.json('publish');
    const held = await bench.json('promote', '--gate', 'skip', '--watch', '2s');
    expect(held).toMatchObject({ promoted: true, version: '1.1.0', watch: { outcome: 'passed', failed: 0 } });
  });

  it('takes pointer and traffic back when it breaks', async () => {
    const before = traffic();
    bench.target = 'memory: 4096';
    bench.release({ version: '1.2.0', bias: 0.75 });
    await bench.json('publish');
    let during: unknown;
    const { exit, stdout } = await bench.run(['promote', '--gate', 'skip', '--watch', '60s', '--json'], (stderr) => {
      if (during !== undefined || !stderr.includes('Watching digits 1.2.0')) return;
      during = traffic();
      loseModel('1.2.0');
    });
    const { error, watch, promoted } = JSON.parse(stdout);
    expect([exit, error.code, watch.outcome, promoted]).toEqual([7, 'watch-failed', 'rolled-back', false]);
    expect(during).not.toEqual(before);
    expect(traffic()).toEqual(before);
    expect(await infer()).toMatchObject({ status: 200, version: '1.1.0' });
  });

  /** Somebody removes the bytes of a version, and its instances end: those that follow cannot load it. */
  function loseModel(version: string): void {
    const objects = bench.google.buckets.all('models');
    for (const name of [...objects.keys()]) if (name.endsWith(`/versions/${version}/model.onnx`)) objects.delete(name);
    for (const { pool } of bench.service()?.revisions.values() ?? []) pool?.crash();
  }
});
