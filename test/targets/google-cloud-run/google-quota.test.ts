import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CloudRunBench } from '../../google/target-bench.ts';

/** Writes a minute that Cloud Run takes here; the product leaves room below 60. */
const quota = 55;
const minuteMs = 60_000;

describe('samples at the limit of writes a minute', () => {
  let bench: CloudRunBench;
  /** How far the clock of Google and of the run is ahead. */
  let aheadMs = 0;
  const now = () => new Date(Date.now() + aheadMs);
  beforeAll(async () => {
    bench = await CloudRunBench.open({ now, knobs: { looks: 0, writesPerMinute: quota } });
  });
  afterAll(() => bench.close());

  it('wait until there is room, and none is refused', async () => {
    const target = await bench.target({}, { now });
    const request = { ...(await bench.request('candidate', 0)), timeoutMs: 30_000 };
    let done = 0;
    /** Samples that were done before the clock moved. */
    const before: number[] = [];
    for (let nth = 1; nth <= 30; nth++) {
      const taking = target.sample(request).finally(() => done++);
      // A sample takes a fraction of a second; one that waits for the next minute waits until it has come.
      const waits = await Promise.race([
        taking.then(() => false),
        new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 3000)),
      ]);
      if (waits) {
        before.push(done);
        aheadMs += minuteMs;
      }
      expect(await taking).toMatchObject({ status: 'ok' });
    }
    const calls = bench.google.calls().filter(({ method }) => method.startsWith('run.'));
    expect(calls.filter(({ status }) => status === 429)).toEqual([]);
    // More was written than a minute has room for.
    expect(calls.filter(({ mutating }) => mutating).length).toBeGreaterThan(quota);
    expect(before.length).toBeGreaterThan(0);
  });
});
