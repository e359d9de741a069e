import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import type { Since } from '../../../src/github/event-plan.ts';
import { changedSince } from '../../../src/steps/changes/changed.ts';
import { gitIn } from '../../../src/steps/changes/changed-git.ts';
import { otherCommits } from '../../../src/steps/changes/named-then.ts';

const home = mkdtempSync(join(tmpdir(), 'coldgate-compared-'));
const clean = { PATH: process.env['PATH'] ?? '', HOME: home, GIT_CONFIG_NOSYSTEM: '1' };
const author = ['-c', 'user.name=o', '-c', 'user.email=o@example.com', '-c', 'init.defaultBranch=main'];
const run = (folder: string, ...args: string[]) =>
  execFileSync('git', [...author, ...args], { cwd: folder, encoding: 'utf8', env: clean, stdio: 'pipe' }).trim();

/** Which models differ in a checkout, and why, asked as the root action asks it. */
async function compared(folder: string, since: Since, env: Record<string, string> = {}) {
  const context = { env: { ...clean, ...env }, signal: new AbortController().signal };
  const config = await loadConfig(join(folder, 'models.yaml'), {}, { checkFiles: false });
  return changedSince(since, config, context);
}

const pushedSince = (commit: string): Since => ({ kind: 'commit', commit });
const yaml = (alpha: string, beta: string) =>
  `schema: 1\nmodels:\n${[
    ['alpha', alpha],
    ['beta', beta],
  ]
    .map(([name, version]) => `  ${name}:\n    version: ${version}\n    files: { model.onnx: models/${name}.onnx }\n`)
    .join('')}`;

/** A repository with two models and one commit. */
function repository(name: string): string {
  const folder = join(home, name);
  mkdirSync(join(folder, 'models'), { recursive: true });
  run(folder, 'init', '--quiet');
  writeFileSync(join(folder, 'models.yaml'), yaml('1.0.0', '1.0.0'));
  for (const model of ['alpha', 'beta']) writeFileSync(join(folder, 'models', `${model}.onnx`), model);
  commit(folder, 'one');
  return folder;
}

function commit(folder: string, message: string): string {
  run(folder, 'add', '--all');
  run(folder, 'commit', '--quiet', '--allow-empty', '--message', message);
  return run(folder, 'rev-parse', 'HEAD');
}

afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('a pull request is compared with where it left its base', () => {
  const folder = join(home, 'pulls');
  let [left, tip, head, merge] = ['', '', '', ''];
  const pull = (base: string, branch?: string): Since => ({ kind: 'pull-request', base, head, branch });

  beforeAll(() => {
    repository('pulls');
    left = run(folder, 'rev-parse', 'HEAD');
    run(folder, 'checkout', '--quiet', '-b', 'better');
    writeFileSync(join(folder, 'models.yaml'), yaml('1.0.0', '1.1.0'));
    head = commit(folder, 'beta');
    run(folder, 'checkout', '--quiet', 'main');
    writeFileSync(join(folder, 'models.yaml'), yaml('1.1.0', '1.0.0'));
    tip = commit(folder, 'alpha');
    run(folder, 'checkout', '--quiet', '--detach', 'main');
    run(folder, 'merge', '--quiet', '--no-edit', 'better');
    merge = run(folder, 'rev-parse', 'HEAD');
    run(folder, 'update-ref', 'refs/remotes/origin/main', tip);
  });

  it.each(['of the event', 'older than the event', 'not in this checkout'])(
    'with its merge checked out and a base that is %s',
    async (which) => {
      run(folder, 'checkout', '--quiet', merge);
      const base = { 'of the event': tip, 'older than the event': left }[which] ?? 'f'.repeat(40);
      expect((await compared(folder, pull(base))).models).toEqual(['beta']);
    },
  );

  it('with its head checked out, while its base went on', async () => {
    run(folder, 'checkout', '--quiet', head);
    expect((await compared(folder, pull(tip))).models).toEqual(['beta']);
    expect((await compared(folder, pull(left))).models).toEqual(['beta']);
  });

  it('with its head checked out, into which a newer base than that of the event was merged', async () => {
    run(folder, 'checkout', '--quiet', head);
    run(folder, 'merge', '--quiet', '--no-edit', 'main');
    const since: Since = { kind: 'pull-request', base: left, head: run(folder, 'rev-parse', 'HEAD'), branch: 'main' };
    expect((await compared(folder, since)).models).toEqual(['beta']);
  });

  it('run again after it was merged', async () => {
    run(folder, 'checkout', '--quiet', head);
    run(folder, 'update-ref', 'refs/remotes/origin/main', merge);
    expect((await compared(folder, pull(left, 'main'))).models).toEqual(['beta']);
    run(folder, 'update-ref', 'refs/remotes/origin/main', tip);
  });

  it('and a name of a branch that is none is not used', async () => {
    run(folder, 'checkout', '--quiet', head);
    for (const branch of ['main^{/alpha}', '../heads/main', '--help', 'a b', ''])
      expect((await compared(folder, pull(left, branch))).models).toEqual(['beta']);
  });
});

