import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FunctionProcess } from '../function-process.ts';
import type { AdapterBed } from '../platforms/adapter-bed.ts';

export interface SoakOptions {
  messages: number;
  kills: number;
  processes: number;
}

/** What came of a soak. */
export interface Soaked {
  /** Jobs by their number: the id that each was accepted under. */
  ids: Map<number, string>;
  kills: number;
  /** Documents under results/. */
  results: Record<string, unknown>[];
  dead: string[];
  /** Deliveries after the first. */
  again: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The body of a job, and what tiny answers to it: no two jobs have the same result. */
export const bodyOf = (job: number) => ({ inputs: [[0, job]] });
export const answerOf = (job: number) => ({ outputs: { y: [[2 * job + 0.5, job]] } });

/**
 * Ends the process by SIGKILL right before or after one of the calls by which files change their state, some calls on:
 * between any two of them something is half done.
 */
export const killer = `
const fs = process.getBuiltinModule('node:fs/promises');
const inPlace = process.getBuiltinModule('node:fs');
let left = 3 + Math.floor(Math.random() * 40);
for (const name of ['writeFile', 'rename', 'link', 'unlink', 'utimes', 'readFile']) {
  const plain = fs[name];
  fs[name] = async (...given) => {
    const ends = --left === 0;
    if (ends && Math.random() < 0.5) process.kill(process.pid, 'SIGKILL');
    try {
      return await plain(...given);
    } finally {
      if (ends) process.kill(process.pid, 'SIGKILL');
    }
  };
}
for (const name of ['writeFileSync', 'renameSync', 'linkSync', 'unlinkSync', 'utimesSync']) {
  const plain = inPlace[name];
  inPlace[name] = (...given) => {
    const ends = --left === 0;
    if (ends && Math.random() < 0.5) process.kill(process.pid, 'SIGKILL');
    try {
      return plain(...given);
    } finally {
      if (ends) process.kill(process.pid, 'SIGKILL');
    }
  };
}
process.getBuiltinModule('node:module').syncBuiltinESMExports();`;

/**
 * Sends jobs to processes that share a folder as their queue, each sent again under its key until it is accepted. Processes
 * kill themselves in the middle of their work until there were so many kills. Returns when every job has a result, or nothing
 * changes any more.
 */
export async function soakFolder({ bundle, store, variables }: AdapterBed, options: SoakOptions): Promise<Soaked> {
  const folder = join(bundle, 'queue');
  const own = {
    ...variables,
    COLDGATE_QUEUE: pathToFileURL(folder).href,
    COLDGATE_QUEUE_ATTEMPTS: '1000',
    COLDGATE_QUEUE_LEASE_MS: '700',
  };
  const script = join(bundle, 'killer.cjs');
  writeFileSync(script, killer);
  const lines: Record<string, unknown>[] = [];
  const running: FunctionProcess[] = [];
  let kills = 0;
  let begun = 0;
  let over = false;
  const start = (at: number): void => {
    const isKilled = begun < options.kills;
    if (isKilled) begun++;
    const one = new FunctionProcess(bundle, { ...own, ...(isKilled && { NODE_OPTIONS: `--require=${script}` }) });
    running[at] = one;
    void one.exited.then((code) => {
      lines.push(...one.lines);
      if (over) return;
      if (code === null) kills++;
      start(at);
    });
  };
  for (let at = 0; at < options.processes; at++) start(at);
  const kept = join(store.root, '_coldgate/async/tiny');
  const list = (name: string): string[] => {
    try {
      return readdirSync(join(kept, name)).filter((file) => file.endsWith('.json'));
    } catch {
      return [];
    }
  };
  const ids = new Map<number, string>();
  // So many at least, and more for as long as a process is to be killed at its work.
  let job = 0;
  const sending = Array.from({ length: 4 }, async () => {
    while (job < options.messages || (kills < options.kills && job < options.messages * 20)) {
      const own = job++;
      ids.set(own, await accepted(running, own));
    }
  });
  await Promise.all(sending);
  for (let before = -1, quiet = 0; list('results').length < ids.size && quiet < 60; quiet++) {
    const now = list('results').length;
    if (now !== before) quiet = 0;
    before = now;
    await pause(250);
  }
  over = true;
  await Promise.all(running.map((one) => one.stop()));
  const again = lines.filter((line) => Number(line['attempt']) > 1).length;
  const results = list('results').map((file) => JSON.parse(readFileSync(join(kept, 'results', file), 'utf8')));
  return { ids, kills, results: results as Record<string, unknown>[], dead: list('dead'), again };
}

/** Sends one job until a process takes it, under a key that makes it one job however often it is sent. */
async function accepted(running: readonly FunctionProcess[], job: number): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await running[(job + attempt) % running.length]?.post('/v1/async', bodyOf(job), `job-${job}`);
      if (answer?.status === 202) return ((await answer.json()) as { id: string }).id;
    } catch {
      // Its process was killed, or is starting.
    }
    await pause(20);
  }
}
