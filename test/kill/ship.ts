/**
 * Kills `coldgate ship` with SIGKILL at random moments and runs it again: every time the same final state, nothing lost,
 * nothing left running. `node test/kill/ship.ts --rounds 30 --seed 1`
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dist, runCommand, testCache } from '../fakes/runner.ts';
import { seededRandom } from '../fixtures/onnx.ts';
import { Project } from '../fixtures/project.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' } },
});
const random = seededRandom(Number(values.seed));
/** The tiny model loads in a few ms: nothing here is about the verdict. */
const gate = 'max-samples: 21, min-effect-ms: 2000';

function fail(message: string): never {
  throw new Error(message);
}

/** Runs ship and kills it after the given time; answers whether it was still running then. */
function shipAndKill(folder: string, ms: number): Promise<boolean> {
  const child = spawn(process.execPath, [join(dist, 'cli.js'), 'ship'], {
    cwd: folder,
    env: { ...process.env, COLDGATE_CACHE: testCache },
    stdio: 'ignore',
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), ms);
  return new Promise((resolve) => {
    child.on('exit', (_code, signal) => {
      clearTimeout(timer);
      resolve(signal === 'SIGKILL');
    });
  });
}

/** Processes of functions that were started from the folder, by the environment they carry. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`MODEL_PREFIX=${folder}`);
    } catch {
      return false;
    }
  });
}

interface FinalState {
  version: string;
  sequence: number;
  history: string[];
  stored: string[];
  processes: number;
}

async function ship(project: Project): Promise<void> {
  const { exit, stderr } = await runCommand(['ship'], project.folder);
  if (exit !== 0) fail(`ship ended with ${exit}:\n${stderr}`);
}

function finalState(project: Project): FinalState {
  const store = project.path('store', 'digits');
  const pointer = JSON.parse(readFileSync(join(store, 'current.json'), 'utf8'));
  const history = readdirSync(join(store, 'history')).sort();
  for (const record of history) JSON.parse(readFileSync(join(store, 'history', record), 'utf8'));
  const stored = readdirSync(join(store, 'versions'), { recursive: true, encoding: 'utf8' }).sort();
  return {
    version: pointer.version,
    sequence: pointer.sequence,
    history,
    stored,
    processes: processesOf(project.folder).length,
  };
}

/** The state of an undisturbed run, and how long its second ship takes. */
async function undisturbed(): Promise<{ state: FinalState; ms: number }> {
  const project = new Project();
  try {
    project.release({ gate });
    await ship(project);
    project.release({ version: '1.1.0', bias: 0.25, gate });
    const at = performance.now();
    await ship(project);
    return { state: finalState(project), ms: performance.now() - at };
  } finally {
    await runCommand(['destroy'], project.folder);
    project.remove();
  }
}

async function round(ms: number, expected: FinalState): Promise<boolean> {
  const project = new Project();
  try {
    project.release({ gate });
    await ship(project);
    project.release({ version: '1.1.0', bias: 0.25, gate });
    const killed = await shipAndKill(project.folder, ms);
    await ship(project);
    const state = finalState(project);
    if (JSON.stringify(state) !== JSON.stringify(expected)) {
      fail(
        `killed after ${Math.round(ms)} ms, ended as\n${JSON.stringify(state)}\ninstead of\n${JSON.stringify(expected)}`,
      );
    }
    await runCommand(['destroy'], project.folder);
    const left = processesOf(project.folder);
    if (left.length > 0) fail(`destroy left ${left.length} processes running after a kill at ${Math.round(ms)} ms.`);
    return killed;
  } finally {
    await runCommand(['destroy'], project.folder);
    project.remove();
  }
}

const { state, ms } = await undisturbed();
console.log(`undisturbed: ${JSON.stringify(state)} in ${Math.round(ms)} ms`);
let killed = 0;
for (let i = 0; i < Number(values.rounds); i++) {
  const after = random() * ms;
  const hit = await round(after, state);
  killed += hit ? 1 : 0;
  console.log(
    `round ${i + 1}: ${hit ? `killed after ${Math.round(after)} ms` : 'had ended before the kill'}, same final state`,
  );
}
if (killed === 0) fail('no round was killed in time: nothing was proven.');
console.log(`${values.rounds} rounds, ${killed} killed in time, always the same final state`);