describe('links are followed', () => {
  let folder = '';
  let base = '';
  beforeAll(() => {
    folder = repository('links');
    mkdirSync(join(folder, 'data', 'deep'), { recursive: true });
    writeFileSync(join(folder, 'data', 'deep', 'alpha.onnx'), 'first');
    rmSync(join(folder, 'models'), { recursive: true });
    symlinkSync('data', join(folder, 'models'));
    symlinkSync('deep/alpha.onnx', join(folder, 'data', 'alpha.onnx'));
    writeFileSync(join(folder, 'data', 'beta.onnx'), 'beta');
    base = commit(folder, 'links');
  });
  beforeEach(() => void run(folder, 'reset', '--quiet', '--hard', base));

  it('to a file whose content changed', async () => {
    expect((await compared(folder, pushedSince(base))).models).toEqual([]);
    writeFileSync(join(folder, 'data', 'deep', 'alpha.onnx'), 'second');
    expect((await compared(folder, pushedSince(base))).models).toEqual(['alpha']);
    commit(folder, 'content');
    expect((await compared(folder, pushedSince(base))).models).toEqual(['alpha']);
  });

  it('and one that leads elsewhere now is a change', async () => {
    writeFileSync(join(folder, 'data', 'other.onnx'), 'other');
    rmSync(join(folder, 'data', 'alpha.onnx'));
    symlinkSync('other.onnx', join(folder, 'data', 'alpha.onnx'));
    expect((await compared(folder, pushedSince(base))).models).toEqual(['alpha']);
  });

  it('and one that leads out of what git knows cannot be told from a change', async () => {
    writeFileSync(join(home, 'outside.onnx'), 'outside');
    rmSync(join(folder, 'data', 'beta.onnx'));
    symlinkSync(join(home, 'outside.onnx'), join(folder, 'data', 'beta.onnx'));
    commit(folder, 'outside');
    expect((await compared(folder, pushedSince(run(folder, 'rev-parse', 'HEAD')))).models).toEqual(['beta']);
  });
});

describe('what models.yaml of other commits names', () => {
  const folder = join(home, 'named');
  const dated = (date: string, version: string) => {
    writeFileSync(join(folder, 'models.yaml'), yaml(version, '1.0.0'));
    run(folder, 'add', '--all');
    const env = { ...clean, GIT_COMMITTER_DATE: date };
    execFileSync('git', [...author, 'commit', '--quiet', '--message', version], { cwd: folder, env });
  };
  const commits = async (at = folder) => {
    const context = { env: clean, signal: new AbortController().signal };
    return otherCommits(await loadConfig(join(at, 'models.yaml'), {}, { checkFiles: false }), 'main', context);
  };
  beforeAll(() => {
    repository('named');
    dated('2030-01-01T00:00:00Z', '1.1.0');
    dated('2030-01-03T00:00:00Z', '1.2.0');
  });

  it('at the time of a move', async () => {
    const { namedThen } = await commits();
    expect(await namedThen('alpha', '1.1.0', '2030-01-02T00:00:00.123Z')).toBe(true);
    expect(await namedThen('alpha', '1.2.0', '2030-01-02T00:00:00.123Z')).toBe(false);
    expect(await namedThen('alpha', '1.2.0', '2030-01-04T00:00:00.123Z')).toBe(true);
    expect(await namedThen('alpha', '1.2.0', 'no moment')).toBeUndefined();
    expect(await namedThen('alpha', '1.2.0', '2001-01-01T00:00:00Z')).toBeUndefined();
    const shallow = join(home, 'named-shallow');
    run(home, 'clone', '--quiet', '--depth=1', `file://${folder}`, shallow);
    expect(await (await commits(shallow)).namedThen('alpha', '1.1.0', '2030-01-02T00:00:00Z')).toBeUndefined();
  });

  it('at the tip of the branch, where that is ahead', async () => {
    expect(await (await commits()).namedAhead('alpha')).toBeUndefined();
    run(folder, 'update-ref', 'refs/remotes/origin/main', 'HEAD');
    expect(await (await commits()).namedAhead('alpha')).toBeUndefined();
    run(folder, 'checkout', '--quiet', 'HEAD^');
    expect(await (await commits()).namedAhead('alpha')).toBe('1.2.0');
  });
});

