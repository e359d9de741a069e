import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Target } from '../../../src/rollout/target.ts';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';
import { denied, ServiceError, throttled } from '../../lambda/service-error.ts';
import type { Fault } from '../../lambda/stand-in.ts';

/*
 * A release to a function that is live already, with one thing going wrong at each call in turn; and the first one, up to
 * where it does the same. Both are recorded undisturbed first; whatever goes wrong once, the same must be left. What the functions answer does not
 * matter here, so they answer at once.
 */
const busy = new ServiceError(
  'ResourceConflictException',
  409,
  'The operation cannot be performed at this time. An update is in progress for resource',
);
const failing = new ServiceError('ServiceException', 500, 'An error occurred and the request cannot be processed.');

const faults: [string, Fault, 'any' | 'mutating'][] = [
  ['429 TooManyRequestsException', throttled(), 'any'],
  ['409 ResourceConflictException', busy, 'mutating'],
  ['500 ServiceException before it is done', failing, 'any'],
  ['a lost answer after it is done', 'lost', 'any'],
];

type Restore = () => void;

describe.each(['the first release', 'the next release'])('%s', (which) => {
  let bench: FunctionBench;
  let target: Target;
  let restore: Restore;
  let calls: { operation: string; mutating: boolean }[];
  let left: string[];
  /** Calls that something goes wrong at. */
  let until: number;

  /** Everything that a release asks of the target, with another package, so that code is uploaded too. */
  async function release(): Promise<void> {
    const zip = bench.package('export const release = 2');
    await target.deploy(bench.request('candidate', '1.1.0', zip));
    const { settings, ...request } = bench.request('candidate', '1.1.0', zip);
    const start = await target.sample({ settings, ...request, timeoutMs: 30_000 });
    expect(start.status).toBe('ok');
    bench.group.pointer = '1.1.0';
    await target.route(bench.request('live', '1.1.0', zip));
    await target.remove(settings, 'candidates');
  }

  beforeAll(async () => {
    bench = await FunctionBench.open();
    bench.lambda.account.looks = 0;
    target = await bench.target();
    if (which === 'the next release') await target.route(bench.request('live', '1.0.0'));
    const kept = structuredClone(bench.lambda.account.functions);
    restore = () => {
      bench.group.pointer = '1.0.0';
      bench.lambda.account.functions.clear();
      for (const [name, found] of structuredClone(kept)) bench.lambda.account.functions.set(name, found);
    };
    restore();
    bench.lambda.calls.splice(0);
    await release();
    calls = bench.lambda.calls.splice(0).filter(({ operation }) => operation !== 'Invoke');
    left = inventory();
    const published = calls.findIndex(({ operation }) => operation === 'PublishVersion');
    until = which === 'the next release' ? calls.length : published;
  });
  afterAll(() => bench.close());

  /**
   * By what things are: a repeated publication may have another number. A sample's version may be left, but never without
   * its end in half an hour, after which any run removes it (lambda-killed.test.ts).
   */
  function inventory(): string[] {
    const { account, neighbours } = bench.lambda;
    const lines = [...account.inventory(), ...neighbours.inventory()].filter((line) => {
      const until = / coldgate sample .* until (\S+)$/.exec(line)?.[1];
      return until === undefined || Date.parse(until) > Date.now() + 30 * 60_000;
    });
    return lines.map((line) => line.replace(/:\d+ coldgate/, ' coldgate').replace(/ -> \d+$/, '')).sort();
  }

  /** Answers the fault at the nth of the calls that count. */
  function at(nth: number, fault: Fault): void {
    let count = 0;
    bench.lambda.fault = (operation) => {
      if (operation === 'Invoke') return undefined;
      return count++ === nth ? fault : undefined;
    };
  }

  it('is what it should be, undisturbed', () => {
    const named = calls.map(({ operation }) => operation);
    expect(named).toEqual(expect.arrayContaining(['PublishVersion', 'CreateAlias', 'AddPermission', 'DeleteAlias']));
    expect(left).toEqual(expect.arrayContaining([expect.stringMatching(/^alias digits-production:live/)]));
    expect(left.filter((line) => /candidate|sample/.test(line))).toEqual([]);
  });

  it.each(faults)('bears %s at each call in turn', async (_what, fault, where) => {
    const wrong: Record<string, unknown> = {};
    for (const [nth, { operation, mutating }] of calls.entries()) {
      if (nth >= until || (!mutating && where === 'mutating')) continue;
      restore();
      at(nth, fault);
      const failure = await release().catch((error: Error) => error.message);
      bench.lambda.fault = () => undefined;
      const now = inventory();
      if (failure || JSON.stringify(now) !== JSON.stringify(left)) wrong[`${operation}, ${nth + 1}`] = failure ?? now;
    }
    expect({ left, wrong }).toEqual({ left, wrong: {} });
  });

  it('names each action that is not allowed, and converges once it is', async () => {
    const lost: Record<string, unknown> = {};
    for (const operation of new Set(calls.filter(({ mutating }) => mutating).map((call) => call.operation))) {
      restore();
      const action = `lambda:${operation}`;
      bench.lambda.fault = (requests) =>
        requests === operation ? denied(action, `function:${functionName}`) : undefined;
      const failure = await release().catch((error: unknown) => error);
      bench.lambda.fault = () => undefined;
      bench.group.pointer = '1.0.0';
      await release();
      const { code, exit, message = '' } = (failure ?? {}) as { code?: string; exit?: number; message?: string };
      const fine = code === 'permission-denied' && exit === 8 && message.includes(action);
      if (!fine || JSON.stringify(inventory()) !== JSON.stringify(left))
        lost[operation] = { code, exit, message, now: inventory() };
    }
    expect({ left, lost }).toEqual({ left, lost: {} });
  });
});
