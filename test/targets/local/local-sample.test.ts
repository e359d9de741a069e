import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Target } from '../../../src/rollout/target.ts';
import { LocalBench } from '../../fakes/targets/local.ts';

describe('a sample on the local target', () => {
  let bench: LocalBench;
  let target: Target;
  beforeEach(async () => {
    bench = new LocalBench();
    target = await bench.open();
  });
  afterEach(() => bench.close());

  it('hands on what the function told, and what it measured itself', async () => {
    const start = await target.sample(bench.sampleOf(bench.first));
    expect(start).toMatchObject({ status: 'ok', version: '1.0.0', sha256: bench.first.sha256 });
    expect(start.timings).toMatchObject({ init_ms: 1, import_ms: 2, fetch_ms: 3, session_ms: 4, model_loaded_ms: 7 });
    expect(Object.keys(start.timings)).toContain('round_trip_ms');
    expect(Object.keys(start.timings)).not.toContain('second_run_ms');
  });

  it('leaves no process and no model file behind', async () => {
    await target.sample(bench.sampleOf(bench.first));
    await target.sample(bench.sampleOf(bench.first, 'crash'));
    expect(await bench.running()).toEqual([]);
    expect(readdirSync(join(bench.stateDir, bench.name, 'samples'))).toEqual([]);
  });

  it.each([
    ['never listens', 'never-listens'],
    ['never answers', 'hang'],
  ])('counts a start that %s as a time-out', async (_name, fake) => {
    expect(await target.sample(bench.sampleOf(bench.first, fake, 700))).toMatchObject({
      status: 'timeout',
      timings: {},
    });
    expect(await bench.running()).toEqual([]);
  });

  it.each([
    ['the process ends at once', 'crash', 'exit code 3'],
    ['the process ends while it loads', 'crash-on-warm', 'exit code 4'],
    ['the model cannot be loaded', 'not-loadable', 'checksum-mismatch'],
    ['it was not cold', 'not-cold', 'not cold'],
    ['another instance answers', 'other-instance', 'another instance'],
    ['another process answers', 'other-revision', 'something else answered'],
    ['another version answers', 'other-version', '9.9.9'],
    ['the golden sample is wrong', 'sample-mismatch', 'golden sample'],
    ['no timings are told', 'no-timings', 'model_loaded_ms'],
  ])('does not count a start when %s', async (_name, fake, note) => {
    const start = await target.sample(bench.sampleOf(bench.first, fake));
    expect(start).toMatchObject({ status: 'failed', note: expect.stringContaining(note) });
    expect(await bench.running()).toEqual([]);
  });

  it('does not count an instance that has answered before', async () => {
    const request = bench.sampleOf(bench.first, 'same-instance');
    expect(await target.sample(request)).toMatchObject({ status: 'ok' });
    expect(await target.sample(request)).toMatchObject({ status: 'failed', note: expect.stringContaining('before') });
  });

  it('does not count bytes that are not the published ones', async () => {
    bench.store.corrupt('1.0.0', Buffer.from('{"factor":7}'));
    expect(await target.sample(bench.sampleOf(bench.first))).toMatchObject({ status: 'failed', version: '1.0.0' });
  });

  it('does not count a start whose package cannot be unpacked', async () => {
    const request = { ...bench.sampleOf(bench.first), package: { ...bench.package, sha256: '0'.repeat(64) } };
    expect(await target.sample(request)).toMatchObject({ status: 'failed', timings: {} });
  });

  it('unpacks again what was removed between two samples', async () => {
    await target.sample(bench.sampleOf(bench.first));
    await target.remove({ name: bench.name }, 'all');
    expect(existsSync(join(bench.stateDir, bench.name))).toBe(false);
    expect(await target.sample(bench.sampleOf(bench.first))).toMatchObject({ status: 'ok' });
  });

  it('ends with the run instead of being counted', async () => {
    const sampling = target.sample(bench.sampleOf(bench.first, 'hang'));
    setTimeout(() => bench.abort.abort(new Error('stopped by SIGTERM')), 300);
    await expect(sampling).rejects.toThrow('stopped by SIGTERM');
    expect(await bench.running()).toEqual([]);
  });

  it('ends with the signal of its own request', async () => {
    const sampling = target.sample({ ...bench.sampleOf(bench.first, 'hang'), signal: AbortSignal.timeout(300) });
    await expect(sampling).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(await bench.running()).toEqual([]);
  });
});
