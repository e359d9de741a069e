import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '../src/log.ts';
import { buildPackage } from '../src/package/build.ts';
import { Generation } from '../test/azure/edge/generation.ts';
import { AzureBench, fakeFiles } from '../test/azure/target-bench.ts';
import type { Web } from '../test/azure/web/web.ts';
import { dist, testCache } from '../test/fakes/processes/runner.ts';
import { type Goal, median, msText, type Options } from './goal.ts';
import { ServiceClock } from './service-clock.ts';

const limits = { quick: 5, whole: 2 };

/** Starts of instances, which a request to an app waits for, are the service's. */
function countStarts(web: Web, service: ServiceClock): void {
  const generationFor = web.generationFor.bind(web);
  const counted = new WeakSet<Generation>();
  web.generationFor = (site) => {
    const found = generationFor(site);
    if (!(found instanceof Generation) || counted.has(found)) return found;
    counted.add(found);
    const take = found.pool.take.bind(found.pool);
    found.pool.take = async () => {
      service.enter();
      return take().finally(() => service.leave());
    };
    return found;
  };
}

/**
 * A changed handler on its way to Azure Functions with a warm cache, by each plan's way: the package, its upload on loopback, and all that
 * our side does to have it live, with the pauses between its looks. The stand-in answers at once; what it does itself, starts of
 * instances included, is not counted.
 */
export async function deployingOnAzure({ quick, scratch }: Options): Promise<Goal[]> {
  mkdirSync(scratch, { recursive: true });
  const folder = mkdtempSync(join(scratch, 'deploy-azure-'));
  const handlerDir = join(folder, 'handler');
  cpSync(join(dist, 'handler'), handlerDir, { recursive: true });
  for (const [name, text] of Object.entries(fakeFiles())) writeFileSync(join(handlerDir, name), text);
  const bench = await AzureBench.open({ knobs: { looks: 0, publishStates: [4] } });
  const service = new ServiceClock();
  const { context, web } = bench.azure;
  context.fault = () => service.enter();
  context.onDone = () => service.leave();
  countStarts(web, service);
  const taken = async (plan: string): Promise<number[]> => {
    const target = await bench.target({ plan });
    const { platform, entry } = target;
    const options = { platform, entry, handlerDir, cacheDir: testCache, log: silentLogger };
    const round = async (): Promise<number> => {
      writeFileSync(join(handlerDir, entry ?? ''), `import './azure-entry.cjs';\n// ${performance.now()}\n`);
      service.ms = 0;
      const began = performance.now();
      const { path, sha256, size } = await buildPackage(options);
      const { changed } = await target.route(bench.request('live', 0, { path, sha256, size }));
      if (!changed) throw new Error('nothing was deployed');
      return performance.now() - began - service.ms;
    };
    await round();
    const times: number[] = [];
    for (let rounds = quick ? 1 : 5; rounds > 0; rounds -= 1) times.push(await round());
    await target.remove(bench.settings, 'all');
    return times;
  };
  try {
    const goals: Goal[] = [];
    for (const [plan, way] of [
      ['flex-consumption', 'an update in place on Flex Consumption'],
      ['premium', 'a swap of slots on Premium'],
    ] as const) {
      const ms = median(await taken(plan));
      const what = `deploy of a changed handler to Azure by ${way}, package included, warm cache`;
      goals.push({
        what,
        peer: '',
        ours: msText(ms),
        theirs: '',
        value: ms / 1000,
        limit: quick ? limits.quick : limits.whole,
        unit: 's',
      });
    }
    return goals;
  } finally {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
