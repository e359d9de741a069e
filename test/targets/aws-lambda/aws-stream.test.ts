import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';

const streaming = { 'response-stream': true };

describe('a function that streams its answers', () => {
  let bench: FunctionBench;
  /** What the URL of an alias expects, and where the live alias leads, after each change of either. */
  let moves: string[];
  const found = () => bench.lambda.account.find(functionName);
  const modeOf = (alias: string) => found().urls.get(alias)?.['InvokeMode'];
  const version = () => found().aliases.get('live')?.configuration.FunctionVersion;
  const route = async (more: Record<string, unknown>) =>
    (await bench.target(more)).route(bench.request('live', '1.0.0'));
  beforeAll(async () => {
    bench = await FunctionBench.open();
    bench.lambda.onDone = ({ operation }) => {
      if (/Alias|UrlConfig$/.test(operation) && /^(?:Create|Update)/.test(operation))
        moves.push(`${version()} ${modeOf('live')}`);
    };
  });
  beforeEach(async () => {
    bench.group.broken.clear();
    await (await bench.target()).remove({ name: functionName }, 'all');
    moves = [];
  });
  afterAll(() => bench.close());

  it('has a URL that expects it, as its candidates have', async () => {
    const target = await bench.target(streaming);
    expect(await target.route(bench.request('live', '1.0.0'))).toMatchObject({ changed: true });
    await target.deploy(bench.request('candidate', '1.1.0'));
    expect([modeOf('live'), modeOf('candidate-1_1_0')]).toEqual(['RESPONSE_STREAM', 'RESPONSE_STREAM']);
    expect(await route(streaming)).toMatchObject({ changed: false });
  });

  it('gets and loses it with the version that streams, without a share for one that answers otherwise', async () => {
    await route({});
    await route({ ...streaming, shift: { steps: [5, 50], 'wait-seconds': 0 } });
    await route({});
    expect(moves).toEqual([
      ...['1 undefined', '1 BUFFERED'],
      ...['2 BUFFERED', '2 RESPONSE_STREAM'],
      ...['1 RESPONSE_STREAM', '1 BUFFERED'],
    ]);
  });

  it('is led back to with what it expects where the next version does not work', async () => {
    await route({});
    bench.lambda.onDone = breakAfterMove(bench.lambda.onDone);
    await expect(route(streaming)).rejects.toMatchObject({ exit: 7 });
    expect([version(), modeOf('live')]).toEqual(['1', 'BUFFERED']);
    expect(await route({})).toMatchObject({ changed: false });
  });

  /** Version 2 works until the URL leads to it. */
  function breakAfterMove(then: typeof bench.lambda.onDone): typeof bench.lambda.onDone {
    return async (call) => {
      await then(call);
      if (call.operation !== 'UpdateFunctionUrlConfig') return;
      bench.group.broken.add('2');
      bench.lambda.onDone = then;
    };
  }
});
