import { join } from 'node:path';
import { UnprovenError } from '../../errors.ts';
import { extractPackage } from '../../package/unzip.ts';
import type { Wanted } from '../../rollout/platform.ts';
import type { DeployRequest } from '../../rollout/target.ts';
import { commandOf } from './command.ts';
import type { LocalContext } from './context.ts';
import { launch } from './launch.ts';
import { lastLines } from './log-file.ts';
import type { FunctionPaths } from './paths.ts';
import type { ProcessMark } from './process-mark.ts';
import { folderVariables } from './queue.ts';
import { urlOf } from './state.ts';
import { processVariables } from './variables.ts';
import type { LocalProcess } from './view.ts';

/** From spawn to listening: Node and the handler's bundle, nothing of the model. */
const startMs = 30_000;

const logOf = (place: FunctionPaths, revision: string): string => join(place.logs, `${revision}.log`);

/**
 * Starts a process for the request and waits until it listens. It is not recorded yet: a run that is killed here leaves an
 * orphan, which the next one finds by its mark. Throws UnprovenError `did-not-start`.
 * @param port to listen on; 0 takes a free one
 */
export async function startProcess(
  context: LocalContext,
  place: FunctionPaths,
  request: Pick<DeployRequest, 'settings' | 'package'>,
  wanted: Wanted,
  port: number,
): Promise<LocalProcess> {
  const { table, signal, now } = context;
  const { role, version, packageSha256, settingsSha256, revision: id } = wanted;
  const dir = await extractPackage(request.package, place.packages);
  const mark: ProcessMark = { tag: place.tag, role, revision: id, owner: context.owner };
  const variables = processVariables({
    settings: request.settings,
    mark,
    version,
    cache: join(place.models, id),
    code: join(place.code, request.package.sha256),
    queue: folderVariables(context, place),
  });
  const command = commandOf(dir, port, mark);
  const log = logOf(place, id);
  const started = await launch({ table, dir, command, variables, log, timeoutMs: startMs, signal });
  return {
    ...{ id, role, version, packageSha256, settingsSha256 },
    port: started.port,
    pid: started.pid,
    started: started.started,
    deployed_at: now().toISOString(),
    url: urlOf(started.port),
    again: (other) => startProcess(context, place, request, wanted, other),
  };
}

/** The error with the end of the revision's log. */
export async function withLog(place: FunctionPaths, { id }: Pick<LocalProcess, 'id'>, error: Error): Promise<Error> {
  const log = logOf(place, id);
  const lines = error instanceof UnprovenError ? await lastLines(log) : [];
  if (lines.length === 0) return error;
  const { code, hint, data } = error as UnprovenError;
  const message = `${error.message} Last lines of its log:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  return new UnprovenError(code, message, { hint, cause: error, data: { ...data, log, lines } });
}
