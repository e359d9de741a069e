/**
 * Kills every verb that changes something with SIGKILL, at its first write and at moments spread over its time, runs it
 * again, and compares what is there with what an undisturbed run leaves: pointer, history, versions, records, processes,
 * what the live function answers. A run that had ended before its kill is told apart and the moment comes again, a little
 * earlier: with fewer kills in time than moments asked for, a verb fails. `node test/kill/verbs.ts --moments 10 --parallel 2 --verbs ship,rollback`
 */
import { parseArgs } from 'node:util';
import { runCommand } from '../fakes/processes/runner.ts';
import { Project } from '../fixtures/project.ts';
import { ageLeases, type FinalState, finalState } from './final-state.ts';
import { killedRun, type Moment } from './killed-run.ts';

const { values } = parseArgs({
  options: {
    moments: { type: 'string', default: '10' },
    parallel: { type: 'string', default: '2' },
    verbs: { type: 'string', default: '' },
  },
});
const moments = Number(values.moments);
/** Rounds at most for moments that come again. */
const moreRounds = 6;
const wanted = values.verbs.split(',').filter(Boolean);
/** The tiny model loads in a few ms: nothing here is about the verdict. */
const gate = 'max-samples: 7, discard: 0, min-effect-ms: 2000';
/** A queue in front of the function moves with what is live, and goes with it. */
const target = 'provider: local, queue: {}';

/** A verb at work in round n of its story: the version 1.n.0, pull request n. */
interface Verb {
  name: string;
  /** What has to be there; not killed. */
  prepare?(project: Project, n: number): Promise<void>;
  args(n: number): string[];
  /** Takes away the leases of killed runs. */
  cleans?: boolean;
}

async function succeed(project: Project, args: string[]): Promise<void> {
  const { exit, stderr } = await runCommand(args, project.folder);
  if (exit !== 0) throw new Error(`coldgate ${args.join(' ')} ended with ${exit}:\n${stderr}`);
}

async function runOnce(project: Project, verb: Verb, n: number): Promise<void> {
  await verb.prepare?.(project, n);
  await succeed(project, verb.args(n));
}

/** Another model under another version, written into models.yaml. */
const release = (project: Project, n: number): void =>
  project.release({ version: `1.${n}.0`, bias: 1 + n / 1024, gate, target });

const publish = async (project: Project, n: number): Promise<void> => {
  release(project, n);
  await succeed(project, ['publish']);
};

const aDayLater = async (project: Project): Promise<void> => ageLeases(project.folder);

/**
 * Verbs in the order in which each makes what the next one needs, so that a round prepares next to nothing. Version 1.0.0
 * has been shipped before.
 */
const stories: Verb[][] = [
  [
    { name: 'ship', prepare: async (project, n) => release(project, n), args: () => ['ship'] },
    { name: 'destroy', args: () => ['destroy'] },
  ],
  [
    { name: 'preview', args: (n) => ['preview', '--pull-request', String(n), '--sha', 'c0ffee1'] },
    { name: 'sweep', cleans: true, prepare: aDayLater, args: () => ['sweep', '--max-age-days', '0'] },
  ],
  [
    {
      name: 'promote',
      prepare: publish,
      args: (n) => ['promote', '--gate', 'skip', '--version', `1.${n}.0`],
    },
    { name: 'rollback', args: () => ['rollback'] },
  ],
  [
    { name: 'release', prepare: publish, args: (n) => ['release', '--version', `1.${n}.0`] },
    { name: 'prune', cleans: true, prepare: aDayLater, args: () => ['prune', '--retain', '1'] },
  ],
];

/** What a verb changed and what it left, in words that are the same in every round. */
function outcome(verb: Verb, before: FinalState, after: FinalState, n: number): string {
  const { version, kind, versions, records, leases, processes, serves, functions, queue } = after;
  const files = (state: FinalState) =>
    Object.entries(state.versions).map(([name, list]) => `${name}: ${list.join(' ')}`);
  const facts = {
    ...{ version, kind, moves: after.sequence - before.sequence },
    added: files(after).filter((text) => !files(before).includes(text)),
    gone: Object.keys(before.versions).filter((name) => !(name in versions)).length,
    measured: records.filter((record) => !before.records.includes(record)),
    forgotten: before.records.filter((record) => !records.includes(record)).length,
    ...{ processes, serves, functions, queue, leases: verb.cleans ? leases : undefined },
  };
  return JSON.stringify(facts)
    .replaceAll(`1.${n}.0`, 'this')
    .replaceAll(`1.${n - 1}.0`, 'last')
    .replace(/\bpr([.-])\d+\b/g, 'pr$1n');
}

interface Kill {
  verb: string;
  /** Which moment; 0 is the first write. */
  at: number;
  inTime: boolean;
}

