import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '../../src/log.ts';
import { withLock } from '../../src/targets/local/lock.ts';
import type { ProcessId } from '../../src/targets/local/process-mark.ts';
import { isRunning, ownProcess, systemProcesses } from '../../src/targets/local/process-table.ts';
import { cache, folderOf, whyNot } from './part.ts';
import { startedIn, stopProcess } from './processes.ts';
import type { Server, ServerPart } from './server-part.ts';

/** Whose servers: `up` lets them stay until `down`; else they belong to a test run, and end with its process. */
export type Owner = 'up' | ProcessId;

const home = join(cache, 'running');
const folderOfOwner = (owner: Owner): string => join(home, owner === 'up' ? 'up' : `${owner.pid}-${owner.started}`);

/** Set by the run's first process for all that it starts. */
const variable = 'COLDGATE_TEST_RUN';

/** Makes this process the owner of what its tests and their processes start. */
export function beginRun(): Owner {
  const owner = ownProcess(systemProcesses);
  process.env[variable] = `${owner.pid}-${owner.started}`;
  return owner;
}

/**
 * Gives this process servers of its own in place of the run's, for what would starve those that share them; those of `up`
 * are taken all the same. Answers what stops them again. Throws in the run's first process, whose servers all share:
 * vitest gives each file another one (its pool `forks`).
 */
export function beginOwn(): () => Promise<void> {
  const shared = process.env[variable];
  const owner = beginRun();
  if (process.env[variable] === shared) throw new Error('This process owns the servers that the whole run shares.');
  return async () => void (await stopAll(owner));
}

function ownerOfRun(): Owner {
  const [pid, started] = (process.env[variable] ?? '').split('-');
  return pid && started ? { pid: Number(pid), started } : ownProcess(systemProcesses);
}

/** Of one server: its data and log, the note of its processes, its address once it runs, or why it was refused. */
const workOf = (owner: Owner, name: string): string => join(folderOfOwner(owner), name);
const addressIn = (work: string): string => join(work, 'server.json');
const refusalIn = (work: string): string => join(work, 'refused');

interface Address<Name extends string> {
  server: Server<Name>;
  /** All that it is made of. */
  processes: ProcessId[];
}

const runs = (id: ProcessId): boolean => isRunning(systemProcesses, id);

/** The server that this owner has running. */
export function runningOf<Name extends string>(owner: Owner, name: Name): Server<Name> | undefined {
  const text = read(addressIn(workOf(owner, name)));
  if (text === undefined) return undefined;
  const { server, processes } = JSON.parse(text) as Address<Name>;
  return processes.every(runs) ? server : undefined;
}

/** The one that `up` started, else the run's own, which is started by whoever asks first. */
export async function running<Name extends string>(part: ServerPart<Name>): Promise<Server<Name>> {
  return runningOf('up', part.name) ?? startFor(ownerOfRun(), part);
}

/**
 * Starts it for an owner unless it runs, and probes it. Throws what it says, or, by name, which write it accepted that
 * it must refuse: it is then stopped, and nothing may be proven on it.
 */
export async function startFor<Name extends string>(owner: Owner, part: ServerPart<Name>): Promise<Server<Name>> {
  const missing = whyNot(part);
  if (missing) throw new Error(`${part.name} ${part.version} cannot run: ${missing}`);
  mkdirSync(folderOfOwner(owner), { recursive: true });
  const { signal } = new AbortController();
  const lock = { table: systemProcesses, log: silentLogger, signal, patienceMs: 3 * 60_000 };
  return withLock(`${workOf(owner, part.name)}.lock`, lock, async () => {
    const refused = read(refusalIn(workOf(owner, part.name)));
    if (refused) throw new Error(refused);
    return runningOf(owner, part.name) ?? start(owner, part);
  });
}

async function start<Name extends string>(owner: Owner, part: ServerPart<Name>): Promise<Server<Name>> {
  const work = workOf(owner, part.name);
  await clear(work);
  mkdirSync(work);
  const named = `${part.name} ${part.version}`;
  let accepted: string[];
  try {
    const endpoint = await part.start(folderOf(part), work);
    const server: Server<Name> = { name: part.name, endpoint, env: part.env(endpoint) };
    accepted = await part.probe(server);
    if (accepted.length === 0) {
      const address: Address<Name> = { server, processes: startedIn(work).filter(runs) };
      write(addressIn(work), JSON.stringify(address));
      return server;
    }
  } catch (error) {
    await clear(work);
    throw new Error(`${named} does not do its work: ${(error as Error).message}`);
  }
  await clear(work);
  mkdirSync(work);
  const refused = `${named} is no judge, nothing may be proven on it: it accepted ${accepted.join(' and ')}.`;
  write(refusalIn(work), refused);
  throw new Error(refused);
}

/** Whole or not at all: others read it at any moment. */
function write(path: string, text: string): void {
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, text, { mode: 0o600 });
  renameSync(fresh, path);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

async function clear(work: string): Promise<void> {
  for (const id of startedIn(work)) await stopProcess(id);
  rmSync(work, { recursive: true, force: true });
}

/** Stops everything of an owner; returns the names of what ran. */
export async function stopAll(owner: Owner): Promise<string[]> {
  const folder = folderOfOwner(owner);
  const names = entries(folder).filter((name) => runningOf(owner, name) !== undefined);
  for (const name of entries(folder)) await clear(join(folder, name));
  rmSync(folder, { recursive: true, force: true });
  return names;
}

/** Stops what runs have left that were killed before they could. */
export async function sweep(): Promise<void> {
  for (const name of entries(home)) {
    const [pid, started] = name.split('-');
    if (!pid || !started) continue;
    const owner = { pid: Number(pid), started };
    if (!runs(owner)) await stopAll(owner);
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
