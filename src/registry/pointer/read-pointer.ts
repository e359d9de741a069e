import { IntegrityError } from '../../errors.ts';
import { defaultPointer, historyKey, pointerKey } from '../../model/layout.ts';
import { type Pointer, parsePointer } from '../../model/pointer.ts';
import { ShapeError } from '../../model/shape.ts';
import { NotFoundError, readAll, type Store, type Token } from '../../stores/store.ts';

/** A pointer as it was read, with the token that a swap based on this reading must carry. */
export interface PointerState {
  pointer: Pointer;
  /** The stored bytes; the history record is the same ones. */
  bytes: Uint8Array;
  token: Token;
}

/**
 * One read. Undefined where there is no pointer yet. Throws IntegrityError `pointer-unusable`: what cannot be read is
 * never written over.
 */
export async function readPointer(
  store: Store,
  model: string,
  name: string = defaultPointer,
): Promise<PointerState | undefined> {
  return readDocument(store, pointerKey(model, name), 'pointer-unusable');
}

/** The record of one move. Throws IntegrityError `history-unusable`. */
export async function readRecord(
  store: Store,
  model: string,
  sequence: number,
  name: string = defaultPointer,
): Promise<PointerState | undefined> {
  return readDocument(store, historyKey(model, sequence, name), 'history-unusable');
}

async function readDocument(store: Store, key: string, code: string): Promise<PointerState | undefined> {
  let bytes: Uint8Array;
  let token: Token;
  try {
    const object = await store.get(key);
    token = object.info.token;
    bytes = await readAll(object);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
  try {
    return { pointer: parsePointer(bytes, key), bytes, token };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new IntegrityError(code, error.message, {
      cause: error,
      hint:
        code === 'pointer-unusable'
          ? 'Something else than Coldgate wrote it. coldgate history --repair puts it back from its newest record.'
          : 'Something else than Coldgate wrote it. Put it back from an earlier version of the object, or delete it if it is the newest: the next move writes that again.',
      data: { key },
    });
  }
}
