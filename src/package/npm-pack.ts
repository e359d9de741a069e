import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ColdgateError, exitCodes } from '../errors.ts';

/** How npm is started. */
export interface NpmCommand {
  command: string;
  args: readonly string[];
}

/**
 * The npm that belongs to the running Node, else the one on PATH: a Node that came as an npm package has none beside
 * it, and the other one may run on another Node, which does not matter for downloading.
 */
export function findNpm(execPath: string = process.execPath): NpmCommand {
  const cli = join(dirname(execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  return existsSync(cli) ? { command: execPath, args: [cli] } : { command: 'npm', args: [] };
}

/**
 * Downloads a package's archive into a folder with the user's own npm: its registry, proxy, credentials and cache are
 * the user's configuration, which is why no address appears here. Scripts of the package never run.
 * Throws ColdgateError `npm-not-found` (exit 2) or `runtime-download-failed` (exit 1).
 */
export async function packFromNpm(
  spec: string,
  into: string,
  options: { npm: NpmCommand; signal?: AbortSignal | undefined },
): Promise<string> {
  const flags = ['--ignore-scripts', '--prefer-offline', '--json', '--pack-destination', into];
  const { command, args } = options.npm;
  const { code, stdout, stderr } = await run(command, [...args, 'pack', spec, ...flags], options.signal);
  if (code !== 0) throw downloadFailed(spec, reasonOf(stdout, stderr));
  const archive = (await readdir(into)).find((name) => name.endsWith('.tgz'));
  if (!archive) throw downloadFailed(spec, { code: 'no-archive', text: 'npm ended well and wrote no archive' });
  return join(into, archive);
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function run(command: string, args: readonly string[], signal: AbortSignal | undefined): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(signal && { signal }) });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        // Enough for npm's error document and its last lines, whatever it prints.
        output[name] = (output[name] + text).slice(-100_000);
      });
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') reject(npmNotFound(error));
      else reject(signal?.aborted ? signal.reason : error);
    });
    child.on('close', (code) => resolve({ code, ...output }));
  });
}

interface Reason {
  code: string;
  text: string;
}

/** npm puts its error on stdout with --json; older and broken ones only write lines to stderr. */
function reasonOf(stdout: string, stderr: string): Reason {
  try {
    const { error } = JSON.parse(stdout) as { error?: { code?: string; summary?: string } };
    if (error?.code || error?.summary) {
      return { code: error.code ?? '', text: (error.summary || error.code || '').split('\n')[0] ?? '' };
    }
  } catch {
    // Not a document: the lines below are all there is.
  }
  const lines = stderr.split('\n').map((line) => line.replace(/^npm (?:error|ERR!) ?/, '').trim());
  const code = lines.find((line) => line.startsWith('code '))?.slice(5) ?? '';
  const text = lines.find((line) => line !== '' && !/^(?:code|errno|syscall|network) /.test(line)) ?? 'no reason given';
  return { code, text };
}

const npmNotFound = (cause: Error): ColdgateError =>
  new ColdgateError('npm-not-found', exitCodes.usage, 'The ONNX runtime comes through npm, and there is no npm here.', {
    cause,
    hint: 'Install Node.js with npm, or put npm on the PATH.',
  });

function downloadFailed(spec: string, reason: Reason): ColdgateError {
  return new ColdgateError(
    'runtime-download-failed',
    exitCodes.unexpected,
    `npm could not download ${spec}: ${reason.text}${reason.code ? ` (${reason.code})` : ''}.`,
    { hint: cureOf(reason.code, spec), data: { spec, npm_code: reason.code } },
  );
}

function cureOf(code: string, spec: string): string {
  if (/^E40[13]|^ENEEDAUTH/.test(code))
    return 'Log in to the registry that npm is configured with, then run this again.';
  if (/^(?:E404|ETARGET)/.test(code))
    return `The registry that npm is configured with does not carry ${spec}: add it there.`;
  return (
    'Check the network, and the registry and proxy in `npm config list`; then run this again. ' +
    'Once downloaded it is cached, and no network is needed.'
  );
}
