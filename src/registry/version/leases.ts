import { ColdgateError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { contentTypeOf, leasedVersion, leaseKey, leasesPrefix } from '../../model/layout.ts';
import { encodeJson } from '../../model/pointer.ts';
import { type ObjectInfo, PreconditionError, type Store, type Token } from '../../stores/store.ts';
import { mayHaveHappened } from '../ambiguous.ts';

/**
 * A publish or a promotion writes a lease for the version before it looks for a tombstone; prune, having written a
 * tombstone, looks for leases before it reads pointers. The later of the two sees the other, so no file is deleted
 * under a publish and no version under a swap, whichever process is paused or killed at which point.
 */
export interface LeaseRequest {
  store: Store;
  model: string;
  version: string;
  /** Of the publish or promotion. */
  id: string;
  now: () => Date;
  log: Logger;
}

/**
 * Does the work under a lease of the version. The lease stays, for a day, where a write of the work may still land late:
 * its outcome is not known, so the version must not go away under it.
 */
export async function withLease<T>(request: LeaseRequest, work: () => Promise<T>): Promise<T> {
  const { store, model, version, id, now } = request;
  const key = leaseKey(model, version, id);
  const document = encodeJson({ schema: 1, model, version, id, at: now().toISOString() });
  const token = await writeLease(store, key, document);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    if (!mayLandLate(error)) await removeLease(request, key, token);
    throw error;
  }
  await removeLease(request, key, token);
  return result;
}

/** No one else writes this key, so a refusal is the response to our own write, repeated below us. */
async function writeLease(store: Store, key: string, document: Uint8Array): Promise<Token> {
  try {
    return await store.put(key, document, 'absent', { contentType: contentTypeOf(key) });
  } catch (error) {
    const found = mayHaveHappened(error) ? await store.head(key) : undefined;
    if (!found) throw error;
    return found.token;
  }
}

/** Failures of the store, or of reading a file of this machine, after which no write of ours is in flight. */
const certain = new Set([
  'not-found',
  'bad-key',
  'key-conflict',
  'store-locked',
  'object-too-large',
  'object-cut-short',
]);
const ofLocalFiles = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'EIO', 'EMFILE', 'ENFILE', 'ESTALE']);

function mayLandLate(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (error instanceof ColdgateError)
    return code === 'outcome-unknown' || (mayHaveHappened(error) && !certain.has(code));
  return mayHaveHappened(error) && !ofLocalFiles.has(code);
}

/** A lease that stays only keeps its version from being pruned for a day, so a failure is no more than a remark. */
async function removeLease({ store, log }: LeaseRequest, key: string, token: Token): Promise<void> {
  try {
    await store.remove(key, { unchanged: token });
  } catch (error) {
    log.debug(`${key} stays: ${error instanceof Error ? error.message : error}`);
  }
}

export interface Leases {
  /** Versions that a publish or a promotion is at work on. */
  held: Set<string>;
  /** Leases of what must have died: older than `ageMs`. */
  stale: ObjectInfo[];
}

/** `ageMs`: how long a publish or promotion may take; a day leaves room for any upload, and for a machine asleep. */
export async function listLeases(store: Store, model: string, now: Date, ageMs: number): Promise<Leases> {
  const leases: Leases = { held: new Set(), stale: [] };
  for await (const info of store.list(leasesPrefix(model))) {
    const version = leasedVersion(info.key, model);
    if (version === undefined) continue;
    if (now.getTime() - info.modified.getTime() > ageMs) leases.stale.push(info);
    else leases.held.add(version);
  }
  return leases;
}

export async function removeStaleLeases(store: Store, stale: readonly ObjectInfo[]): Promise<void> {
  for (const { key, token } of stale) {
    try {
      await store.remove(key, { unchanged: token });
    } catch (error) {
      if (!(error instanceof PreconditionError)) throw error;
    }
  }
}
