import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const cache = join(import.meta.dirname, '../../.cache');

/** A Python with these pinned packages, kept in .cache; else why there is none. Takes a quarter of a minute once. */
export function preparePython(name: string, packages: readonly string[]): { python: string } | { missing: string } {
  const home = join(cache, name);
  const python = join(home, 'bin', 'python3');
  if (existsSync(python)) return { python };
  if (spawnSync('python3', ['--version']).status !== 0) return { missing: 'there is no python3' };
  rmSync(home, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  // Python finds its packages beside itself, so a whole environment can take its place by one rename.
  const unfinished = `${home}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const made = spawnSync('python3', ['-m', 'venv', unfinished], { encoding: 'utf8' });
  if (made.status !== 0) return { missing: `python3 makes no venv: ${made.stderr || made.stdout}` };
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
  const installed = spawnSync(join(unfinished, 'bin', 'python3'), args, { encoding: 'utf8' });
  if (installed.status !== 0) return { missing: `pip: ${installed.stderr.trim().split('\n').at(-1)}` };
  renameSync(unfinished, home);
  return { python };
}
