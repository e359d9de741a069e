import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ShiftStep } from '../../../src/rollout/target.ts';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';

const shifting = { shift: { steps: [5, 50], 'wait-seconds': 0 } };

describe('a weighted shift of the live alias', () => {
  let bench: FunctionBench;
  /** What the alias names after each change of it. */
  let moves: string[];
  const alias = () => bench.lambda.account.alias(functionName, 'live').configuration;
  const other = () => bench.package('export const other = 1');
  beforeAll(async () => {
    bench = await FunctionBench.open();
    bench.lambda.onDone = ({ operation }) => {
      if (operation !== 'UpdateAlias') return;
      const { FunctionVersion, RoutingConfig } = alias();
      const weights = Object.entries(RoutingConfig?.AdditionalVersionWeights ?? {});
      moves.push([FunctionVersion, ...weights.map(([number, share]) => `${number}@${share}`)].join(' '));
    };
  });
  beforeEach(async () => {
    bench.lambda.fault = () => undefined;
    bench.group.broken.clear();
    await (await bench.target()).remove({ name: functionName }, 'all');
    await (await bench.target()).route(bench.request('live', '1.0.0'));
    moves = [];
  });
  afterAll(() => bench.close());

  it('goes by the steps, on the revision that it saw, and tells the judge what the new version told', async () => {
    const steps: ShiftStep[] = [];
    const target = await bench.target(shifting);
    await target.route({ ...bench.request('live', '1.0.0', other()), judge: (step) => steps.push(step) });
    expect(moves).toEqual(['1 2@0.05', '1 2@0.5', '2']);
    expect(steps.map(({ percent }) => percent)).toEqual([5, 50]);
    expect(steps[0]?.timings).toEqual([{ model_loaded_ms: 1 }]);
    const updates = bench.lambda.calls.filter(({ operation }) => operation === 'UpdateAlias');
    expect(updates.every(({ input }) => typeof input['RevisionId'] === 'string')).toBe(true);
    expect(await target.route(bench.request('live', '1.0.0', other()))).toMatchObject({ changed: false });
  });

  it('waits in each step, and keeps asking', async () => {
    const target = await bench.target({ shift: { steps: [5], 'wait-seconds': 1 } });
    const began = performance.now();
    await target.route(bench.request('live', '1.0.0', other()));
    expect(performance.now() - began).toBeGreaterThan(1000);
  });

  it('goes back at the first error, and leaves no share behind', async () => {
    const target = await bench.target(shifting);
    const request = bench.request('live', '1.0.0', other());
    bench.lambda.onDone = breakAfterFirstStep(bench.lambda.onDone);
    await expect(target.route(request)).rejects.toMatchObject({ exit: 7 });
    expect(alias()).toMatchObject({ FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: {} } });
    expect(moves).toEqual(['1 2@0.05', '1']);
  });

  /** Version 2 works until it has its first share of the calls. */
  function breakAfterFirstStep(then: typeof bench.lambda.onDone): typeof bench.lambda.onDone {
    return async (call) => {
      await then(call);
      if (call.operation === 'UpdateAlias') bench.group.broken.add('2');
      if (moves.length === 2) bench.lambda.onDone = then;
    };
  }

  it('goes back when the judge says so', async () => {
    const target = await bench.target(shifting);
    const judge = () => {
      throw new Error('too slow');
    };
    const routing = target.route({ ...bench.request('live', '1.0.0', other()), judge });
    await expect(routing).rejects.toThrow('too slow');
    expect(moves).toEqual(['1 2@0.05', '1']);
  });

  it('goes on where a run that was killed has stopped', async () => {
    const stop = new AbortController();
    const killed = await bench.target(shifting, stop.signal);
    const judge = ({ percent }: ShiftStep) => {
      if (percent === 50) stop.abort(new Error('killed'));
    };
    await expect(killed.route({ ...bench.request('live', '1.0.0', other()), judge })).rejects.toThrow('killed');
    expect(moves).toEqual(['1 2@0.05', '1 2@0.5']);
    await (await bench.target(shifting)).route(bench.request('live', '1.0.0', other()));
    expect(moves).toEqual(['1 2@0.05', '1 2@0.5', '2']);
    expect(bench.lambda.account.find(functionName).versions.size).toBe(2);
  });

  it('takes the share back when what was live before is routed again', async () => {
    const stop = new AbortController();
    const killed = await bench.target(shifting, stop.signal);
    const judge = () => stop.abort(new Error('killed'));
    await expect(killed.route({ ...bench.request('live', '1.0.0', other()), judge })).rejects.toThrow('killed');
    const target = await bench.target(shifting);
    expect(await target.route(bench.request('live', '1.0.0'))).toMatchObject({ changed: true });
    expect(moves).toEqual(['1 2@0.05', '1']);
  });

  it('looks again where someone has moved the alias meanwhile', async () => {
    const target = await bench.target(shifting);
    let moved = false;
    const judge = () => {
      if (!moved) alias()['RevisionId'] = 'someone-else';
      moved = true;
    };
    await target.route({ ...bench.request('live', '1.0.0', other()), judge });
    expect(alias()).toMatchObject({ FunctionVersion: '2' });
    const refused = bench.lambda.calls.filter((call) => call.operation === 'UpdateAlias' && call.status === 412);
    expect(refused).toHaveLength(1);
  });
});
