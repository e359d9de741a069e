import type { GateRecord } from '../record/record.ts';
import { arms, armView, shownMetric } from '../record/record-view.ts';
import { driftWarning } from '../rule/cumulative-drift.ts';
import { median } from '../rule/values.ts';
import { ms } from './number-words.ts';

/** First starts this many times slower than the rest indicate a cache that they filled. */
const cacheFactor = 1.5;

/** What was left out of the judgement, and what it means. */
function discardedNote(record: GateRecord): string[] {
  const metric = shownMetric(record);
  const views = arms.map((arm) => armView(record, arm, metric)).filter((v) => v.discarded.length > 0);
  if (views.length === 0) return [];
  const listed = views.map((v) => `${v.arm} ${v.discarded.map(ms).join(', ')} ms`).join('; ');
  const slower = views.some(
    ({ kept, discarded }) =>
      kept.length > 0 && Math.min(...discarded) > cacheFactor * median([...kept].sort((a, b) => a - b)),
  );
  const cache = slower ? ' They were much slower: the first starts of a version fill caches of the platform.' : '';
  return [`First starts, not judged: ${listed}.${cache}`];
}

function failedNote(record: GateRecord): string[] {
  const failed = record.samples.filter((s) => s.status === 'failed');
  if (failed.length === 0) return [];
  const why = [...new Set(failed.map((s) => s.note ?? 'no reason given'))].slice(0, 3).join('; ');
  return [`${failed.length} measurements failed and were left out: ${why}.`];
}

/** Versions of Node shown; a record from elsewhere may hold any text. */
const maxNodes = 3;

/** A platform that patches what functions run on may do so between two starts, and under one arm alone. */
function movedNote({ samples }: GateRecord): string[] {
  const nodesOf = (arm?: string) => [
    ...new Set(samples.flatMap((s) => (s.node === undefined || (arm ?? s.arm) !== s.arm ? [] : [s.node]))),
  ];
  if (nodesOf().length < 2) return [];
  const ran = arms.map((arm) => `${arm} on Node ${nodesOf(arm).slice(0, maxNodes).join(', ') || '?'}`);
  return [`The base moved during the measurement: ${ran.join('; ')}. Measure again where the verdict is a close one.`];
}

/** What else a reader should know, one sentence or two each. */
export function notesOf(record: GateRecord): string[] {
  const attempt =
    record.attempt > 1
      ? [`Attempt ${record.attempt} at this candidate: each attempt may err as often as the gate promises for one.`]
      : [];
  const drift = driftWarning(record.anchor);
  return [...discardedNote(record), ...failedNote(record), ...movedNote(record), ...attempt, ...(drift ? [drift] : [])];
}
