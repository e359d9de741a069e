import { ConflictError } from '../../errors.ts';
import { contentTypeOf, pointerCaching, pointerKey } from '../../model/layout.ts';
import { encodeJson, type Pointer } from '../../model/pointer.ts';
import { mayHaveHappened } from '../ambiguous.ts';
import { missing } from '../pointer/guard.ts';
import { ensureRecord, type HistoryLocation } from '../pointer/history-record.ts';
import { type PointerState, readPointer } from '../pointer/read-pointer.ts';
import { type Sleeper, wait } from '../wait.ts';

export interface Fencing extends HistoryLocation, Sleeper {
  /** The new fence. */
  id: string;
}

/** Each try is lost to a promotion, so more than a few mean that something promotes without end. */
const attempts = 8;

/**
 * Puts a new fence into the pointer and leaves the version it names. From then on every swap that was decided before is
 * refused, and every later decision sees what was marked before. Returns the pointer with the fence. Throws
 * IntegrityError `pointer-missing` where it went away, ConflictError `pointer-contended`, and what the store throws.
 */
export async function fencePointer(fencing: Fencing): Promise<PointerState> {
  const { store, model, pointer: name, id } = fencing;
  const key = pointerKey(model, name);
  const meta = { contentType: contentTypeOf(key), cacheControl: pointerCaching };
  for (let attempt = 1; ; attempt += 1) {
    const current = await readPointer(store, model, name);
    if (!current) throw missing({ store, model, pointer: name }, 'it was there a moment ago');
    if (current.pointer.fence === id) return current;
    // Its record has the bytes that its move wrote.
    await ensureRecord(fencing, current);
    const fenced: Pointer = { ...current.pointer, fence: id };
    try {
      const bytes = encodeJson(fenced);
      const token = await store.put(key, bytes, { unchanged: current.token }, meta);
      return { pointer: fenced, bytes, token };
    } catch (error) {
      if (!mayHaveHappened(error)) throw error;
      if (attempt === attempts) throw contended(fencing, error);
      await pause(fencing, attempt);
    }
  }
}

/** Half of the time that a loser of a swap waits at first, and then more: promotions come first. */
const pause = (fencing: Fencing, attempt: number): Promise<unknown> =>
  wait(fencing, 2 ** Math.min(attempt, 4) * 250 * (1 + Math.random()));

function contended({ model, pointer }: Fencing, cause: unknown): ConflictError {
  return new ConflictError(
    'pointer-contended',
    `${pointer} of ${model} moved each of the ${attempts} times that a prune tried to look at it: nothing is deleted.`,
    { cause, hint: 'Prune when nothing promotes the model.', data: { model, pointer } },
  );
}
