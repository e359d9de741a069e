import { beforeEach, describe, expect, it } from 'vitest';
import { createGate } from '../../src/gate/rule/gate.ts';
import { type GateOptions, gateDefaults } from '../../src/gate/rule/options.ts';
import type { ColdStart, GateSample } from '../../src/gate/rule/sample.ts';
import { silentLogger } from '../../src/log.ts';
import { type MeasureInput, measure } from '../../src/measure/measure.ts';
import type { SampleRequest, Target } from '../../src/rollout/target.ts';
import { seededRandom } from '../fixtures/onnx.ts';

type Start = (request: SampleRequest, nth: number) => Partial<ColdStart>;

/** A target whose cold starts are what the test says; everything else of it is never called. */
function targetOf(start: Start): Target & { order: string[] } {
  const order: string[] = [];
  const unused = () => Promise.reject(new Error('a measurement only samples'));
  return {
    order,
    key: 'test',
    platform: { os: 'linux', arch: 'x64' },
    entry: 'node.cjs',
    list: () => Promise.reject(new Error('not asked')),
    plan: unused,
    deploy: unused,
    restore: () => Promise.reject(new Error('not asked for')),
    reach: () => ({ url: '', send: () => Promise.reject(new Error('not asked for')) }),
    route: unused,
    describe: unused,
    remove: unused,
    sample: async (request) => {
      order.push(request.version);
      return { status: 'ok', instance_id: `i${order.length}`, timings: {}, ...start(request, order.length) };
    },
  };
}

const loads = (ms: number): Partial<ColdStart> => ({ timings: { model_loaded_ms: ms } });
const request = (version: string) => ({ version }) as SampleRequest;
let random = seededRandom(11);
const around = (ms: number) => loads(ms * (0.98 + 0.04 * random()));

function input(target: Target, more: Partial<MeasureInput> & { options?: GateOptions } = {}): MeasureInput {
  const options = more.options ?? gateDefaults;
  return {
    ...{ target, options, gate: createGate(options), samples: [], spent: 0 },
    arms: { candidate: request('new'), baseline: request('old') },
    now: () => new Date(0),
    signal: new AbortController().signal,
    log: silentLogger,
    onLook: async () => {},
    ...more,
  };
}

beforeEach(() => {
  random = seededRandom(11);
});

