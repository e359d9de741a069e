import { ConflictError } from '../../errors.ts';
import { tombstoneKey } from '../../model/layout.ts';
import { encodeJson } from '../../model/pointer.ts';
import { check, type Shape } from '../../model/shape.ts';
import { NotFoundError, readAll, type Store, type Token } from '../../stores/store.ts';

/**
 * Prune's mark on a version. `checking`: nothing is deleted yet, prune still checks whether something needs the
 * version, and the holder of the mark's token can remove it. `deleting`: the point of no return, entered by a
 * conditional update, so that a prune that lost its mark can never enter it.
 */
export interface Tombstone {
  /** The prune that holds it. */
  id: string;
  state: 'checking' | 'deleting';
  created_at: string;
  token: Token;
}

const shape: Shape = { schema: 'count', id: 'string', state: 'string', created_at: 'string' };

export const encodeTombstone = (id: string, state: Tombstone['state'], now: Date): Uint8Array =>
  encodeJson({ schema: 1, id, state, created_at: now.toISOString() });

/**
 * Undefined where there is none. One that cannot be read counts as `checking`: it protects, and justifies no deletion.
 */
export async function readTombstone(store: Store, model: string, version: string): Promise<Tombstone | undefined> {
  const key = tombstoneKey(model, version);
  try {
    const object = await store.get(key);
    const token = object.info.token;
    const bytes = await readAll(object);
    try {
      const read = check<Omit<Tombstone, 'token'>>(bytes, shape, key);
      return { ...read, state: read.state === 'deleting' ? 'deleting' : 'checking', token };
    } catch {
      return { id: 'unreadable', state: 'checking', created_at: '', token };
    }
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** Prune is at work on the version, or died there. Exit 6. */
export function beingPruned(model: string, version: string, what: string, tombstone?: Tombstone): ConflictError {
  const since = tombstone?.created_at ? ` since ${tombstone.created_at}` : '';
  return new ConflictError('version-being-pruned', `${model} ${version} is being pruned${since}, so ${what}.`, {
    hint: 'Run `coldgate prune` to let it finish or withdraw, then run this again.',
    data: { model, version, tombstone: tombstone ?? null },
  });
}