/** What each verb of a story leaves when nobody disturbs it, and how long it takes. */
type Undisturbed = Map<string, { state: string; ms: number }>;

async function undisturbed(project: Project, story: readonly Verb[], n: number): Promise<Undisturbed> {
  const found: Undisturbed = new Map();
  for (const verb of story) {
    await verb.prepare?.(project, n);
    const before = await finalState(project.folder);
    const began = performance.now();
    await succeed(project, verb.args(n));
    const ms = performance.now() - began;
    found.set(verb.name, { state: outcome(verb, before, await finalState(project.folder), n), ms });
  }
  return found;
}

/** The last moments are of the verb's end, and a little before it: the next run may be quicker than the one measured. */
const momentOf = (at: number, ms: number): Moment => (at === 0 ? 'first write' : (ms * (at - 0.5) * 0.94) / moments);

async function killOnce(project: Project, verb: Verb, n: number, at: number, usual: Undisturbed): Promise<Kill> {
  const known = usual.get(verb.name)!;
  const { state: expected, ms } = known;
  const moment = momentOf(at, ms);
  const word = typeof moment === 'number' ? `after ${Math.round(moment)} of ${Math.round(ms)} ms` : `at its ${moment}`;
  await verb.prepare?.(project, n);
  const before = await finalState(project.folder);
  const killed = await killedRun(verb.args(n), project.folder, moment);
  // A machine that has become quieter: the moments to come are parts of what it takes now, and of a little less.
  if (!killed.inTime) known.ms = Math.min(known.ms, killed.ms) * 0.95;
  try {
    await succeed(project, verb.args(n));
    const got = outcome(verb, before, await finalState(project.folder), n);
    if (got !== expected) throw new Error(`left\n  ${got}\ninstead of\n  ${expected}`);
  } catch (error) {
    throw new Error(`${verb.name}, killed ${word} and run again: ${(error as Error).message}`, { cause: error });
  }
  console.log(`${verb.name} ${killed.inTime ? 'killed' : 'ended before the kill'} ${word}: same final state`);
  return { verb: verb.name, at, inTime: killed.inTime };
}

const inTime = (kills: readonly Kill[], name: string): number =>
  kills.filter((kill) => kill.verb === name && kill.inTime).length;

/** The moments of a story, round by round: all of each verb, then again those that came too late where too few came in time. */
async function killAtEach(project: Project, story: readonly Verb[], usual: Undisturbed): Promise<Kill[]> {
  const kills: Kill[] = [];
  for (let round = 0; round <= moments + moreRounds; round += 1) {
    const lacking = story.filter(({ name }) => inTime(kills, name) < moments);
    if (round > moments && lacking.length === 0) break;
    for (const verb of story) {
      const late = kills.filter((kill) => kill.verb === verb.name && !kill.inTime);
      if (round <= moments) kills.push(await killOnce(project, verb, round + 3, round, usual));
      else if (lacking.includes(verb))
        kills.push(await killOnce(project, verb, round + 3, late[(round - moments - 1) % late.length]!.at, usual));
      else await runOnce(project, verb, round + 3);
    }
  }
  return kills;
}

/** Two rounds in peace, then one for each moment. Throws Error at the first that ends in another state. */
async function tell(story: readonly Verb[]): Promise<Kill[]> {
  const project = new Project();
  try {
    project.release({ gate, target });
    await succeed(project, ['ship']);
    // The first round finds other things than all that follow: no version before, no function.
    await undisturbed(project, story, 1);
    const kills = await killAtEach(project, story, await undisturbed(project, story, 2));
    await succeed(project, ['destroy']);
    const { processes, functions } = await finalState(project.folder);
    if (processes.length + functions.length > 0) throw new Error(`destroy left ${processes} ${functions}`);
    return kills;
  } finally {
    await runCommand(['destroy'], project.folder);
    project.remove();
  }
}

const waiting = stories.filter((story) => wanted.length === 0 || story.some(({ name }) => wanted.includes(name)));
const kills: Kill[] = [];
const faults: string[] = [];
async function work(): Promise<void> {
  for (let story = waiting.shift(); story; story = waiting.shift()) {
    try {
      kills.push(...(await tell(story)));
    } catch (error) {
      faults.push((error as Error).message);
    }
  }
}
await Promise.all(Array.from({ length: Number(values.parallel) }, work));

for (const name of new Set(kills.map(({ verb }) => verb))) {
  const hits = inTime(kills, name);
  const all = kills.filter(({ verb }) => verb === name).length;
  console.log(`${name}: ${all} kills, ${hits} in time, always the final state of an undisturbed run`);
  if (hits < moments) faults.push(`${name}: ${hits} runs were killed in time, and ${moments} were to be`);
}
for (const fault of faults) console.error(`FAULT ${fault}`);
process.exitCode = faults.length === 0 ? 0 : 1;
