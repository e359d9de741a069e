import type { ModelEntry } from '../../config/types.ts';
import { readPointer } from '../../registry/pointer/read-pointer.ts';
import { liveHealth } from '../live-health.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';

export interface Drift {
  environment: string;
  /** What the pointer names; undefined where none was ever promoted. */
  pointer: string | undefined;
  /** What the endpoint serves; undefined where no function is live. */
  served: string | undefined;
  url: string | undefined;
  /** What is wrong, one sentence; undefined where they agree or there is nothing to compare. */
  wrong: string | undefined;
}

/** Compares what the pointer names with what the live endpoint serves now. */
export async function driftOf(ws: Workspace, entry: ModelEntry, context: Context): Promise<Drift> {
  const { environment, store } = ws;
  const pointer = (await readPointer(store, entry.name, environment.pointer))?.pointer;
  const answer = await liveHealth(ws, entry, context);
  const found = { environment: environment.name, pointer: pointer?.version, served: answer?.version, url: answer?.url };
  if (!answer) return { ...found, wrong: undefined };
  const at = `${entry.name} in ${environment.name}`;
  if (!answer.version) return { ...found, wrong: `${at}: ${answer.url} serves no model (${answer.status}).` };
  if (!pointer)
    return { ...found, wrong: `${at}: ${answer.url} serves ${answer.version}, and no pointer names a version.` };
  const isSame = answer.version === pointer.version && answer.sha256 === pointer.sha256;
  const wrong = `${at}: the pointer names ${pointer.version}, ${answer.url} serves ${answer.version}.`;
  return { ...found, wrong: isSame ? undefined : wrong };
}
