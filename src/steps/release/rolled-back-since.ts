import type { ModelEntry } from '../../config/types.ts';
import { readHistory } from '../../registry/pointer/history.ts';
import { noopResult } from '../../registry/pointer/promote.ts';
import { readPointer } from '../../registry/pointer/read-pointer.ts';
import type { ModelResult } from '../results.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';
import { moveReport } from './move-report.ts';

/** Moves that are looked through for this run's own. */
const lookBack = 20;

/**
 * "Re-run all jobs" must not put a bad version back: where this very workflow run has made the version live before, and
 * someone else has rolled it back since, the pointer stays, and this returns the message. Undefined where the verb may
 * proceed: no such rollback, one of this run (a watch that failed; running again is another try), or no run at all.
 */
export async function rolledBackSince(
  { store, environment }: Workspace,
  { name: model }: ModelEntry,
  version: string,
  { runUrl, actor, now, log, dryRun }: Context,
): Promise<ModelResult | undefined> {
  if (runUrl === undefined) return undefined;
  const place = { store, model, pointer: environment.pointer };
  const current = await readPointer(store, model, environment.pointer);
  const live = current?.pointer;
  if (live?.kind !== 'rollback' || live.run_url === runUrl || live.version === version) return undefined;
  const { records } = await readHistory({ ...place, limit: lookBack });
  const own = records.find(({ run_url: url, sequence }) => url === runUrl && sequence < live.sequence);
  if (own?.kind !== 'promotion' || own.version !== version) return undefined;
  const stayed = await noopResult({ ...place, actor, verb: 'promote', runUrl, now, log, dryRun }, current!);
  const by = `move ${live.sequence}, ${live.promoted_at}, by ${live.actor}${live.run_url ? `, ${live.run_url}` : ''}`;
  const note = `This run made ${model} ${version} live already (move ${own.sequence}), and since then it was rolled back to ${live.version} (${by}), which stays. To make ${version} live again all the same, start a new run.`;
  log.warn(note);
  return { ...moveReport(model, 'promoted', { ...stayed, note }, undefined), lines: [] };
}
