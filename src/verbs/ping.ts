import { callUsd, monthSeconds, warmOf } from '../advice/numbers.ts';
import { msText, usdText } from '../advice/words.ts';
import type { ModelEntry } from '../config/types.ts';
import { ColdgateError, exitCodes } from '../errors.ts';
import { type LiveHealth, liveHealth } from '../steps/live-health.ts';
import { everyModel, type ModelResult, markdownTable } from '../steps/results.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { openWorkspace, type WorkInput, type Workspace } from '../steps/workspace.ts';

export interface PingInput extends WorkInput {
  /** Seconds between two pings, for what a month of them costs. */
  every: number;
}

function silent({ environment }: Workspace, { name }: ModelEntry, health: LiveHealth | undefined): ColdgateError {
  const where = `${name} in ${environment.name}`;
  const message = health ? `${where} does not answer (${health.status}).` : `${where} has no live function.`;
  const hint = health
    ? `coldgate status --environment ${environment.name} shows what is live.`
    : `Make a version live: coldgate ship --environment ${environment.name} --model ${name}`;
  return new ColdgateError(health ? 'no-answer' : 'not-live', exitCodes.unproven, message, { hint });
}

/** What pings cost for 30 days, and what the platform's own way would, in words. Nothing on this machine. */
function costOf(ws: Workspace, entry: ModelEntry, { roundTripMs, handlerMs, cold }: LiveHealth, every: number) {
  const target = entry.target ?? ws.environment.target;
  const pings = Math.round(monthSeconds / every);
  // A start is billed as well; of a warm call only what the handler takes.
  const billedMs = cold ? roundTripMs : (handlerMs ?? roundTripMs);
  const usd = callUsd(target, billedMs);
  const warm = warmOf(target);
  if (usd === undefined || !warm) return { pings, usd: null, words: `${pings} pings in 30 days` };
  const own =
    warm.usd > 0 ? `; ${warm.field}: 1 costs about ${usdText(warm.usd)}, and is not lost by a deployment` : '';
  return { pings, usd: usd * pings, words: `${pings} pings in 30 days cost about ${usdText(usd * pings)}${own}` };
}

function report(ws: Workspace, entry: ModelEntry, health: LiveHealth | undefined, every: number): ModelResult {
  const { name } = entry;
  const environment = ws.environment.name;
  if (!health?.version) {
    const failure = silent(ws, entry, health);
    return {
      model: name,
      outputs: { cold: '' },
      document: { environment },
      lines: [],
      summary: failure.message,
      failure,
    };
  }
  const { url, version, cold = false, roundTripMs, handlerMs = null } = health;
  const cost = costOf(ws, entry, health, every);
  const head = `${name} ${version} in ${environment}: ${cold ? 'cold' : 'warm'}, answered in ${msText(roundTripMs)}.`;
  const rows = [[cold ? 'cold' : 'warm', msText(roundTripMs), cost.words]];
  return {
    model: name,
    outputs: { cold: String(cold), 'endpoint-url': url },
    document: {
      ...{ environment, version, cold, 'endpoint-url': url },
      ...{ 'round-trip-ms': Math.round(roundTripMs), 'handler-ms': handlerMs },
      ...{ pings: cost.pings, 'usd-a-month': cost.usd },
    },
    lines: [head, `  Every ${every} s: ${cost.words}.`],
    summary: `${head}\n\n${markdownTable(['', 'answered in', 'what it costs'], rows)}`,
  };
}

/** `coldgate ping`: one request to each live function, so that one instance of it stays. */
export async function run(input: PingInput, context: Context): Promise<VerbResult> {
  const ws = await openWorkspace(input, context, { checkFiles: false });
  return everyModel('ping', ws.models, async (entry) =>
    report(ws, entry, await liveHealth(ws, entry, context), input.every),
  );
}
