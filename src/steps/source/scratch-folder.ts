import { readlinkSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../model/digest.ts';

const prefix = 'coldgate-optimize-';
/** Folders of processes that cannot be asked for (another container's, an older release's) go after a day, ms. */
const longestMs = 24 * 60 * 60_000;

/** A process number means something in its own namespace alone: containers may share a folder for temporary files. */
function namespaceMark(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Other systems have one namespace.
  }
  return sha256(`${hostname()} ${namespace}`).slice(0, 8);
}

/**
 * Runs the work with a new folder, which is removed afterwards. Folders of runs that were killed before they could do
 * so are removed first. On a runner it is in the folder that the runner itself cleans up.
 */
export async function withScratchFolder<T>(
  env: Readonly<Record<string, string | undefined>>,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const home = (env['GITHUB_ACTIONS'] === 'true' && env['RUNNER_TEMP']) || tmpdir();
  const mark = namespaceMark();
  await removeLeftovers(home, mark);
  const folder = await mkdtemp(join(home, `${prefix}${mark}-${process.pid}-`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function removeLeftovers(home: string, mark: string): Promise<void> {
  // What cannot be read or removed belongs to another user.
  const names = await readdir(home).catch(() => []);
  for (const name of names.filter((one) => one.startsWith(prefix))) {
    const path = join(home, name);
    const [, of, pid] = /^([0-9a-f]{8})-(\d{1,10})-/.exec(name.slice(prefix.length)) ?? [];
    const isLeft = of === mark ? !isAlive(Number(pid)) : await isOld(path);
    if (isLeft) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

const isOld = async (path: string): Promise<boolean> => {
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() === true && Date.now() - found.mtimeMs > longestMs;
};