describe('a measurement', () => {
  it('says how long its starts take where that is worth saying, before the first', async () => {
    const messages: string[] = [];
    const log = { ...silentLogger, info: (text: string) => void messages.push(`${target.order.length}: ${text}`) };
    const target = Object.assign(
      targetOf(() => around(300)),
      { startSeconds: [10, 40] as const },
    );
    await measure(input(target, { log }));
    expect(messages[0]).toMatch(/^0: Up to \d+ cold starts, which take \d+ to \d+ minutes/);
  });

  it('interleaves the arms, alternating which one begins, and sets the first two of each apart', async () => {
    const target = targetOf(() => around(300));
    const { samples, verdict } = await measure(input(target));
    expect(target.order.slice(0, 8)).toEqual(['old', 'new', 'new', 'old', 'old', 'new', 'new', 'old']);
    expect(samples.filter((s) => s.discarded).map((s) => [s.arm, s.pair])).toEqual([
      ['baseline', 0],
      ['candidate', 0],
      ['candidate', 1],
      ['baseline', 1],
    ]);
    expect(verdict.verdict).toBe('pass');
  });

  it('stops at the first look that decides', async () => {
    const target = targetOf(({ version }) => around(version === 'new' ? 900 : 300));
    const { samples, verdict } = await measure(input(target));
    expect([verdict.verdict, verdict.reason, verdict.look]).toEqual(['regression', 'shift', 1]);
    expect(samples).toHaveLength(2 * (10 + 2));
  });

  it('keeps every look, so that a killed run can be gone on with', async () => {
    const kept: [number, boolean][] = [];
    const target = targetOf(({ version }) => loads((version === 'new' ? 345 : 300) * (0.75 + 0.5 * random())));
    await measure(input(target, { onLook: async (samples, _v, final) => void kept.push([samples.length, final]) }));
    expect(kept.map(([taken]) => taken)).toEqual([24, 34, 44, 64].slice(0, kept.length));
    expect(kept.map(([, final]) => final)).toEqual(kept.map((_, at) => at === kept.length - 1));
    expect(kept.length).toBeGreaterThan(1);
  });

  it('goes on with stored starts instead of taking them again', async () => {
    const first = targetOf(() => around(300));
    const { samples } = await measure(input(first));
    const second = targetOf((_r, nth) => ({ ...around(300), instance_id: `later${nth}` }));
    const again = await measure(input(second, { samples: samples.slice(0, 16) }));
    expect(second.order).toHaveLength(8);
    expect(again.samples.slice(0, 16)).toEqual(samples.slice(0, 16));
  });

  it('counts a start that timed out as slower than all', async () => {
    const target = targetOf(({ version }) => (version === 'new' ? { status: 'timeout' } : around(300)));
    expect((await measure(input(target))).verdict.verdict).toBe('regression');
  });

  it('leaves failed starts out and takes others in their place', async () => {
    const target = targetOf((_r, nth) => (nth % 7 === 0 ? { status: 'failed', note: 'refused' } : around(300)));
    const { samples, verdict } = await measure(input(target));
    const valid = (arm: GateSample['arm']) =>
      samples.filter((s) => s.arm === arm && !s.discarded && s.status === 'ok').length;
    expect(verdict.verdict).toBe('pass');
    expect(Math.min(valid('candidate'), valid('baseline'))).toBe(10);
  });

  it('never passes on an arm that keeps failing: it says what was seen', async () => {
    const target = targetOf(({ version }) =>
      version === 'new' ? { status: 'failed', note: 'answered with version 0.9.0' } : around(300),
    );
    await expect(measure(input(target))).rejects.toMatchObject({ code: 'no-cold-starts', exit: 7 });
    await expect(measure(input(target))).rejects.toThrow('answered with version 0.9.0');
  });

  it('names the instances that were measured before, so that none is taken for a cold one', async () => {
    const known: (readonly string[] | undefined)[] = [];
    const target = targetOf((sampled) => {
      known.push(sampled.known);
      return around(300);
    });
    const { samples } = await measure(input(target));
    expect(known).toEqual(samples.map((_, at) => samples.slice(0, at - (at % 2)).map((s) => s.instance_id)));
  });

  it('ends at max-seconds with what the starts so far allow', async () => {
    let clock = 0;
    const now = () => {
      clock += 1000;
      return new Date(clock);
    };
    const target = targetOf(({ version }, nth) =>
      loads(version === 'new' ? 330 + (nth % 5) * 40 : 300 + (nth % 5) * 40),
    );
    const options = { ...gateDefaults, maxSeconds: 60 };
    const { samples, verdict } = await measure(input(target, { now, options }));
    expect(samples.length).toBeLessThan(64);
    expect(verdict.verdict).toBe('inconclusive');
  });

  it('measures the first release alone, against its SLO', async () => {
    const arms = { candidate: request('new'), baseline: undefined };
    const slow = await measure(
      input(
        targetOf(() => around(900)),
        { arms, options: { ...gateDefaults, sloMs: 500 } },
      ),
    );
    expect([slow.verdict.verdict, slow.verdict.reason]).toEqual(['regression', 'slo']);
    const fine = await measure(
      input(
        targetOf(() => around(300)),
        { arms, options: { ...gateDefaults, sloMs: 500 } },
      ),
    );
    expect([fine.verdict.verdict, fine.verdict.reason]).toEqual(['pass', 'no-baseline']);
  });

  it('compares with recorded starts where they stand in for measured ones', async () => {
    const recorded = Array.from(
      { length: 12 },
      (_, pair): GateSample => ({
        ...{
          arm: 'baseline',
          pair,
          order: pair,
          at: '',
          discarded: false,
          status: 'ok',
          timings: { model_loaded_ms: 300 + pair },
        },
      }),
    );
    const target = targetOf(() => around(900));
    const options: GateOptions = { ...gateDefaults, baseline: 'stored' };
    const arms = { candidate: request('new'), baseline: undefined };
    const { verdict } = await measure(input(target, { arms, recorded, options }));
    expect([verdict.verdict, verdict.baseline, new Set(target.order)]).toEqual([
      'regression',
      'stored',
      new Set(['new']),
    ]);
  });

  it('stops when the run is aborted', async () => {
    const controller = new AbortController();
    const target = targetOf((_r, nth) => {
      if (nth === 5) controller.abort(new Error('stopped by SIGTERM'));
      return around(300);
    });
    await expect(measure(input(target, { signal: controller.signal }))).rejects.toThrow('stopped by SIGTERM');
    expect(target.order.length).toBeLessThan(8);
  });
});
