import { IntegrityError } from '../../errors.ts';
import { pointerKey } from '../../model/layout.ts';
import type { Pointer } from '../../model/pointer.ts';
import type { PointerLocation } from './fault.ts';
import { recordedSequences } from './history-record.ts';
import { readPointer } from './read-pointer.ts';

/**
 * The pointer, for callers that measure a candidate against it or roll back from it; undefined before the first
 * release. A pointer that is missing while it has a history is no first release: a candidate would be measured against
 * nothing, and pass. `so` is the message of what cannot be done then. Throws IntegrityError `pointer-missing` then, and
 * as readPointer does.
 */
export async function readLive(
  { store, model, pointer: name }: PointerLocation,
  so = 'nothing can be measured against it',
): Promise<Pointer | undefined> {
  const found = await readPointer(store, model, name);
  if (found) return found.pointer;
  const newest = (await recordedSequences(store, model, name)).at(-1);
  if (newest === undefined) return undefined;
  // Records follow their pointer, so one that appeared in between is there now.
  const now = await readPointer(store, model, name);
  if (now) return now.pointer;
  const key = pointerKey(model, name);
  throw new IntegrityError(
    'pointer-missing',
    `${key} is not there in ${store.url}, or is no plain object, though its history goes up to move ${newest}: what is live is not known, so ${so}.`,
    {
      hint: `Put it back: coldgate history --model ${model} --repair writes it from its newest record.`,
      data: { key },
    },
  );
}
