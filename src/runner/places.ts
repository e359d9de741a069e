import { accessSync, constants, lstatSync, mkdirSync, statSync } from 'node:fs';
import { homedir, platform, tmpdir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Folder for downloads that can be made again: `COLDGATE_CACHE` if it is set; else the first of the runner's tool
 * cache, the user's cache folder by the platform's convention, `RUNNER_TEMP`, and a private folder of the system's
 * temporary one that can be written. If none can, the first of them: its user reports the error.
 */
export function cacheDirOf(env: Env): string {
  if (env['COLDGATE_CACHE']) return resolve(env['COLDGATE_CACHE']);
  const places = placesOf(env);
  return places.find(canBeMade) ?? privateFolder() ?? places[0] ?? join(tmpdir(), 'coldgate');
}

function placesOf(env: Env): string[] {
  const runner = [env['RUNNER_TOOL_CACHE'], env['RUNNER_TEMP']];
  const home = homeFolder();
  const user = platform() === 'darwin' ? home && join(home, 'Library', 'Caches') : home && join(home, '.cache');
  // A relative XDG_CACHE_HOME is ignored, as its specification requires.
  const own = platform() !== 'darwin' && isFolderName(env['XDG_CACHE_HOME']) ? env['XDG_CACHE_HOME'] : user;
  const wanted = env['GITHUB_ACTIONS'] === 'true' ? [...runner, own] : [own, env['RUNNER_TEMP']];
  return wanted.filter(isFolderName).map((folder) => join(folder, 'coldgate'));
}

const isFolderName = (name: string | undefined): name is string => name !== undefined && isAbsolute(name);

/** Undefined for users without one: a container may run as an id that no list of users has. */
function homeFolder(): string | undefined {
  try {
    const home = homedir();
    return isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the folder is there and can be written, or could be made; makes nothing. */
function canBeMade(folder: string): boolean {
  try {
    const isFolder = statSync(folder).isDirectory();
    accessSync(folder, constants.W_OK | constants.X_OK);
    return isFolder;
  } catch (error) {
    const parent = dirname(folder);
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && parent !== folder && canBeMade(parent);
  }
}

/** In a world-writable folder: created with access for this user only, and refused if another user owns it. */
function privateFolder(): string | undefined {
  const user = process.getuid?.();
  const folder = join(tmpdir(), user === undefined ? 'coldgate' : `coldgate-${user}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch {
    // It is there, or cannot be created: the check below shows which.
  }
  try {
    const found = lstatSync(folder);
    const ours = user === undefined || (found.uid === user && (found.mode & 0o077) === 0);
    return found.isDirectory() && ours ? folder : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Gives a user without a home folder one, in the environment of this process: the SDKs of clouds look for their
 * settings there, and fail with a system error without one. npm keeps its cache there and fails where it cannot: it
 * gets a folder in ours.
 */
export function giveHome(env: NodeJS.ProcessEnv): void {
  const home = homeFolder();
  if (home === undefined) env['HOME'] = privateFolder() ?? '/';
  else if (!canBeMade(join(home, '.npm'))) env['npm_config_cache'] ??= join(cacheDirOf(env), 'npm');
}