describe('every no of git in words of its own, and all models', () => {
  let folder = '';
  let base = '';
  const why = async (at: string, since: Since, env = {}) => {
    const found = await compared(at, since, env);
    expect([found.models, found.known]).toEqual([['alpha', 'beta'], false]);
    return found.why;
  };
  beforeAll(() => {
    folder = repository('answers');
    base = run(folder, 'rev-parse', 'HEAD');
    commit(folder, 'two');
  });

  it('a shallow checkout: what to set', async () => {
    const shallow = join(home, 'shallow');
    run(home, 'clone', '--quiet', '--depth=1', `file://${folder}`, shallow);
    expect(await why(shallow, pushedSince(base))).toContain('`fetch-depth: 0`');
    expect(await why(shallow, { kind: 'pull-request', base, head: base, branch: 'main' })).toContain('fetch-depth: 0');
  });

  it('a commit that a forced push replaced: not the depth of a whole checkout', async () => {
    const output = await why(folder, pushedSince('f'.repeat(40)));
    expect(output).toMatch(/forced push/);
    expect(output).not.toContain('fetch-depth');
  });

  it('the first push of a branch', async () => {
    expect(await why(folder, pushedSince('0'.repeat(40)))).toContain('no commit before this one');
  });

  it('a checkout of another user: the command that allows it, which makes the problem go away', async () => {
    const other = { GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' };
    const output = await why(folder, pushedSince(base), other);
    const command = /`git (config --global --add safe\.directory \S+)`/.exec(output)?.[1];
    expect(output).toContain('another user');
    expect(output).not.toContain('fetch-depth');
    run(folder, ...(command ?? '').split(' '));
    expect((await compared(folder, pushedSince(base), other)).known).toBe(true);
    rmSync(join(home, '.gitconfig'));
  });

  it('no repository', async () => {
    const bare = join(home, 'downloaded');
    mkdirSync(bare);
    writeFileSync(join(bare, 'models.yaml'), yaml('1.0.0', '1.0.0'));
    expect(await why(bare, pushedSince(base), { GIT_CEILING_DIRECTORIES: home })).toContain('not a git repository');
  });

  it('no git', async () => {
    const empty = mkdtempSync(join(home, 'path-'));
    expect(await why(folder, pushedSince(base), { PATH: empty })).toContain('git is not installed');
  });

  it('a git that does not answer, and one that fails', async () => {
    const slow = mkdtempSync(join(home, 'path-'));
    writeFileSync(join(slow, 'git'), '#!/bin/sh\nexec sleep 60\n');
    chmodSync(join(slow, 'git'), 0o755);
    const context = { env: { PATH: `${slow}:${clean.PATH}` }, signal: new AbortController().signal };
    const late = gitIn(folder, context, 100)('status');
    await expect(late).rejects.toMatchObject({ reason: 'time-out', message: expect.stringContaining('0.1 s') });
    const objects = join(folder, '.git', 'objects');
    const name = run(folder, 'rev-parse', `${base}:models.yaml`);
    rmSync(join(objects, name.slice(0, 2), name.slice(2)));
    expect(readdirSync(objects).length).toBeGreaterThan(0);
    expect(await why(folder, pushedSince(base))).toContain('git failed');
  });
});
