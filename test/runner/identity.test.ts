import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sourceOf } from '../../src/runner/identity.ts';

const folder = mkdtempSync(join(tmpdir(), 'coldgate-identity-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const git = (...args: string[]): string => execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();

describe('where the work comes from', () => {
  it('is what the runner says', async () => {
    const env = { GITHUB_REPOSITORY: 'acme/models', GITHUB_SHA: 'c0ffee', GITHUB_SERVER_URL: 'https://github.com' };
    expect(await sourceOf(env, folder)).toEqual({ repository: 'acme/models', commit: 'c0ffee' });
  });

  it('is nothing without a runner and git', async () => {
    expect(await sourceOf({}, folder)).toEqual({});
  });

  it('is the remote and the commit of a checkout, and no token of its address', async () => {
    git('init', '-q', '.');
    git('-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '-q', '--allow-empty', '-m', 'One');
    const commit = git('rev-parse', 'HEAD');
    expect(await sourceOf({}, folder)).toEqual({ commit });
    git('remote', 'add', 'origin', 'https://example.org/acme/models.git');
    expect(await sourceOf({}, folder)).toEqual({ commit });
    for (const url of [
      'https://github.com/acme/models',
      'https://x:ghs_secret@github.com/acme/models.git',
      'git@github.com:acme/models.git',
      'ssh://git@github.com/acme/models',
    ]) {
      git('remote', 'set-url', 'origin', url);
      expect([url, await sourceOf({}, folder)]).toEqual([url, { repository: 'acme/models', commit }]);
    }
  });
});
