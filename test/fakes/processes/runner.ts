import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertNoSecrets } from './no-secrets.ts';

/** The committed bundle, or the one that a developer has just built elsewhere. */
export const dist = process.env['COLDGATE_DIST'] ?? join(import.meta.dirname, '..', '..', '..', 'dist');

export interface StepResult {
  exit: number | null;
  stdout: string;
  stderr: string;
  outputs: Record<string, string>;
  summary: string;
  /** Annotations as the log commands carry them: `error`, `warning`, with title, file and line. */
  annotations: { level: string; properties: Record<string, string>; message: string }[];
}

/** `name<<delimiter` blocks, as the runner reads GITHUB_OUTPUT. */
function parseOutputs(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const m of text.matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n?\2$/gm)) found[m[1]!] = m[3]!;
  return found;
}

const decoded = (text: string) =>
  text
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%');

function parseAnnotations(text: string): StepResult['annotations'] {
  return [...text.matchAll(/^::(error|warning|notice)(?: ([^:]*(?:%3A[^:]*)*))?::(.*)$/gm)].map((m) => ({
    level: m[1]!,
    properties: Object.fromEntries(
      (m[2] ?? '')
        .split(',')
        .filter(Boolean)
        .map((p) => [p.slice(0, p.indexOf('=')), decoded(p.slice(p.indexOf('=') + 1))]),
    ),
    message: decoded(m[3]!),
  }));
}

export interface ProcessResult {
  exit: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs Node on a script; the parent's GITHUB_* and INPUT_* variables are kept from it. Rejects where it prints a secret
 * that it was given: so all suites look for leaks, whatever else they are about.
 */
export function runNode(args: string[], cwd: string, env: Record<string, string>, stdin = ''): Promise<ProcessResult> {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([k]) => !/^(GITHUB_|INPUT_|ACTIONS_|RUNNER_)/.test(k)),
  );
  const given = { ...clean, ...env };
  const child = spawn(process.execPath, args, { cwd, env: given, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(stdin);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (c: Buffer) => out.push(c));
  child.stderr.on('data', (c: Buffer) => err.push(c));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit) => {
      const output = { stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
      try {
        assertNoSecrets(output.stdout + output.stderr, given);
        resolve({ exit, ...output });
      } catch (error) {
        reject(error);
      }
    });
  });
}

/**
 * Starts a door of dist/ the way a runner starts an action: inputs as INPUT_ variables, the four command files, the
 * workspace as working folder.
 */
export async function runStep(
  door: string,
  inputs: Record<string, string>,
  workspace: string,
  more: Record<string, string> = {},
): Promise<StepResult> {
  const files = mkdtempSync(join(tmpdir(), 'coldgate-runner-'));
  const commandFiles = {
    GITHUB_OUTPUT: 'output',
    GITHUB_ENV: 'env',
    GITHUB_STATE: 'state',
    GITHUB_STEP_SUMMARY: 'summary',
    GITHUB_PATH: 'path',
  };
  const env: Record<string, string> = {
    GITHUB_ACTIONS: 'true',
    CI: 'true',
    GITHUB_WORKSPACE: workspace,
    GITHUB_ACTOR: 'octocat',
    GITHUB_REPOSITORY: 'acme/models',
    GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_RUN_ID: '42',
    RUNNER_TEMP: files,
    COLDGATE_CACHE: testCache,
    ...more,
  };
  for (const [name, value] of Object.entries(inputs)) env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] = value;
  for (const [name, file] of Object.entries(commandFiles)) {
    env[name] = join(files, file);
    writeFileSync(join(files, file), '');
  }
  const result = await runNode([join(dist, `${door}.js`)], workspace, env);
  const read = (name: string) => readFileSync(join(files, name), 'utf8');
  assertNoSecrets(Object.values(commandFiles).map(read).join('\n'), env);
  const step = {
    ...result,
    outputs: parseOutputs(read('output')),
    summary: read('summary'),
    annotations: parseAnnotations(result.stdout),
  };
  rmSync(files, { recursive: true });
  return step;
}

/** Downloads and packages are shared by all tests of a checkout. */
export const testCache = join(import.meta.dirname, '..', '..', '..', '.cache', 'coldgate');

/** Runs the command line in a folder. */
export const runCommand = (
  args: string[],
  cwd: string,
  env: Record<string, string> = {},
  stdin = '',
): Promise<ProcessResult> =>
  runNode([join(dist, 'cli.js'), ...args], cwd, { COLDGATE_CACHE: testCache, ...env }, stdin);
