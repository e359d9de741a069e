import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '../../src/log.ts';
import { withLock } from '../../src/targets/local/lock.ts';
import type { ProcessId } from '../../src/targets/local/process-mark.ts';
import { isRunning, ownProcess, systemProcesses } from '../../src/targets/local/process-table.ts';
import { cache, folderOf, whyNot } from './part.ts';
import { stopProcess } from './processes.ts';
import type { Server, ServerPart } from './server-part.ts';

/** Whose servers: `up` lets them stay until `down`; else they belong to a test run, and end with its process. */
export type Owner = 'up' | ProcessId;

interface Noted<Name extends string> extends Server<Name> {
  processes: ProcessId[];
}

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

function ownerOfRun(): Owner {
  const [pid, started] = (process.env[variable] ?? '').split('-');
  return pid && started ? { pid: Number(pid), started } : ownProcess(systemProcesses);
}

const noteOf = (owner: Owner, name: string): string => join(folderOfOwner(owner), `${name}.json`);

function read<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** The server that this owner has running. */
export function runningOf<Name extends string>(owner: Owner, name: Name): Server<Name> | undefined {
  const noted = read<Noted<Name>>(noteOf(owner, name));
  if (!noted || noted.processes.length === 0) return undefined;
  if (!noted.processes.every((id) => isRunning(systemProcesses, id))) return undefined;
  return { name: noted.name, endpoint: noted.endpoint, env: noted.env };
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
  return withLock(join(folderOfOwner(owner), `${part.name}.lock`), lock, async () => {
    const refused = read<{ refused: string }>(join(folderOfOwner(owner), `${part.name}.refused.json`))?.refused;
    if (refused) throw new Error(refused);
    return runningOf(owner, part.name) ?? start(owner, part);
  });
}

async function start<Name extends string>(owner: Owner, part: ServerPart<Name>): Promise<Server<Name>> {
  await stopOne(owner, part.name);
  const work = join(folderOfOwner(owner), part.name);
  mkdirSync(work, { recursive: true });
  const started = await part.start(folderOf(part), work).catch((error: Error) => {
    throw new Error(`${part.name} ${part.version} did not start: ${error.message}`);
  });
  const server: Server<Name> = { name: part.name, endpoint: started.endpoint, env: part.env(started.endpoint) };
  write(noteOf(owner, part.name), { ...server, processes: started.processes });
  const accepted = await part.probe(server).catch((error: Error) => [`(the probe itself failed) ${error.message}`]);
  if (accepted.length === 0) return server;
  await stopOne(owner, part.name);
  const refused = `${part.name} ${part.version} is no judge, nothing may be proven on it: it accepted ${accepted.join(' and ')}.`;
  write(join(folderOfOwner(owner), `${part.name}.refused.json`), { refused });
  throw new Error(refused);
}

/** Written whole or not at all: others read it at any moment. */
function write(path: string, content: object): void {
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, JSON.stringify(content), { mode: 0o600 });
  renameSync(fresh, path);
}

async function stopOne(owner: Owner, name: string): Promise<void> {
  const noted = read<Noted<string>>(noteOf(owner, name));
  for (const id of noted?.processes ?? []) await stopProcess(id);
  rmSync(noteOf(owner, name), { force: true });
  rmSync(join(folderOfOwner(owner), name), { recursive: true, force: true });
}

/** Stops everything of an owner; answers the names of what ran. */
export async function stopAll(owner: Owner): Promise<string[]> {
  const folder = folderOfOwner(owner);
  const notes = entries(folder).filter((name) => name.endsWith('.json') && !name.endsWith('.refused.json'));
  const names = notes.map((name) => name.slice(0, -'.json'.length));
  for (const name of names) await stopOne(owner, name);
  rmSync(folder, { recursive: true, force: true });
  return names;
}

/** Stops what runs have left that were killed before they could. */
export async function sweep(): Promise<void> {
  for (const name of entries(home)) {
    const [pid, started] = name.split('-');
    if (!pid || !started) continue;
    const owner = { pid: Number(pid), started };
    if (!isRunning(systemProcesses, owner)) await stopAll(owner);
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
