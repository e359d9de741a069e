import type { ModelEntry } from '../../config/types.ts';
import { ColdgateError, exitCodes, toColdgateError, UnprovenError } from '../../errors.ts';
import { type Watched, watch } from '../../measure/watch.ts';
import { readPointer } from '../../registry/pointer/read-pointer.ts';
import type { Revision } from '../../rollout/target.ts';
import { functionSettings } from '../function-settings.ts';
import type { ModelResult } from '../results.ts';
import type { Workspace } from '../workspace.ts';
import type { LiveWatch } from './auto-rollback.ts';
import { type AutoRollback, autoRollback } from './auto-rollback.ts';

/** How long, s: this run's input, else models.yaml; 0 does not watch. */
export const watchSeconds = (given: number | undefined, entry: ModelEntry): number => given ?? entry.watchSeconds;

/** What is live now, to restore if the watch fails; not read without a watch. */
export async function liveBefore(ws: Workspace, entry: ModelEntry, seconds: number): Promise<Revision | undefined> {
  if (seconds === 0) return undefined;
  const target = await ws.targetOf(entry);
  return (await target.describe(functionSettings(ws.environment, entry))).live;
}

/** Who has moved the pointer since; undefined while it is as this run left it. */
async function movedOn({ workspace, entry, moved }: LiveWatch): Promise<string | undefined> {
  const current = await readPointer(workspace.store, entry.name, workspace.environment.pointer);
  if (!current) return 'someone has removed the pointer';
  const { actor, version, sequence, promotion_id } = current.pointer;
  if (promotion_id === moved.pointer?.promotion_id) return undefined;
  return `${actor} made ${version} live (move ${sequence})`;
}

/**
 * An instance reads the pointer up to a fifth later than its refresh interval, waits for its turn, then loads the model
 * beside the old one.
 */
const loadingSeconds = 30;

function look(input: LiveWatch): Promise<Watched> {
  const { workspace, entry, stored, deployment, moved, routed, seconds, context } = input;
  const { version, sha256, sample, manifest, manifestSha256 } = stored;
  const { refreshSeconds, followOverSeconds, maxPayloadKb } = entry.handler;
  const lag = refreshSeconds * 1.2 + followOverSeconds + loadingSeconds;
  return watch({
    endpoint: deployment.target.reach(functionSettings(workspace.environment, entry), routed.revision),
    expected: { version, sha256, sample, manifest, manifestSha256, maxPayloadBytes: maxPayloadKb * 1024 },
    seconds,
    sloMs: entry.gate.sloMs,
    before: moved.previousVersion === null ? undefined : { version: moved.previousVersion, seconds: lag },
    superseded: () => movedOn(input),
    signal: context.signal,
    log: context.log,
  });
}

/**
 * Watches what has just been made live, and rolls pointer and function back when it breaks: each only while it is still
 * as this run left it. The result then has a failure (exit 7). Throws ColdgateError `watch-stopped` when the run is
 * aborted: what is live stays.
 */
export async function watchLive(input: LiveWatch): Promise<ModelResult> {
  const { entry, stored, seconds, context } = input;
  const what = `${entry.name} ${stored.version}`;
  context.log.info(`  Watching ${what} for ${seconds} s.`);
  const began = performance.now();
  try {
    const watched = await look(input);
    if (watched.outcome !== 'broken') return reportOf(input, watched, []);
    context.log.warn(`${what} broke while it was watched: ${watched.why}`);
    const back = await autoRollback(input);
    return reportOf(input, watched, back.lines, failureOf(input, watched, back));
  } catch (error) {
    if (!context.signal.aborted) throw error;
    const watched = Math.round((performance.now() - began) / 1000);
    throw new ColdgateError(
      'watch-stopped',
      exitCodes.unexpected,
      `The watch of ${what} was stopped after ${watched} of ${seconds} s (${toColdgateError(error).message}). ${what} is live and no longer watched.`,
      { hint: `Take it back with coldgate rollback --model ${entry.name}, or leave it.`, cause: error },
    );
  }
}

function failureOf({ entry, stored }: LiveWatch, watched: Watched, back: AutoRollback): ColdgateError {
  const { probes, failed, why } = watched;
  const message = `${entry.name} ${stored.version} broke while it was watched: ${failed} of ${probes} probes failed, the last one because ${why} ${back.lines.join(' ')}`;
  const options = { hint: back.hint, data: { looks: probes, failed, why, outcome: back.outcome } };
  return new UnprovenError('watch-failed', message, options);
}

const ms = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(1)} ms`);

function reportOf(
  { entry, stored, moved, seconds }: LiveWatch,
  watched: Watched,
  lines: string[],
  failure?: ColdgateError,
): ModelResult {
  const { outcome, probes, failed, p50, p95, why } = watched;
  const backed = failure?.data?.['outcome'];
  const result = outcome === 'broken' ? String(backed) : outcome;
  const pointerIsBack = result === 'rolled-back' || result === 'partially-rolled-back';
  const counted = `${probes} looks, ${failed} failed, p50 ${ms(p50)}, p95 ${ms(p95)}`;
  const head = {
    passed: `${entry.name} ${stored.version} held for ${seconds} s: ${counted}.`,
    broken: `${entry.name} ${stored.version} broke: ${counted}.`,
    superseded: `Since the promotion ${why}, so the watch ended early: ${counted}.`,
  }[outcome];
  const shownLines = [head, ...lines];
  return {
    model: entry.name,
    outputs: {
      watch: result,
      ...(pointerIsBack && { promoted: 'false', version: moved.previousVersion ?? '' }),
    },
    document: {
      watch: {
        outcome: result,
        seconds,
        looks: probes,
        failed,
        p50_ms: p50 ?? null,
        p95_ms: p95 ?? null,
        why: why ?? null,
      },
      ...(pointerIsBack && { promoted: false }),
    },
    lines: failure ? [head] : shownLines,
    summary: shownLines.join('\n\n'),
    failure,
  };
}
