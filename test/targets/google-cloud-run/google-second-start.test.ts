import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Logger } from '../../../src/log.ts';
import type { Target } from '../../../src/rollout/target.ts';
import { CloudRunBench } from '../../google/target-bench.ts';

/** Where Cloud Run starts an instance at deployment whatever is asked, and freezes it once its port is open. */
describe('samples where healthCheckDisabled is refused', () => {
  let bench: CloudRunBench;
  let warnings: string[];
  let target: Target;
  beforeAll(async () => {
    bench = await CloudRunBench.open({ knobs: { startsAtDeployment: true, tagLag: 1 } });
  });
  beforeEach(async () => {
    warnings = [];
    const log: Logger = { debug() {}, info() {}, warn: (text: string) => void warnings.push(text) } as never;
    target = await bench.target({}, { log });
  });
  afterAll(() => bench.close());

  async function sample(handlerVariables: Record<string, string> = {}) {
    const request = await bench.request('candidate', 0);
    const settings = {
      ...request.settings,
      handlerVariables: { ...request.settings.handlerVariables, ...handlerVariables },
    };
    return target.sample({ ...request, settings, timeoutMs: 30_000 });
  }
  /** How many instances each sample that is still there has had. */
  const starts = (): number[] =>
    [...(bench.service?.revisions.values() ?? [])].flatMap(({ short, pool }) =>
      /-s-/.test(short) && pool ? [pool.started] : [],
    );
  const reasons = (): string[] =>
    bench.google.logs.entries.flatMap(({ textPayload }) => /Reason: (\w+)/.exec(String(textPayload))?.[1] ?? []);

  it('are second starts, by a request: the first instance ends with its answer', async () => {
    const first = await sample();
    expect(first).toMatchObject({ status: 'ok', version: '1.0.0', platform: { init_ms: expect.any(Number) } });
    expect(starts()).toEqual([2]);
    expect(reasons().slice(-2)).toEqual(['DEPLOYMENT_ROLLOUT', 'AUTOSCALING']);
    const second = await sample();
    expect(second.status).toBe('ok');
    expect(second.instance_id).not.toBe(first.instance_id);
    expect(warnings).toEqual([expect.stringMatching(/healthCheckDisabled.*second start/)]);
  });

  it('are ended by nobody who has not got the key', async () => {
    await sample();
    const [entry] = (bench.service?.statuses ?? []).filter(({ tag }) => /^s-/.test(String(tag)));
    const token = bench.google.context.iam.idToken(bench.google.pipeline, bench.service?.uri ?? '', new Date());
    const headers = { authorization: `Bearer ${token}`, 'x-coldgate-end': 'guessed' };
    const ask = async () => (await (await fetch(`${entry?.uri}/v1/health`, { headers })).json()) as { pid: number };
    expect((await ask()).pid).toBe((await ask()).pid);
  });

  it('are the starts at deployment where the function does not end, and that is said once', async () => {
    const start = await sample({ FAKE: 'never-ends' });
    expect(start).toMatchObject({ status: 'ok', version: '1.0.0', timings: { model_loaded_ms: 7 } });
    expect(start.timings).not.toHaveProperty('round_trip_ms');
    expect((await sample({ FAKE: 'never-ends' })).status).toBe('ok');
    expect(warnings.filter((text) => /round_trip_ms does not/.test(text))).toHaveLength(1);
  });

  it('fail where the second start does', async () => {
    expect(await sample({ FAKE: 'not-loadable' })).toMatchObject({ status: 'failed' });
  });
});
