import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { runNode, testCache } from '../fakes/processes/runner.ts';
import { Project } from '../fixtures/project.ts';

const root = join(import.meta.dirname, '..', '..');
const git = (...args: string[]): Buffer => execFileSync('git', args, { cwd: root, maxBuffer: 1024 ** 3 });
// By what .gitattributes says now, which may not be committed yet.
const archive = git('archive', '--worktree-attributes', '--format=tar', 'HEAD');
const folder = mkdtempSync(join(tmpdir(), 'coldgate-archive-'));
execFileSync('tar', ['-x', '-C', folder], { input: archive });
const committed = git('ls-tree', '-r', '--name-only', 'HEAD').toString().trim().split('\n');
const there = (path: string): boolean => existsSync(join(folder, path));

const project = new Project();
afterAll(() => {
  project.remove();
  rmSync(folder, { recursive: true });
});

describe('the archive that a runner downloads for uses:', () => {
  it('is at most 2.4 MB, compressed', () => {
    expect(gzipSync(archive).byteLength / 1e6).toBeLessThanOrEqual(2.4);
  });

  it('has all of dist, what each action names, the schema and the licences', () => {
    const actions = committed.filter((path) => /^(actions\/[^/]+\/)?action\.yml$/.test(path));
    const mains = actions.map((path) =>
      join(dirname(path), /main: '(.*)'/.exec(readFileSync(join(root, path), 'utf8'))![1]!),
    );
    expect(actions.length).toBeGreaterThan(5);
    const needed = committed.filter((path) => /^(dist|schema|LICENSE|NOTICE|README|SECURITY)/.test(path));
    expect([...actions, ...mains, ...needed].filter((path) => !there(path))).toEqual([]);
    expect(['src', 'test', 'bench', 'scripts', 'package-lock.json'].filter(there)).toEqual([]);
  });

  it('publishes, deploys and answers as a command, and as an action', async () => {
    project.release({});
    const env = { COLDGATE_CACHE: testCache };
    const cli = (...args: string[]) => runNode([join(folder, 'dist', 'cli.js'), ...args], project.folder, env);
    for (const verb of ['ship', 'status', 'destroy']) expect(await cli(verb)).toMatchObject({ exit: 0 });
    const inputs = { INPUT_MODEL: 'digits', INPUT_CONFIG: 'models.yaml' };
    const step = await runNode([join(folder, 'dist', 'verify-checksum.js')], project.folder, { ...env, ...inputs });
    expect(step).toMatchObject({ exit: 0 });
  });
});
