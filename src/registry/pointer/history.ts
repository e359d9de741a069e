import { IntegrityError } from '../../errors.ts';
import { defaultPointer } from '../../model/layout.ts';
import type { Pointer } from '../../model/pointer.ts';
import type { Store } from '../../stores/store.ts';
import { isSameMove } from './check.ts';
import { recordedSequences } from './history-record.ts';
import { readPointer, readRecord } from './read-pointer.ts';

export interface HistoryInput {
  store: Store;
  model: string;
  /** Default `current.json`. */
  pointer?: string | undefined;
}

export interface HistoryView {
  /** Newest first. */
  records: Pointer[];
  /** Sequences in the range whose record is not there; the newest may be one that a crash left out. */
  missing: number[];
  /** Sequences whose record cannot be read. */
  unreadable: number[];
  /** The newest record is shown from the pointer, because its own was left out. */
  pending: boolean;
  /** The pointer as it was read, before the records. */
  current: Pointer | undefined;
}

/**
 * The newest `limit` moves, newest first. Reads the pointer and then exactly those records, so its cost does not grow
 * with the length of the history. Throws IntegrityError `pointer-unusable` and what the store throws.
 */
export async function readHistory(input: HistoryInput & { limit?: number | undefined }): Promise<HistoryView> {
  const { store, model, limit = 20 } = input;
  const name = input.pointer ?? defaultPointer;
  const current = await readPointer(store, model, name);
  const newest = current?.pointer.sequence ?? (await recordedSequences(store, model, name)).at(-1) ?? 0;
  const sequences = Array.from({ length: Math.min(limit, newest) }, (_, at) => newest - at);
  const found = await inBatches(sequences, (sequence) => recordOr(store, model, sequence, name));
  const view: HistoryView = { records: [], missing: [], unreadable: [], pending: false, current: current?.pointer };
  for (const [at, sequence] of sequences.entries()) {
    const record = found[at];
    if (record && record !== 'unreadable') view.records.push(record);
    else if (sequence === current?.pointer.sequence) {
      view.records.push(current.pointer);
      view.pending = true;
    } else (record === 'unreadable' ? view.unreadable : view.missing).push(sequence);
  }
  return view;
}

async function recordOr(store: Store, model: string, sequence: number, name: string) {
  try {
    return (await readRecord(store, model, sequence, name))?.pointer;
  } catch (error) {
    if (error instanceof IntegrityError) return 'unreadable' as const;
    throw error;
  }
}

/** Eight reads at a time: quick over a network, gentle to the store. */
async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += 8) {
    results.push(...(await Promise.all(items.slice(at, at + 8).map(work))));
  }
  return results;
}

export interface HistoryProblem {
  code:
    | 'gap'
    | 'unreadable'
    | 'wrong-sequence'
    | 'wrong-previous'
    | 'repeated-id'
    | 'pointer-behind'
    | 'pointer-differs'
    | 'pointer-missing';
  sequence: number;
  message: string;
}

export interface HistoryReport {
  /** Records read. */
  records: number;
  problems: HistoryProblem[];
  /** The record of the current pointer is still to be written; the next move does it, so it is no problem. */
  pending: boolean;
}

/**
 * Reads the whole history and returns where it breaks the protocol's promises: gapless from 1, each record following
 * from the one before it, the newest in agreement with the pointer. The pointer is read before the records are, and
 * once more where they are ahead of it, so that a move in between cannot look like a fault.
 */
export async function checkHistory(input: HistoryInput): Promise<HistoryReport> {
  const { store, model } = input;
  const name = input.pointer ?? defaultPointer;
  const before = (await readPointer(store, model, name))?.pointer;
  const sequences = await recordedSequences(store, model, name);
  const newest = sequences.at(-1) ?? 0;
  const moved = newest > (before?.sequence ?? 0);
  const current = moved ? (await readPointer(store, model, name))?.pointer : before;
  const found = await inBatches(sequences, (sequence) => recordOr(store, model, sequence, name));
  const problems: HistoryProblem[] = [];
  const known = new Set(sequences);
  const expected = Math.max(newest, (before?.sequence ?? 1) - 1);
  for (let s = 1; s <= expected; s += 1) {
    if (!known.has(s)) problems.push({ code: 'gap', sequence: s, message: `record ${s} is missing.` });
  }
  const records = new Map<number, Pointer>();
  for (const [at, sequence] of sequences.entries()) {
    const record = found[at];
    if (record && record !== 'unreadable') records.set(sequence, record);
    else problems.push({ code: 'unreadable', sequence, message: `record ${sequence} cannot be read.` });
  }
  problems.push(...chainProblems(records), ...pointerProblems(current, newest, records));
  return { records: sequences.length, problems, pending: current !== undefined && !known.has(current.sequence) };
}

function chainProblems(records: Map<number, Pointer>): HistoryProblem[] {
  const problems: HistoryProblem[] = [];
  const ids = new Set<string>();
  for (const [sequence, record] of records) {
    const add = (code: HistoryProblem['code'], message: string) => problems.push({ code, sequence, message });
    if (record.sequence !== sequence) add('wrong-sequence', `record ${sequence} has the sequence ${record.sequence}.`);
    if (ids.has(record.promotion_id)) add('repeated-id', `record ${sequence} repeats an earlier promotion_id.`);
    ids.add(record.promotion_id);
    const before = records.get(sequence - 1);
    if (before && (record.previous?.version !== before.version || record.previous.sha256 !== before.sha256)) {
      add(
        'wrong-previous',
        `record ${sequence} does not follow from ${sequence - 1}, which made ${before.version} live.`,
      );
    }
  }
  return problems;
}

function pointerProblems(
  current: Pointer | undefined,
  newest: number,
  records: Map<number, Pointer>,
): HistoryProblem[] {
  const at = (code: HistoryProblem['code'], sequence: number, message: string) => [{ code, sequence, message }];
  if (!current) return newest > 0 ? at('pointer-missing', newest, `there is a record ${newest} and no pointer.`) : [];
  if (newest > current.sequence) {
    return at(
      'pointer-behind',
      current.sequence,
      `the pointer is at ${current.sequence}, the newest record is ${newest}.`,
    );
  }
  const own = records.get(current.sequence);
  if (own && !isSameMove(own, current)) {
    return at(
      'pointer-differs',
      current.sequence,
      `record ${current.sequence} is not the move that the pointer is of.`,
    );
  }
  return [];
}
