import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '../src/log.ts';
import { buildPackage } from '../src/package/build.ts';
import { dist, testCache } from '../test/fakes/processes/runner.ts';
import { type Goal, median, msText, type Options } from './goal.ts';

const limits = { x64: { zip: 18.5, unzipped: 47 }, arm64: { zip: 11, unzipped: 26.5 } };

/** Size of the function package for both Linux CPUs, and how long a build takes when the runtime is cached. */
export async function packaging({ quick, scratch }: Options): Promise<Goal[]> {
  mkdirSync(scratch, { recursive: true });
  const cache = quick ? testCache : mkdtempSync(join(scratch, 'package-'));
  const goals: Goal[] = [];
  const build = async (arch: 'x64' | 'arm64') => {
    const at = performance.now();
    const options = { platform: { os: 'linux' as const, arch }, handlerDir: join(dist, 'handler'), cacheDir: cache };
    const built = await buildPackage({ ...options, log: silentLogger });
    return { ...built, ms: performance.now() - at };
  };
  try {
    for (const arch of ['x64', 'arm64'] as const) {
      const cold = await build(arch);
      const warm = [await build(arch), await build(arch), await build(arch)];
      const unzipped = cold.entries.reduce((sum, e) => sum + e.size, 0) / 1e6;
      const ours = `${msText(cold.ms)} to build, ${msText(median(warm.map((w) => w.ms)))} again`;
      goals.push({
        what: `package linux/${arch}, zipped`,
        peer: '',
        ours,
        theirs: '',
        value: cold.size / 1e6,
        limit: limits[arch].zip,
        unit: 'MB',
      });
      goals.push({
        what: `package linux/${arch}, unzipped`,
        peer: '',
        ours: '',
        theirs: '',
        value: unzipped,
        limit: limits[arch].unzipped,
        unit: 'MB',
      });
    }
  } finally {
    if (!quick) rmSync(cache, { recursive: true, force: true });
  }
  return goals;
}
