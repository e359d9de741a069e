import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../src/log.ts';
import { prepareTools } from '../../src/package/tools.ts';
import { cacheDirOf, giveHome } from '../../src/runner/places.ts';
import { asOtherUser } from '../fakes/processes/other-user.ts';

const user = process.getuid?.() ?? 0;

describe('the cache folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coldgate-places-'));
    for (const name of ['home', 'tools', 'temp', 'tmp']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'file'), '');
    vi.stubEnv('HOME', join(folder, 'home'));
    vi.stubEnv('TMPDIR', join(folder, 'tmp'));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  const below = (...parts: string[]) => join(folder, ...parts);
  const isMac = process.platform === 'darwin';
  const inHome = () => below('home', ...(isMac ? ['Library', 'Caches'] : ['.cache']), 'coldgate');
  const privateOne = () => below('tmp', `coldgate-${user}`);

  it('is what the user names, then what the runner has, then the home folder’s; nothing is made by looking', () => {
    const runner = { GITHUB_ACTIONS: 'true', RUNNER_TOOL_CACHE: below('tools'), RUNNER_TEMP: below('temp') };
    expect(cacheDirOf({ ...runner, COLDGATE_CACHE: below('mine') })).toBe(below('mine'));
    expect(cacheDirOf(runner)).toBe(below('tools', 'coldgate'));
    expect(cacheDirOf({})).toBe(inHome());
    expect(cacheDirOf({ RUNNER_TEMP: below('temp') })).toBe(inHome());
    if (!isMac) expect(cacheDirOf({ XDG_CACHE_HOME: below('temp') })).toBe(below('temp', 'coldgate'));
    for (const made of ['mine', 'tools/coldgate', 'home/.cache', `tmp/coldgate-${user}`]) {
      expect(existsSync(below(made))).toBe(false);
    }
  });

  it('gives way to the next place where it cannot be had', () => {
    const runner = { GITHUB_ACTIONS: 'true', RUNNER_TOOL_CACHE: below('file', 'tools'), RUNNER_TEMP: below('temp') };
    expect(cacheDirOf(runner)).toBe(below('temp', 'coldgate'));
    expect(cacheDirOf({ ...runner, RUNNER_TEMP: 'relative' })).toBe(inHome());
    vi.stubEnv('HOME', below('file', 'home'));
    expect(cacheDirOf({ RUNNER_TEMP: below('temp') })).toBe(below('temp', 'coldgate'));
    vi.stubEnv('HOME', 'relative');
    expect(cacheDirOf({ XDG_CACHE_HOME: 'relative' })).toBe(privateOne());
    if (!isMac) expect(cacheDirOf({ XDG_CACHE_HOME: below('file') })).toBe(privateOne());
  });

  it('gives way where it is somebody else’s', () => {
    mkdirSync(inHome(), { recursive: true });
    chmodSync(inHome(), 0o500);
    chmodSync(folder, 0o755);
    chmodSync(below('temp'), 0o777);
    const module = JSON.stringify(join(import.meta.dirname, '../../src/runner/places.ts'));
    const script = `console.log((await import(${module})).cacheDirOf({ RUNNER_TEMP: ${JSON.stringify(below('temp'))} }))`;
    const output = asOtherUser(script, { HOME: below('home') });
    if (output !== undefined) expect(output.trim()).toBe(below('temp', 'coldgate'));
    chmodSync(inHome(), 0o700);
  });

  it('is private in a folder that everybody writes, and never what others may have put there', () => {
    vi.stubEnv('HOME', below('file'));
    expect(cacheDirOf({})).toBe(privateOne());
    expect(statSync(privateOne()).mode & 0o777).toBe(0o700);
    chmodSync(privateOne(), 0o777);
    expect(cacheDirOf({})).not.toBe(privateOne());
    rmSync(privateOne(), { recursive: true });
    writeFileSync(privateOne(), '');
    expect(cacheDirOf({})).not.toBe(privateOne());
  });

  it('is asked for by name where there is none: exit 2, by whoever needs it', async () => {
    const options = { handlerDir: below('home'), log: silentLogger };
    for (const cacheDir of [below('file', 'deep', 'coldgate'), below('file')]) {
      const error = await prepareTools({ ...options, cacheDir }).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'no-cache', exit: 2 });
      expect((error as { hint: string }).hint).toMatch(/COLDGATE_CACHE.*HOME/);
    }
  });

  it('comes with a home folder for those who have none', () => {
    const env: NodeJS.ProcessEnv = { HOME: below('home') };
    giveHome(env);
    expect(env).toEqual({ HOME: below('home') });
    vi.stubEnv('HOME', 'relative');
    giveHome(env);
    expect(env).toEqual({ HOME: privateOne() });
  });

  it('has room for npm’s own where the home folder has none', () => {
    const env: NodeJS.ProcessEnv = { RUNNER_TEMP: below('temp') };
    vi.stubEnv('HOME', below('file'));
    giveHome(env);
    expect(env['npm_config_cache']).toBe(below('temp', 'coldgate', 'npm'));
  });
});
