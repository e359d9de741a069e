import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dist, testCache } from '../fakes/processes/runner.ts';

/** When a run is killed: after so many ms, or at the first change of its store or its functions' folder. */
export type Moment = number | 'first write';

/** How often the folders are looked at for a first write, ms. */
const lookMs = 2;

/** What lies in the store and in the folder of the local target's functions; another answer means that something wrote. */
function written(folder: string): string {
  const names = ['store', '.coldgate'].map((name) => join(folder, name)).filter((path) => existsSync(path));
  try {
    return names.flatMap((path) => readdirSync(path, { recursive: true, encoding: 'utf8' })).join();
  } catch {
    // A folder went away while it was read.
    return 'changing';
  }
}

export interface KilledRun {
  /** Whether it was still running when it was killed. */
  inTime: boolean;
  /** How long it ran. */
  ms: number;
}

/** Runs a verb of the built command line and kills it with SIGKILL at the moment. */
export function killedRun(args: readonly string[], folder: string, moment: Moment): Promise<KilledRun> {
  const before = moment === 'first write' ? written(folder) : '';
  const began = performance.now();
  const child = spawn(process.execPath, [join(dist, 'cli.js'), ...args], {
    cwd: folder,
    env: { ...process.env, COLDGATE_CACHE: testCache },
    stdio: 'ignore',
  });
  const kill = () => child.kill('SIGKILL');
  const timer =
    moment === 'first write'
      ? setInterval(() => written(folder) !== before && kill(), lookMs)
      : setTimeout(kill, moment);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (_code, signal) => {
      clearInterval(timer);
      resolve({ inTime: signal === 'SIGKILL', ms: performance.now() - began });
    });
  });
}
