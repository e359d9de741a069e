import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinySample } from '../../fixtures/onnx.ts';
import { ReleaseBench } from '../../google/release-bench.ts';

/** A preview younger than an hour is never an orphan. */
const laterMs = 2 * 3600_000;

/* What happens to pull requests, by the verbs that the events run, as processes on the stand-in. */
describe('pull requests on Cloud Storage and Cloud Run', () => {
  let bench: ReleaseBench;
  let liveUrl: string;
  let before: string[];
  beforeAll(async () => {
    bench = await ReleaseBench.open({ knobs: { looks: 0 } });
    await bench.json('publish');
    await bench.json('deploy');
    liveUrl = (await bench.json('promote', '--gate', 'skip'))['endpoint-url'];
    before = bench.inventory();
  });
  afterAll(() => bench.close());

  const preview = (number: string, sha: string) => bench.json('preview', '--pull-request', number, '--sha', sha);
  const names = () => [...bench.google.run.services.values()].map(({ id }) => id).sort();

  it('shows a pull request at an address of its own, and has the next commit take its place', async () => {
    bench.release({ version: '1.1.0', bias: 0.25 });
    const opened = await preview('12', '1a2b3c4d');
    expect(opened).toMatchObject({ version: '1.1.0-pr.12.1a2b3c4', verdict: 'pass' });
    const first = await bench.infer(opened['endpoint-url'], tinySample.inputs, 'digits-pr-12');
    expect(first).toMatchObject({ status: 200, version: '1.1.0-pr.12.1a2b3c4' });
    bench.release({ version: '1.1.0', bias: 0.125 });
    const updated = await preview('12', '2b3c4d5e');
    const second = await bench.infer(updated['endpoint-url'], tinySample.inputs, 'digits-pr-12');
    expect(second).toMatchObject({ status: 200, version: '1.1.0-pr.12.2b3c4d5' });
    const tags = (bench.service('digits-pr-12')?.spec.traffic ?? []).filter(({ tag }) => tag?.startsWith('c-'));
    expect(tags).toHaveLength(1);
    expect(await bench.infer(liveUrl, tinySample.inputs)).toMatchObject({ status: 200, version: '1.0.0' });
  });

  it('leaves nothing of it when it is closed, and closing again writes nothing', async () => {
    const closed = await bench.json('destroy', '--preview', '12');
    expect(closed.pruned).toEqual(['1.1.0-pr.12.2b3c4d5']);
    expect(bench.inventory()).toEqual(before);
    bench.calls();
    await bench.json('destroy', '--preview', '12');
    expect(bench.calls().writes).toEqual([]);
  });

  it('sweeps a preview whose job was killed and whose pull request was closed unnoticed, and nothing that is open or live', async () => {
    bench.release({ version: '1.2.0', bias: 0.125 });
    const killed = await bench.run(['preview', '--pull-request', '13', '--sha', '3c4d5e6f'], (stderr, kill) => {
      // It is there, and is about to be measured: progress of that is shown on slow machines alone.
      if (stderr.includes('answers at')) kill();
    });
    expect(killed.exit).toBeNull();
    bench.env = { CLOCK_AHEAD_MS: String(laterMs) };
    await bench.json('sweep', '--open', '13');
    expect(names()).toEqual(['digits-local', 'digits-pr-13']);
    await bench.json('sweep', '--open', 'none');
    bench.env = {};
    expect(names()).toEqual(['digits-local']);
    expect(await bench.infer(liveUrl, tinySample.inputs)).toMatchObject({ status: 200, version: '1.0.0' });
  });
});
