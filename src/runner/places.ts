import { homedir, platform } from 'node:os';
import { join, resolve } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Folder for downloads that can be made again. `COLDGATE_CACHE` decides; else the runner's tool cache, else the user's
 * cache folder by the platform's convention.
 */
export function cacheDirOf(env: Env): string {
  if (env['COLDGATE_CACHE']) return resolve(env['COLDGATE_CACHE']);
  const runner = env['RUNNER_TOOL_CACHE'] ?? env['RUNNER_TEMP'];
  if (env['GITHUB_ACTIONS'] === 'true' && runner) return join(runner, 'coldgate');
  if (platform() === 'darwin') return join(homedir(), 'Library', 'Caches', 'coldgate');
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'coldgate');
}
