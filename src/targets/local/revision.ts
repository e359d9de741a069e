import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UnprovenError } from '../../errors.ts';
import { extractPackage } from '../../package/unzip.ts';
import { expectationFor } from '../proof/expectation.ts';
import { type Expectation, prove } from '../proof/prove.ts';
import type { DeployRequest } from '../target.ts';
import { commandOf } from './command.ts';
import { launch } from './launch.ts';
import { lastLines } from './log-file.ts';
import type { Place } from './place.ts';
import type { ProcessMark } from './process-mark.ts';
import type { LocalRevision, LocalState } from './state.ts';
import { endpointOf, writeState } from './state.ts';
import { isGone, stopProcess } from './stop-process.ts';
import { processOf } from './sweep.ts';
import { processVariables } from './variables.ts';
import type { Wanted } from './wanted.ts';
import type { World } from './world.ts';

/** From spawn to listening: Node and the handler's bundle, nothing of the model. */
const startMs = 30_000;
/** Loading and proving a model from cold, twice its sample included: a few seconds a gigabyte, with much room. */
export const proofMs = 120_000;
/** The longest that a killed process takes to be gone. */
const dyingMs = 2000;

export const expectationOf = (request: DeployRequest, wanted: Wanted): Expectation =>
  expectationFor(request, wanted.id);

/**
 * Starts a process for the request and proves it. Throws UnprovenError with its last log lines; the process is then
 * stopped. What it answers with is not recorded yet: a run that is killed here leaves an orphan that the next one finds.
 */
export async function startProven(
  world: World,
  place: Place,
  request: DeployRequest,
  wanted: Wanted,
  port: number,
): Promise<LocalRevision> {
  const { table, signal } = world;
  const dir = await extractPackage(request.package, place.packages);
  const log = join(place.logs, `${wanted.id}.log`);
  const mark: ProcessMark = { tag: place.tag, role: wanted.role, revision: wanted.id, owner: world.owner };
  const cache = join(place.models, wanted.id);
  const code = join(place.code, request.package.sha256);
  const variables = processVariables({ settings: request.settings, mark, version: wanted.version, cache, code });
  const command = commandOf(dir, port, mark);
  const started = await launch({ table, dir, command, variables, log, timeoutMs: startMs, signal });
  const revision: LocalRevision = {
    ...wanted,
    port: started.port,
    pid: started.pid,
    started: started.started,
    deployed_at: world.now().toISOString(),
  };
  try {
    await prove(endpointOf(revision.port), expectationOf(request, wanted), { timeoutMs: proofMs, signal });
    return revision;
  } catch (error) {
    await stopRevision(world, place, revision);
    throw error instanceof UnprovenError ? await withLog(error, log) : error;
  }
}

async function withLog(error: UnprovenError, log: string): Promise<UnprovenError> {
  const lines = await lastLines(log);
  if (lines.length === 0) return error;
  const message = `${error.message} Last lines of its log:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  return new UnprovenError(error.code, message, {
    hint: error.hint,
    cause: error,
    data: { ...error.data, log, lines },
  });
}

/** Remembers what has just been started. Where that cannot be written it is stopped: nobody would know of it. */
export async function recordStarted(
  world: World,
  place: Place,
  state: LocalState,
  revision: LocalRevision,
): Promise<void> {
  try {
    await writeState(place.state, state);
  } catch (error) {
    await stopRevision(world, place, revision);
    throw error;
  }
}

/**
 * Stops the process of a revision, if it runs and is provably ours. One that is being killed loses its environment, and
 * with it our mark, before it lets go of its port: that moment is waited for, so that the next one can have the port.
 */
export async function stopRevision(world: World, place: Place, revision: LocalRevision): Promise<void> {
  const found = processOf(world, place, revision);
  if (found) await stopProcess(world.table, found);
  else await isGone(world.table, revision, dyingMs);
}

/** Stops a revision and forgets it; its model files go too. */
export async function dropRevision(
  world: World,
  place: Place,
  state: LocalState,
  revision: LocalRevision,
): Promise<LocalState> {
  await stopRevision(world, place, revision);
  const next = { ...state, revisions: state.revisions.filter((r) => r !== revision) };
  await writeState(place.state, next);
  if (!next.revisions.some((r) => r.id === revision.id)) {
    await rm(join(place.models, revision.id), { recursive: true, force: true });
  }
  return next;
}
