import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** After so many ms it is killed and has failed. Ten minutes unless told. */
  timeoutMs?: number;
}

/** Runs a command to its end and answers its standard output. Throws its last words when it fails. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const { timeoutMs = 600_000, ...where } = options;
    const child = spawn(command, args, { ...where, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    let output = '';
    let words = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
      words = `${words}${chunk}`.slice(-4000);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      words = `${words}${chunk}`.slice(-4000);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(output);
      const last = words.trim().split('\n').slice(-6).join('\n');
      reject(
        new Error(`${[command, ...args].join(' ').slice(0, 200)} ended with ${signal ?? `exit code ${code}`}: ${last}`),
      );
    });
  });
}

/** Path of a program of the machine. */
export function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The programs of these that the machine lacks, as a reason; nothing when it has them all. */
export function lacksPrograms(...names: string[]): string | undefined {
  const absent = names.filter((name) => onPath(name) === undefined);
  return absent.length === 0 ? undefined : `this machine has no ${absent.join(', ')}`;
}

/** Installs npm packages into a folder of their own. @param scripts whether their install scripts may run */
export async function npmInstall(folder: string, packages: string[], scripts = false): Promise<void> {
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  // The npm that runs this, whatever PATH says: npm sets npm_execpath for its scripts.
  const script = process.env['npm_execpath'];
  const [command, first] = script && existsSync(script) ? [process.execPath, [script]] : ['npm', []];
  const flags = [`--ignore-scripts=${!scripts}`, '--no-audit', '--no-fund', '--loglevel=error'];
  await run(command, [...first, 'install', ...flags, ...packages], { cwd: folder, timeoutMs: 15 * 60_000 });
}

const pythonProbe = 'import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 11) else 1)';
let python: string | undefined;

/** Why no virtual environment can be made here. The answer is kept: it costs a process. */
export function lacksPython(): string | undefined {
  python ??=
    lacksPrograms('python3') ??
    (spawnSync('python3', ['-c', pythonProbe]).status === 0
      ? 'none'
      : 'python3 here is older than 3.11 or has no venv (Debian: apt-get install python3-venv)');
  return python === 'none' ? undefined : python;
}

/** Makes a virtual environment with exactly what the file of requirements names. */
export async function pipInstall(folder: string, requirements: string): Promise<void> {
  await run('python3', ['-m', 'venv', folder]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--no-deps'];
  await run(join(folder, 'bin', 'python'), [...pip, '-r', requirements], { timeoutMs: 15 * 60_000 });
}
