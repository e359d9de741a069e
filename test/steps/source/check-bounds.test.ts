import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkBounds } from '../../../src/steps/source/check-bounds.ts';
import { withScratchFolder } from '../../../src/steps/source/scratch-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'coldgate-bounds-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const pull = (head: object, sender = 'octocat'): Record<string, string> => {
  const path = join(root, 'event.json');
  const sha = 'a'.repeat(40);
  const side = (repo: object) => ({ ref: 'b', sha, repo });
  writeFileSync(
    path,
    JSON.stringify({
      action: 'opened',
      number: 1,
      pull_request: { number: 1, head: side(head), base: side({ id: 1 }) },
      repository: { id: 1 },
      sender: { login: sender },
    }),
  );
  return { GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: path };
};

const boundsOf = (env: Record<string, string>) => checkBounds({ env, cwd: root });

describe('the bounds of a process that works on a model', () => {
  it("are a minute and half the memory for what nobody trusts, and more for one's own", () => {
    const own = boundsOf(pull({ id: 1 }));
    expect(own).toMatchObject({ timeoutMs: 300_000 });
    expect(boundsOf({})).toEqual(own);
    for (const env of [
      pull({ id: 2 }),
      pull({ id: 1 }, 'dependabot[bot]'),
      { ...pull({ id: 2 }), GITHUB_EVENT_NAME: 'pull_request_target' },
      { GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: 'nowhere' },
    ]) {
      const bounds = boundsOf(env);
      expect(bounds.timeoutMs).toBe(60_000);
      expect(bounds.memoryBytes).toBeLessThan(own.memoryBytes);
      expect(bounds.advice).toContain('COLDGATE_CHECK_SECONDS');
    }
    expect(own.memoryBytes).toBeLessThanOrEqual(totalmem());
  });

  it('are what the environment says', () => {
    const env = { COLDGATE_CHECK_SECONDS: '7', COLDGATE_CHECK_MEMORY_MB: '3' };
    expect(boundsOf({ ...pull({ id: 2 }), ...env })).toMatchObject({ timeoutMs: 7000, memoryBytes: 3 * 2 ** 20 });
    const wrong = { COLDGATE_CHECK_SECONDS: '0', COLDGATE_CHECK_MEMORY_MB: '1e9' };
    expect(() => boundsOf(wrong)).toThrow(/COLDGATE_CHECK_SECONDS[\s\S]*COLDGATE_CHECK_MEMORY_MB/);
  });
});

describe('the folder for forms in the making', () => {
  const home = join(root, 'temp');
  mkdirSync(home);
  const env = { GITHUB_ACTIONS: 'true', RUNNER_TEMP: home };
  const module = JSON.stringify(join(import.meta.dirname, '../../../src/steps/source/scratch-folder.ts'));
  const script = `import { withScratchFolder } from ${module};
    await withScratchFolder(${JSON.stringify(env)}, async () => process.kill(process.pid, 'SIGKILL'));`;

  it('is gone afterwards, whatever happened', async () => {
    await withScratchFolder(env, async (folder) => writeFileSync(join(folder, 'form'), ''));
    await expect(withScratchFolder(env, async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(readdirSync(home)).toEqual([]);
  });

  it("of a run that was killed is removed by the next one, and no other run's", async () => {
    spawnSync(process.execPath, ['--input-type=module', '-e', script]);
    const [left = ''] = readdirSync(home);
    expect(left).toMatch(/^coldgate-optimize-/);
    const foreign = join(home, 'coldgate-optimize-00000000-1-abc');
    const [fresh, old] = ['new', 'old'].map((name) => join(home, `coldgate-optimize-${name}`)) as [string, string];
    for (const folder of [foreign, fresh, old]) mkdirSync(folder);
    utimesSync(old, 0, 0);
    await withScratchFolder(env, async (folder) => {
      await withScratchFolder(env, async () => {});
      expect(existsSync(folder)).toBe(true);
    });
    expect(readdirSync(home).sort()).toEqual(['coldgate-optimize-00000000-1-abc', 'coldgate-optimize-new']);
  });
});
