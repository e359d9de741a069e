import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';

const features = {
  ...{ endpoint: 'http-api', auth: 'jwt', jwt: { issuer: 'https://login.example/', audience: ['digits'] } },
  'provisioned-scaling': { maximum: 3, schedules: [{ at: 'rate(1 day)', minimum: 1, maximum: 2 }] },
  ...{ 'provisioned-concurrency': 1, batch: { bucket: 'uploads' }, shift: { steps: [50], 'wait-seconds': 0 } },
  'runtime-layer': true,
};

/**
 * Ends a run after each call that changes something, its answer never seen, and runs the same again: what is left must be
 * what an undisturbed run leaves. The command line as a process is killed elsewhere; here it is the settings beyond code.
 */
describe('a route to Lambda that ends anywhere', () => {
  let bench: FunctionBench;
  const request = (text: string) => bench.request('live', '1.0.0', bench.layered(text, text));
  /** Everything but numbers and ids, which count on. */
  const left = (): string[] => {
    const { account, neighbours } = bench.lambda;
    const lines = [...account.inventory(), ...neighbours.inventory()];
    const live = account.alias(functionName, 'live').configuration;
    const { CodeSha256 } = account.version(functionName, 'live').configuration;
    const weights = Object.keys(live.RoutingConfig?.AdditionalVersionWeights ?? {}).length;
    const numberless = lines.map((line) => line.replace(/:\d+|-> \d+| api\d+/g, ''));
    return [
      ...numberless.filter((line) => !line.startsWith('version')),
      String(CodeSha256),
      `shared ${weights}`,
    ].sort();
  };
  const reset = async (): Promise<void> => {
    bench.lambda.onDone = () => {};
    await (await bench.target(features)).remove({ name: functionName }, 'all');
    bench.lambda.neighbours.logs.days.clear();
    bench.lambda.neighbours.buckets.notifications.clear();
  };
  /** Routes, ends after that many changing calls, and routes again; answers how many there were. */
  const routeEnding = async (after: number, text: string): Promise<number> => {
    const stop = new AbortController();
    let changes = 0;
    bench.lambda.onDone = ({ mutating }) => {
      if (mutating && ++changes === after) stop.abort(new Error('ended'));
    };
    const ended = (await bench.target(features, stop.signal)).route(request(text));
    if (after > 0) await expect(ended).rejects.toThrow('ended');
    else await ended;
    bench.lambda.onDone = () => {};
    if (after > 0) await (await bench.target(features)).route(request(text));
    return changes;
  };
  beforeAll(async () => {
    bench = await FunctionBench.open();
    bench.lambda.account.looks = 0;
    bench.lambda.neighbours.buckets.add('uploads');
  });
  afterAll(() => bench.close());

  it('has one end, from nothing', async () => {
    await reset();
    const count = await routeEnding(0, 'one');
    const whole = left();
    expect(count).toBeGreaterThan(20);
    for (let after = 1; after < count; after += 1) {
      await reset();
      await routeEnding(after, 'one');
      expect([after, left()]).toEqual([after, whole]);
    }
  });

  it('has one end, from another package', async () => {
    await reset();
    await routeEnding(0, 'one');
    const count = await routeEnding(0, 'two');
    const whole = left();
    expect(count).toBeGreaterThan(5);
    for (let after = 1; after < count; after += 1) {
      await reset();
      await routeEnding(0, 'one');
      await routeEnding(after, 'two');
      expect([after, left()]).toEqual([after, whole]);
    }
  });
});
