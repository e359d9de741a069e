import type { ModelEntry } from '../../config/types.ts';
import { readPointer } from '../../registry/pointer/read-pointer.ts';
import { functionSettings } from '../function-settings.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';

/** Loading a model from cold in the slowest of the places, ms. */
const answerMs = 120_000;

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

/** Version and sha256 that a live function reports after it has read its pointer. */
async function ask(ws: Workspace, entry: ModelEntry, context: Context) {
  const target = await ws.targetOf(entry);
  const settings = functionSettings(ws.environment, entry);
  const { live } = await target.describe(settings);
  if (!live) return undefined;
  try {
    const endpoint = target.reach(settings, live);
    const options = { timeoutMs: answerMs, signal: context.signal };
    const { status, body } = await endpoint.send('/v1/health?warm=true', options);
    const { model } = (body ?? {}) as { model?: { version?: string; sha256?: string } };
    return { url: live.url, version: model?.version, sha256: model?.sha256, status };
  } catch (error) {
    context.signal.throwIfAborted();
    return { url: live.url, version: undefined, sha256: undefined, status: (error as Error).message };
  }
}

/** Compares what the pointer names with what the live endpoint serves now. */
export async function driftOf(ws: Workspace, entry: ModelEntry, context: Context): Promise<Drift> {
  const { environment, store } = ws;
  const pointer = (await readPointer(store, entry.name, environment.pointer))?.pointer;
  const answer = await ask(ws, entry, context);
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
