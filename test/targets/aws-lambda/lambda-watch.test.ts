import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReleaseBench } from '../../lambda/release-bench.ts';

/*
 * The command line on the stand-in for Lambda; what is live breaks when the test says so, and answers at once.
 */
describe('promote --watch on Lambda', () => {
  let bench: ReleaseBench;
  beforeAll(async () => {
    bench = await ReleaseBench.open({ looks: 0 });
    expect((await bench.run(['ship'])).exit).toBe(0);
  });
  afterAll(() => bench.close());

  const aliasOf = () => bench.lambda.account.alias('digits-local', 'live').configuration.FunctionVersion;
  const live = async (): Promise<string> => {
    const { FunctionUrl } = bench.lambda.account.find('digits-local').urls.get('live') ?? {};
    const reply = await fetch(`${String(FunctionUrl)}v1/health?warm=true`);
    return ((await reply.json()) as { model: { version: string } }).model.version;
  };

  /** Promotes with other settings, so that the alias moves too; `then` happens as soon as it is watched. */
  async function promote(version: string, memory: number, then: () => void) {
    bench.target = `auth: none, memory: ${memory}`;
    bench.release({ version, bias: 0.25 });
    expect((await bench.run(['publish'])).exit).toBe(0);
    let reported = false;
    const args = ['promote', '--gate', 'skip', '--watch', '60s', '--json'];
    const { exit, stdout } = await bench.run(args, (_kill, stderr) => {
      if (reported || !stderr.includes(`Watching digits ${version}`)) return;
      reported = true;
      then();
    });
    return { exit, ...JSON.parse(stdout) };
  }

  it('takes pointer and alias back, the alias to the very version that it named', async () => {
    const before = aliasOf();
    let during: string | undefined;
    const { exit, error, watch, promoted } = await promote('1.1.0', 2048, () => {
      during = aliasOf();
      bench.failing.add('1.1.0');
    });
    expect([exit, error.code, watch.outcome, promoted]).toEqual([7, 'watch-failed', 'rolled-back', false]);
    expect(during).not.toBe(before);
    expect(aliasOf()).toBe(before);
    expect(bench.pointer()).toMatchObject({ version: '1.0.0', kind: 'rollback' });
    expect(await live()).toBe('1.0.0');
  });

  it('leaves an alias alone that someone else has moved meanwhile, and says so', async () => {
    const before = aliasOf();
    const { exit, error, watch } = await promote('1.2.0', 3008, () => {
      bench.failing.add('1.2.0');
      bench.failing.add('1.0.0');
      const alias = bench.lambda.account.alias('digits-local', 'live').configuration;
      const { versions } = bench.lambda.account.find('digits-local');
      alias.FunctionVersion = [...versions.keys()].find((number) => ![before, alias.FunctionVersion].includes(number))!;
      alias['RevisionId'] = 'moved-by-hand';
    });
    expect([exit, watch.outcome]).toEqual([7, 'partially-rolled-back']);
    expect(error.message).toContain('Someone else has changed the live function meanwhile, so that stays.');
    expect(bench.lambda.account.alias('digits-local', 'live').configuration['RevisionId']).toBe('moved-by-hand');
    expect(bench.pointer()).toMatchObject({ version: '1.0.0', kind: 'rollback' });
    bench.failing.clear();
  });
});

describe('warmup --burst on Lambda', () => {
  let bench: ReleaseBench;
  beforeAll(async () => {
    bench = await ReleaseBench.open({ looks: 0 });
    expect((await bench.run(['publish'])).exit).toBe(0);
    expect((await bench.run(['deploy'])).exit).toBe(0);
    bench.takesMs = 400;
  });
  afterAll(() => bench.close());

  const burst = async (...more: string[]) => {
    const { exit, stdout } = await bench.run(['warmup', '--burst', '20', '--json', ...more]);
    return { exit, ...JSON.parse(stdout) };
  };

  it('tells the cold share, and proposes what Little’s law says', async () => {
    await bench.lambda.data.stopAll();
    const found = await burst();
    expect(found).toMatchObject({ exit: 0, 'cold-share': 1, throttled: 0 });
    expect(found.burst.first).toMatchObject({ answered: 20, cold: 20, instances: 20, failed: 0 });
    expect(found.burst.first.times.p50).toBeGreaterThanOrEqual(400);
    // 20 a second, each of them a little more than 0.4 s: 8 in progress and a tenth more.
    expect(found.burst.serviceMs).toBeGreaterThanOrEqual(400);
    expect(found.provisioned).toBe(Math.min(20, Math.ceil((20 * found.burst.serviceMs * 1.1) / 1000)));
    expect((await burst())['cold-share']).toBe(0);
  });

  it('counts what the platform turns away, and says what to raise', async () => {
    bench.target = 'auth: none, reserved-concurrency: 8';
    bench.release({});
    expect((await bench.run(['deploy'])).exit).toBe(0);
    // Longer than this machine may take to send them all.
    bench.takesMs = 1500;
    const { exit, throttled, burst: found, ...rest } = await burst();
    expect([exit, throttled]).toEqual([0, 24]);
    expect(found.first).toMatchObject({ answered: 8, throttled: 12, failed: 0 });
    expect(found.again).toMatchObject({ answered: 8, throttled: 12, failed: 0 });
    expect(rest['cold-share']).toBeLessThanOrEqual(1);
    const { stderr } = await bench.run(['warmup', '--burst', '20']);
    expect(stderr).toContain('raise reserved-concurrency');
  });
});
