import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** The commit that workflows under test pin Coldgate to: act takes it from the copy of this tree. */
export const ownSha = 'c01d9a7e'.repeat(5);
const pinned = /coldgate\/coldgate((?:\/[\w./-]+)?)@[0-9a-f]{40}/g;

export const git = (folder: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();

/** Makes a folder a repository on `main` with all that is in it, or commits what changed; returns the commit. */
export function commitAll(folder: string, message: string): string {
  if (!existsSync(join(folder, '.git'))) {
    git(folder, 'init', '--quiet', '--initial-branch=main');
    git(folder, 'remote', 'add', 'origin', 'https://github.com/acme/models');
  }
  git(folder, 'add', '--all');
  git(folder, 'commit', '--quiet', '--allow-empty', '--message', message);
  return git(folder, 'rev-parse', 'HEAD');
}

/**
 * A throw-away copy of this tree, as it is now, committed or not. act does not know `$/`, which is this repository at
 * the running commit: there it is written out.
 */
export function copyOfTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coldgate-own-'));
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', list, { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
  for (const file of files.filter((name) => existsSync(join(root, name)) && !name.startsWith('dist/'))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  for (const path of workflowsOf(folder)) {
    const text = readFileSync(path, 'utf8');
    const written = text
      .replaceAll(/uses: \$\/$/gm, `uses: coldgate/coldgate@${ownSha}`)
      .replaceAll(/uses: \$\/(.+)$/gm, `uses: coldgate/coldgate/$1@${ownSha}`);
    writeFileSync(path, written);
  }
  commitAll(folder, 'The tree');
  return folder;
}

let own: string | undefined;

/** The copy that this process pins Coldgate to; gone with the process. */
export function ownRepository(): string {
  if (own === undefined) {
    const folder = copyOfTree();
    own = folder;
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  }
  return own;
}

/** Every workflow file of a repository. */
export function workflowsOf(folder: string): string[] {
  const workflows = join(folder, '.github', 'workflows');
  return existsSync(workflows) ? readdirSync(workflows).map((name) => join(workflows, name)) : [];
}

/** A user's repository made of a folder of ours, with its pins of Coldgate led to the copy of this tree. */
export function callerRepository(from: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'coldgate-caller-'));
  cpSync(from, folder, { recursive: true });
  pinToCopy(folder);
  commitAll(folder, 'The models');
  return folder;
}

/** Leads pins of Coldgate in the workflows to the copy of this tree. */
export function pinToCopy(folder: string): void {
  for (const path of workflowsOf(folder)) {
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(pinned, `coldgate/coldgate$1@${ownSha}`));
  }
}
