import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';

const features = {
  ...{ endpoint: 'http-api', auth: 'jwt', jwt: { issuer: 'https://login.example/', audience: ['digits'] } },
  'provisioned-scaling': { maximum: 3, schedules: [{ at: 'rate(1 day)', minimum: 1, maximum: 2 }] },
  ...{ 'provisioned-concurrency': 1, batch: { bucket: 'uploads' }, shift: { steps: [50], 'wait-seconds': 0 } },
  'runtime-layer': true,
};

const domain = { name: 'api.example.org', certificate: 'arn:aws:acm:eu-west-1:123456789012:certificate/1a2b' };
const plan = { name: 'partners', rate: 50, burst: 100, keys: [{ name: 'acme' }, { name: 'globex' }] };
const webAcl = 'arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/acme/1a2b';
const rest = {
  ...{ endpoint: 'rest-api', auth: 'none' },
  'rest-api': { plans: [plan], domain, cache: {}, 'web-acl': webAcl },
};
/** Another document, another plan with a key of the one before, a host that is closed. */
const restAfter = {
  ...{ endpoint: 'rest-api', auth: 'iam' },
  'rest-api': {
    plans: [{ ...plan, name: 'others', keys: [{ name: 'globex' }] }],
    domain: { ...domain, 'trust-store': 's3://trust/clients.pem' },
  },
};

/**
 * Ends a run after each call that changes something, its answer never seen, and runs the same again: what is left must be
 * what an undisturbed run leaves. The command line as a process is killed elsewhere; here it is the settings beyond code.
 */
describe.each([
  ['an HTTP API, a batch and scaling', features, features],
  ['a REST API', rest, restAfter],
])('a route to Lambda with %s that ends anywhere', (_what, before, next) => {
  let bench: FunctionBench;
  const request = (text: string) =>
    bench.request('live', '1.0.0', before === rest ? bench.package(text) : bench.layered(text, text));
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
    await (await bench.target(before)).remove({ name: functionName }, 'all');
    bench.lambda.neighbours.logs.days.clear();
    bench.lambda.neighbours.buckets.notifications.clear();
  };
  /** Routes, ends after that many changing calls, and routes again; returns how many there were. */
  const routeEnding = async (after: number, text: string): Promise<number> => {
    const stop = new AbortController();
    let changes = 0;
    bench.lambda.onDone = ({ mutating }) => {
      if (mutating && ++changes === after) stop.abort(new Error('ended'));
    };
    const settings = text === 'one' ? before : next;
    const ended = (await bench.target(settings, stop.signal)).route(request(text));
    if (after > 0) await expect(ended).rejects.toThrow('ended');
    else await ended;
    bench.lambda.onDone = () => {};
    if (after > 0) await (await bench.target(settings)).route(request(text));
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

  it('has one end, from another package and other settings', async () => {
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
