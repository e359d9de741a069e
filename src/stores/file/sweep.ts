import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileContext } from './context.ts';
import { discard, hostTag } from './temporary.ts';

/** A running write keeps touching its file; one whose file has not changed for a day is over. In ms. */
const day = 24 * 60 * 60 * 1000;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // EPERM: it is there, it belongs to someone else.
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
}

/**
 * Removes temporaries that killed writers left: older than a day by the file system's own clock (that of `reference`, a
 * file written just now), and not of a process that lives on this machine. A writer on another machine that slept for a
 * day fails to publish with an error; it does no harm. Never throws: leftovers cost space, not correctness.
 */
export async function sweepTemporaries(context: FileContext, reference: Date): Promise<void> {
  try {
    for (const name of await readdir(context.layout.temporaries)) {
      const [host, pid] = name.split('-');
      if (host === hostTag() && isAlive(Number(pid))) continue;
      const path = join(context.layout.temporaries, name);
      const age = reference.getTime() - (await lstat(path)).mtimeMs;
      if (age > day) await discard(path);
    }
  } catch {
    // Another process sweeps too, or we may not: the next write tries again.
  }
}
