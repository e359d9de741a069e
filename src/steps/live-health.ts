import type { ModelEntry } from '../config/types.ts';
import { functionSettings } from './function-settings.ts';
import type { Context } from './verb.ts';
import type { Workspace } from './workspace.ts';

/** Loading a model from cold in the slowest of the places, ms. */
const answerMs = 120_000;

/** What a live function says of itself, with its model loaded. */
export interface LiveHealth {
  url: string;
  /** HTTP status, or why there was no answer. */
  status: number | string;
  version: string | undefined;
  sha256: string | undefined;
  /** True on the first call of an instance. */
  cold: boolean | undefined;
  /** From request to answer, ms. */
  roundTripMs: number;
  /** Inside the handler, ms. */
  handlerMs: number | undefined;
}

interface Answered {
  model?: { version?: string; sha256?: string };
  cold_start?: boolean;
  timings?: { handler_ms?: number };
}

/** Asks the live function of a model, which reads its pointer and loads its model first. Undefined where none is live. */
export async function liveHealth(ws: Workspace, entry: ModelEntry, context: Context): Promise<LiveHealth | undefined> {
  const target = await ws.targetOf(entry);
  const settings = functionSettings(ws.environment, entry);
  const { live } = await target.describe(settings);
  if (!live) return undefined;
  const endpoint = target.reach(settings, live);
  const sent = performance.now();
  const took = () => performance.now() - sent;
  try {
    const options = { timeoutMs: answerMs, signal: context.signal };
    const { status, body } = await endpoint.send('/v1/health?warm=true', options);
    const { model, cold_start: cold, timings } = (body ?? {}) as Answered;
    const { version, sha256 } = model ?? {};
    return { url: live.url, status, version, sha256, cold, roundTripMs: took(), handlerMs: timings?.handler_ms };
  } catch (error) {
    context.signal.throwIfAborted();
    const nothing = { version: undefined, sha256: undefined, cold: undefined, handlerMs: undefined };
    return { url: live.url, status: (error as Error).message, ...nothing, roundTripMs: took() };
  }
}
