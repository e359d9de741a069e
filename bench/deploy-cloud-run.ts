import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '../src/log.ts';
import { buildPackage } from '../src/package/build.ts';
import { dist, testCache } from '../test/fakes/processes/runner.ts';
import { CloudRunBench, fakeHandler } from '../test/google/target-bench.ts';
import { type Goal, median, msText, type Options } from './goal.ts';
import { ServiceClock } from './service-clock.ts';

const limit = 2;

/**
 * A changed handler on its way to Cloud Run with a warm cache: the archive with the runtime in it, its upload on loopback, and
 * all that our side does to have it live. The stand-in answers at once; what it does itself, starts of instances included,
 * is not counted.
 */
export async function deployingOnCloudRun({ quick, scratch }: Options): Promise<Goal[]> {
  mkdirSync(scratch, { recursive: true });
  const folder = mkdtempSync(join(scratch, 'deploy-cloud-run-'));
  const handlerDir = join(folder, 'handler');
  cpSync(join(dist, 'handler'), handlerDir, { recursive: true });
  const bench = await CloudRunBench.open({ knobs: { looks: 0 } });
  const service = new ServiceClock();
  const { context, run } = bench.google;
  context.fault = () => service.enter();
  context.onDone = () => service.leave();
  const begin = run.begin.bind(run);
  run.begin = (...change) => {
    service.enter();
    const operation = begin(...change);
    void operation.work.finally(() => service.leave());
    return operation;
  };
  try {
    const target = await bench.target();
    const { platform, entry, archive } = target;
    const options = { platform, entry, archive, handlerDir, cacheDir: testCache, log: silentLogger };
    const round = async (): Promise<number> => {
      writeFileSync(join(handlerDir, entry ?? ''), fakeHandler(String(performance.now())));
      service.ms = 0;
      const began = performance.now();
      const { path, sha256, size } = await buildPackage(options);
      const { changed } = await target.route(await bench.request('live', 0, { path, sha256, size }));
      if (!changed) throw new Error('nothing was deployed');
      return performance.now() - began - service.ms;
    };
    await round();
    const taken: number[] = [];
    for (let rounds = quick ? 1 : 5; rounds > 0; rounds -= 1) taken.push(await round());
    const ms = median(taken);
    const what = 'deploy of a changed handler to Cloud Run, package included, warm cache';
    return [{ what, peer: '', ours: msText(ms), theirs: '', value: ms / 1000, limit, unit: 's' }];
  } finally {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
