import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { actCommand } from '../emulators/act.ts';
import { testCache } from '../fakes/processes/runner.ts';
import { ownRepository, ownSha, workflowsOf } from './repository.ts';

/** Actions of others that act would fetch from GitHub, each with what stands in for it here. */
const standIns: [action: string, folder: string][] = [
  ['actions/setup-node', 'setup-node'],
  ['aws-actions/configure-aws-credentials', 'aws'],
  ['google-github-actions/auth', 'google'],
  ['azure/login', 'azure'],
];

export interface ActRun {
  /** Name of the event: push, pull_request, … */
  event: string;
  /** Workflow file, relative to the repository. */
  workflow: string;
  payload?: Record<string, unknown> | undefined;
  env?: Record<string, string> | undefined;
  token?: string | undefined;
  /** Variables of the repository. */
  vars?: Record<string, string> | undefined;
  /** Only this job. */
  job?: string | undefined;
  /** `name:value`, picks jobs of a matrix. */
  matrix?: string | undefined;
}

export interface ActStep {
  job: string;
  step: string;
  result: 'success' | 'failure' | 'skipped';
}

export interface ActResult {
  ok: boolean;
  steps: ActStep[];
  /** Outputs of steps by name, those of later steps over those of earlier ones. */
  outputs: Record<string, string>;
  summaries: string[];
  text: string;
}

/** Every pin of the actions that are stood in for, as the workflows have them now. */
function replacements(paths: string[]): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    for (const [, action = '', sha = ''] of readFileSync(path, 'utf8').matchAll(/uses: ([\w./-]+)@([0-9a-f]{40})/g)) {
      const standIn = standIns.find(([name]) => name === action);
      if (standIn) found.add(`${action}@${sha}=${join(import.meta.dirname, 'stand-ins', standIn[1])}`);
    }
  }
  return [...found];
}

/** Runs a workflow of the repository in the folder, which must be a git repository, on this machine. */
export async function runAct(folder: string, run: ActRun): Promise<ActResult> {
  const own = ownRepository();
  const scratch = mkdtempSync(join(tmpdir(), 'coldgate-act-'));
  const event = join(scratch, 'event.json');
  writeFileSync(event, JSON.stringify(run.payload ?? {}));
  const files = [join(folder, run.workflow), join(own, '.github/actions/log-in/action.yml'), ...workflowsOf(own)];
  const local = [`coldgate/coldgate@${ownSha}=${own}`, ...replacements(files)];
  const env = { COLDGATE_CACHE: testCache, ...run.env };
  const args = [
    ...[run.event, '--workflows', run.workflow, '--eventpath', event, '--json'],
    ...['--platform', 'ubuntu-latest=-self-hosted', '--action-offline-mode', '--no-cache-server'],
    ...['--env-file', '/dev/null', '--secret-file', '/dev/null', '--var-file', '/dev/null'],
    ...local.flatMap((one) => ['--local-repository', one]),
    ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...Object.entries(run.vars ?? {}).flatMap(([name, value]) => ['--var', `${name}=${value}`]),
    ...(run.token ? ['--secret', `GITHUB_TOKEN=${run.token}`] : []),
    ...(run.job ? ['--job', run.job] : []),
    ...(run.matrix ? ['--matrix', run.matrix] : []),
  ];
  try {
    const { code, lines } = await spawned(args, folder);
    return resultOf(code, lines);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function spawned(args: string[], cwd: string): Promise<{ code: number | null; lines: string[] }> {
  return new Promise((resolve, reject) => {
    const clean = Object.entries(process.env).filter(([name]) => !/^(GITHUB_|INPUT_|ACTIONS_|RUNNER_)/.test(name));
    // Actions run on the Node that runs this, as on a runner on Node 24.
    const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
    const env = { ...Object.fromEntries(clean), PATH: path };
    const child = spawn(actCommand(), args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, lines: Buffer.concat(chunks).toString('utf8').split('\n') }));
  });
}

/** What of act's lines is of use: https://github.com/nektos/act writes one JSON object a line. */
interface ActLine {
  job?: string;
  step?: string;
  stage?: string;
  stepID?: string[];
  stepResult?: ActStep['result'];
  command?: string;
  name?: string;
  arg?: string;
  content?: string;
  msg?: string;
}

function resultOf(code: number | null, lines: string[]): ActResult {
  const result: ActResult = { ok: code === 0, steps: [], outputs: {}, summaries: [], text: '' };
  const words: string[] = [];
  for (const line of lines.filter((text) => text !== '')) {
    const { job = '', step = '', ...output } = line.startsWith('{') ? (JSON.parse(line) as ActLine) : { msg: line };
    words.push(output.msg ?? '');
    // Steps inside of composite actions have a longer id.
    if (output.stepResult && output.stage === 'Main' && output.stepID?.length === 1) {
      result.steps.push({ job, step, result: output.stepResult });
    }
    if (output.command === 'set-output') result.outputs[output.name ?? ''] = output.arg ?? '';
    if (output.command === 'summary') result.summaries.push(output.content ?? '');
  }
  result.text = words.join('\n');
  return result;
}
