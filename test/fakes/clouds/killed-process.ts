import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, vi } from 'vitest';
import { removeTree } from './read-only-folders.ts';

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/**
 * Kills a process with a stand-in: the instance that it had started ends, too.
 * @param script prints the instance's `pid` and the stand-in's folder (`scratch`), and stays
 */
export async function endsWithItsProcess(script: string): Promise<void> {
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { pid, scratch } = JSON.parse(line.toString()) as { pid: number; scratch: string };
  expect(isAlive(pid)).toBe(true);
  child.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 60_000);
  removeTree(scratch);
}
