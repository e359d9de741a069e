import { randomUUID } from 'node:crypto';
import { IntegrityError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { contentTypeOf, defaultPointer, pointerCaching, pointerKey } from '../../model/layout.ts';
import { encodeJson, type Pointer } from '../../model/pointer.ts';
import type { Precondition } from '../../stores/store.ts';
import { isSameMove, pointerFaults } from './check.ts';
import { contradictions, unsound } from './fault.ts';
import type { HistoryInput } from './history.ts';
import { ensureRecord, type HistoryLocation, recordedSequences } from './history-record.ts';
import { type PointerState, readPointer, readRecord } from './read-pointer.ts';

export interface Repaired {
  done: 'nothing' | 'record-written' | 'pointer-restored';
  /** What was done and why, one sentence. */
  message: string;
}

/**
 * Repairs what of a pointer and its history can be repaired unambiguously: writes the record that a crash left out, and
 * restores a pointer that is missing, cannot be read, or contradicts the version it names, from its newest record,
 * where that agrees with its version. Both writes are conditional. Throws IntegrityError `pointer-differs` where
 * pointer and record are of different moves and either may be right, `history-unusable`, and what the store throws.
 */
export async function repairHistory(input: HistoryInput & { log: Logger }): Promise<Repaired> {
  const place: HistoryLocation = { ...input, pointer: input.pointer ?? defaultPointer };
  const { store, model, pointer: name } = place;
  const found = await readOrUnusable(place);
  if (!found) return restore(place, 'absent', 'it was missing');
  if (found === 'unusable') {
    const info = await store.head(pointerKey(model, name));
    return restore(place, info ? { unchanged: info.token } : 'absent', 'it could not be read');
  }
  const record = await readRecord(store, model, found.pointer.sequence, name);
  const wrong = contradictions(await pointerFaults(place, found.pointer));
  const contradictsVersion = wrong.some(({ code }) => code === 'differs-from-manifest');
  if (record && !isSameMove(record.pointer, found.pointer)) {
    if (!contradictsVersion) throw unsound(place, wrong);
    return restore(place, { unchanged: found.token }, 'it contradicted its version and its record');
  }
  if (contradictsVersion) throw unsound(place, wrong);
  if (record) return { done: 'nothing', message: `${name} of ${model} agrees with its version and its record.` };
  await ensureRecord(place, found);
  return { done: 'record-written', message: `The record of move ${found.pointer.sequence} of ${name} is written.` };
}

async function readOrUnusable(place: HistoryLocation): Promise<PointerState | 'unusable' | undefined> {
  try {
    return await readPointer(place.store, place.model, place.pointer);
  } catch (error) {
    if (error instanceof IntegrityError && error.code === 'pointer-unusable') return 'unusable';
    throw error;
  }
}

/** The newest record becomes the pointer again. */
async function restore(place: HistoryLocation, when: Precondition, why: string): Promise<Repaired> {
  const { store, model, pointer: name } = place;
  const newest = (await recordedSequences(store, model, name)).at(-1);
  const record = newest === undefined ? undefined : (await readRecord(store, model, newest, name))?.pointer;
  if (!record) return { done: 'nothing', message: `${model} has no history of ${name}: nothing was ever promoted.` };
  const faults = await pointerFaults(place, record);
  if (faults.length > 0) throw unsound(place, faults);
  const key = pointerKey(model, name);
  // Prunes may have deleted since the fence of the record: nothing that was seen under it holds any more.
  const pointer: Pointer = { ...record, fence: randomUUID() };
  await store.put(key, encodeJson(pointer), when, { contentType: contentTypeOf(key), cacheControl: pointerCaching });
  const message = `${name} is back from the record of move ${record.sequence}, and names ${record.version}: ${why}.`;
  return { done: 'pointer-restored', message };
}
