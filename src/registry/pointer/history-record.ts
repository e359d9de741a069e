import type { Logger } from '../../log.ts';
import { contentTypeOf, historyKey, historyPrefix, historySequence, immutableCaching } from '../../model/layout.ts';
import type { Store } from '../../stores/store.ts';
import { mayHaveHappened } from '../ambiguous.ts';
import { differsFromRecord, isSameMove } from './check.ts';
import { unsound } from './fault.ts';
import { type PointerState, readRecord } from './read-pointer.ts';

export interface HistoryLocation {
  store: Store;
  model: string;
  /** Name of the pointer. */
  pointer: string;
  log: Logger;
}

/**
 * Creates the record of the current pointer where a crash left it out; must be done before the pointer moves on, for
 * its content would be lost then. Costs one read where the record is there, which is nearly always: cheaper than a
 * create that is refused. Throws IntegrityError `pointer-differs` where the record is of another move, as only a forged
 * or damaged document can be, `history-unusable`, and what the store throws; then nothing was moved yet.
 */
export async function ensureRecord(place: HistoryLocation, state: PointerState): Promise<void> {
  const { sequence } = state.pointer;
  const found = await readRecord(place.store, place.model, sequence, place.pointer);
  if (!found) {
    place.log.info(`History record ${sequence} was left out by a crash: writing it now.`);
    await createRecord(place, state);
  } else if (!isSameMove(found.pointer, state.pointer)) {
    throw unsound(place, [differsFromRecord(place, state.pointer, found.pointer)]);
  }
}

/**
 * Creates the record of a move from the pointer's own bytes. False when another move has the record of that sequence,
 * which only a pointer restored by hand can bring about.
 */
export async function createRecord(place: HistoryLocation, state: PointerState): Promise<boolean> {
  const { store, model, pointer: name } = place;
  const { sequence, promotion_id } = state.pointer;
  const key = historyKey(model, sequence, name);
  const meta = { contentType: contentTypeOf(key), cacheControl: immutableCaching };
  try {
    await store.put(key, state.bytes, 'absent', meta);
    return true;
  } catch (error) {
    if (!mayHaveHappened(error)) throw error;
    const found = await readRecord(store, model, sequence, name);
    if (!found) throw error;
    return found.pointer.promotion_id === promotion_id;
  }
}

/** Sequences that have a record, ascending. */
export async function recordedSequences(store: Store, model: string, pointer: string): Promise<number[]> {
  const found: number[] = [];
  for await (const { key } of store.list(historyPrefix(model, pointer))) {
    const sequence = historySequence(key, model, pointer);
    if (sequence !== undefined) found.push(sequence);
  }
  return found.sort((a, b) => a - b);
}
