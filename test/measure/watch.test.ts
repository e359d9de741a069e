import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/log.ts';
import { quantile } from '../../src/measure/quantile.ts';
import { type WatchOptions, watch } from '../../src/measure/watch.ts';
import type { Answer } from '../../src/rollout/proof/http.ts';

const expected = { version: '1.1.0', sha256: 'b'.repeat(64), sample: undefined };
const healthy: Answer = { status: 200, headers: {}, body: { model: expected, sample: 'ok' } };
const serves = (version: string): Answer => ({ ...healthy, body: { model: { ...expected, version }, sample: 'ok' } });
const broken: Answer = { status: 500, headers: {}, body: { error: { code: 'broken', message: 'no' } } };

/** Watches an endpoint that answers as the test says; `ms` is how long it takes. */
function watching(answer: (nth: number) => Answer | { ms: number } | Error, more: Partial<WatchOptions> = {}) {
  let nth = 0;
  return watch({
    endpoint: {
      url: 'http://live',
      send: async () => {
        const answered = answer(++nth);
        if (answered instanceof Error) throw answered;
        if (!('ms' in answered)) return answered;
        await new Promise((resolve) => setTimeout(resolve, answered.ms));
        return healthy;
      },
    },
    ...{ expected, seconds: 1, sloMs: undefined, before: undefined },
    superseded: async () => undefined,
    signal: new AbortController().signal,
    log: silentLogger,
    ...more,
  });
}

describe('watching an endpoint', () => {
  it('passes what answers, and tells its times', async () => {
    const watched = await watching(() => ({ ms: 5 }));
    expect(watched).toMatchObject({ outcome: 'passed', failed: 0, why: undefined });
    expect(watched.probes).toBeGreaterThanOrEqual(4);
    expect(watched.p50).toBeGreaterThanOrEqual(4);
    expect(watched.p95).toBeGreaterThanOrEqual(watched.p50 ?? Number.NaN);
  });

  it.each([
    ['errors', () => broken, /HTTP 500 broken: no/],
    ['nothing that listens', () => new Error('ECONNREFUSED'), /cannot be reached: ECONNREFUSED/],
    ['another version', () => serves('1.0.0'), /serves 1\.0\.0 .*expected 1\.1\.0/],
    [
      'a wrong answer to the golden sample',
      () => ({ ...healthy, body: { model: expected, sample: 'mismatch' } }),
      /does not answer its golden sample/,
    ],
    ['answers slower than the SLO', () => ({ ms: 30 }), /it took \d+ ms, more than 10 ms \(slo-ms\)/],
  ])('is broken by three times %s in a row', async (_what, answer, why) => {
    const watched = await watching(answer, { seconds: 12, sloMs: 10 });
    expect(watched).toMatchObject({ outcome: 'broken', probes: 3, failed: 3, why: expect.stringMatching(why) });
  });

  it('bears with two failures in a row', async () => {
    const watched = await watching((nth) => (nth === 2 || nth === 3 ? broken : healthy));
    expect(watched).toMatchObject({ outcome: 'passed', failed: 2 });
  });

  it('is broken by more than a tenth of all', async () => {
    const watched = await watching((nth) => (nth % 5 === 0 ? broken : healthy), { seconds: 12 });
    expect(watched).toMatchObject({ outcome: 'broken', probes: 20, failed: 4 });
  });

  it('does not end on a failure: it looks until it knows', async () => {
    const watched = await watching((nth) => (nth >= 2 && nth <= 3 ? broken : healthy), { seconds: 0.25 });
    expect(watched).toMatchObject({ outcome: 'passed', probes: 4, failed: 2 });
  });

  it('waits for instances that have not looked at the pointer yet, as long as they may', async () => {
    const old = (nth: number) => (nth <= 3 ? serves('1.0.0') : healthy);
    const retrying = await watching(old, { before: { version: '1.0.0', seconds: 30 } });
    expect(retrying).toMatchObject({ outcome: 'passed', failed: 0 });
    const late = await watching(() => serves('1.0.0'), { before: { version: '1.0.0', seconds: 0.3 }, seconds: 12 });
    expect(late).toMatchObject({ outcome: 'broken', failed: 3 });
  });

  it('ends where someone else has moved on, whatever it has seen', async () => {
    let calls = 0;
    const superseded = async () => (++calls === 3 ? 'someone made 1.2.0 live' : undefined);
    const watched = await watching(() => broken, { seconds: 60, superseded });
    expect(watched).toMatchObject({ outcome: 'superseded', probes: 2, why: 'someone made 1.2.0 live' });
  });

  it('goes on where nobody can tell who has moved on', async () => {
    const superseded = async () => {
      throw new Error('the store does not answer');
    };
    expect(await watching(() => broken, { seconds: 60, superseded })).toMatchObject({ outcome: 'broken', failed: 3 });
  });

  it('ends with the run', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('stopped by SIGINT')), 300);
    const stopped = watching(() => healthy, { seconds: 60, signal: abort.signal });
    await expect(stopped).rejects.toThrow('stopped by SIGINT');
  });
});

describe('a quantile', () => {
  it('is a value that was measured', () => {
    expect(quantile([], 0.5)).toBeUndefined();
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2);
    expect(
      quantile(
        Array.from({ length: 100 }, (_, i) => i + 1),
        0.95,
      ),
    ).toBe(95);
    expect(quantile([7], 0.99)).toBe(7);
  });
});
