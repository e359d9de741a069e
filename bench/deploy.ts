import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '../src/log.ts';
import { buildPackage } from '../src/package/build.ts';
import { dist, testCache } from '../test/fakes/processes/runner.ts';
import { FunctionBench } from '../test/lambda/function-bench.ts';
import { type Goal, median, msText, type Options } from './goal.ts';
import { ServiceClock } from './service-clock.ts';

const limits = { build: 3, deploy: 2 };

/**
 * A changed handler on its way to Lambda with a warm cache: the package, then all that our side does to have it live,
 * uploads on loopback included.
 */
export async function deploying({ quick, scratch }: Options): Promise<Goal[]> {
  mkdirSync(scratch, { recursive: true });
  const folder = mkdtempSync(join(scratch, 'deploy-'));
  const handlerDir = join(folder, 'handler');
  cpSync(join(dist, 'handler'), handlerDir, { recursive: true });
  const entry = join(handlerDir, 'lambda.mjs');
  const bench = await FunctionBench.open();
  bench.lambda.account.looks = 0;
  const service = new ServiceClock();
  bench.lambda.fault = () => service.enter();
  bench.lambda.onDone = () => service.leave();
  try {
    const target = await bench.target();
    const options = { platform: target.platform, entry: target.entry, handlerDir, cacheDir: testCache };
    const round = async () => {
      writeFileSync(entry, `${readFileSync(entry, 'utf8')}\n// ${performance.now()}\n`);
      service.ms = 0;
      const began = performance.now();
      const { path, sha256, size } = await buildPackage({ ...options, log: silentLogger });
      const built = performance.now();
      await target.route(bench.request('live', '1.0.0', { path, sha256, size }));
      return { build: built - began, deploy: performance.now() - began - service.ms };
    };
    await round();
    const taken: { build: number; deploy: number }[] = [];
    for (let rounds = quick ? 1 : 5; rounds > 0; rounds -= 1) taken.push(await round());
    return (['build', 'deploy'] as const).map((what) => {
      const ms = median(taken.map((one) => one[what]));
      const whole = what === 'build' ? 'package of a changed handler' : 'deploy of a changed handler, package included';
      const name = `${whole}, warm cache`;
      return { what: name, peer: '', ours: msText(ms), theirs: '', value: ms / 1000, limit: limits[what], unit: 's' };
    });
  } finally {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
