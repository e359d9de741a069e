import { contentTypeOf, tombstoneKey } from '../../model/layout.ts';
import type { Store, Token } from '../../stores/store.ts';
import { mayHaveHappened, refused } from '../ambiguous.ts';
import { encodeTombstone, readTombstone, type Tombstone } from '../version/tombstone.ts';

export interface Marking {
  store: Store;
  model: string;
  /** Of this prune. */
  id: string;
  now: () => Date;
}

/** A tombstone that this prune holds. */
export interface Mark {
  version: string;
  state: Tombstone['state'];
  token: Token;
}

/**
 * Marks the version, or shares the mark of another prune, alive or dead: of several that hold one mark a single one can
 * take it past the point of no return, and once it is withdrawn none can. `marked`: a mark was listed. Undefined when
 * another prune has marked it since.
 */
export async function mark(marking: Marking, version: string, marked: boolean): Promise<Mark | undefined> {
  const found = marked ? await readTombstone(marking.store, marking.model, version) : undefined;
  return found ? { version, state: found.state, token: found.token } : write(marking, version, 'checking', 'absent');
}

/** From `checking` to `deleting`, the point of no return. Undefined when the mark was taken from us. */
export const beginDeleting = (marking: Marking, held: Mark): Promise<Mark | undefined> =>
  write(marking, held.version, 'deleting', { unchanged: held.token });

/** Takes the mark away again: something needs the version. */
export async function withdrawMark({ store, model }: Marking, held: Mark): Promise<void> {
  try {
    await store.remove(tombstoneKey(model, held.version), { unchanged: held.token });
  } catch (error) {
    // Another prune holds it now, and decides.
    if (!refused(error)) throw error;
  }
}

/** Whether the mark is still ours; asked before each deletion. */
export async function stillHeld({ store, model }: Marking, held: Mark): Promise<boolean> {
  return (await store.head(tombstoneKey(model, held.version)))?.token === held.token;
}

async function write(
  marking: Marking,
  version: string,
  state: Tombstone['state'],
  when: 'absent' | { unchanged: Token },
): Promise<Mark | undefined> {
  const { store, model, id, now } = marking;
  const key = tombstoneKey(model, version);
  try {
    const token = await store.put(key, encodeTombstone(id, state, now()), when, {
      contentType: contentTypeOf('.json'),
    });
    return { version, state, token };
  } catch (error) {
    if (!mayHaveHappened(error)) throw error;
    const found = await readTombstone(store, model, version);
    if (found?.id === id && found.state === state) return { version, state, token: found.token };
    if (refused(error)) return undefined;
    throw error;
  }
}
