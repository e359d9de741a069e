import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..');
const nobody = { uid: 65534, gid: 65534 };
const isRoot = process.getuid?.() === 0;

/** Runs a module's text with Node in a process of a user who may not write everywhere: root's own is none. */
const run = (script: string, env: NodeJS.ProcessEnv) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    ...{ cwd: '/', encoding: 'utf8', env: { ...process.env, NODE_COMPILE_CACHE: '', ...env } },
    ...(isRoot && nobody),
  });

/**
 * What such a process writes to standard output. Nothing where a clone of root's lies in a folder that no other user can
 * reach, so that nothing can be shown there.
 */
export function asOtherUser(script: string, env: NodeJS.ProcessEnv = {}): string | undefined {
  const source = JSON.stringify(join(root, 'src', 'errors.ts'));
  if (isRoot && run(`await import(${source})`, {}).status !== 0) return undefined;
  const { status, stdout, stderr } = run(script, env);
  if (status !== 0) throw new Error(stderr || `it ended with ${status}`);
  return stdout;
}
