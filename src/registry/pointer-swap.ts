import { randomUUID } from 'node:crypto';
import { ConflictError, IntegrityError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { defaultPointer } from '../model/layout.ts';
import { type Manifest, modelFile } from '../model/manifest.ts';
import type { GateRecord, Pointer } from '../model/pointer.ts';
import type { Store } from '../stores/store.ts';
import { mayHaveHappened } from './ambiguous.ts';
import { underPin } from './pins.ts';
import type { PointerState } from './read-pointer.ts';
import { type NextPointer, type SwapPlace, type SwapResult, swapPointer } from './swap.ts';
import { beingPruned } from './tombstone.ts';
import { incomplete, listVersion, readVersion, requireManifest, type StoredManifest } from './version-contents.ts';

export interface Mover {
  store: Store;
  model: string;
  /** Default `current.json`. */
  pointer?: string | undefined;
  actor: string;
  runUrl?: string | undefined;
  now: () => Date;
  log: Logger;
  /** Waits, ms; tests pass their own. */
  sleep?: ((ms: number) => Promise<unknown>) | undefined;
}

export interface Move extends Mover {
  version: string;
  /** Of the manifest whose files were verified. */
  manifestSha256: string;
  kind: Pointer['kind'];
  gate: GateRecord;
  /** The pointer as the decision to move saw it; nothing for the first promotion. */
  current: PointerState | undefined;
}

/**
 * Moves the pointer to a verified version: pin, look for a tombstone and the unchanged manifest, swap, record, look
 * again, unpin. One read (the caller's, `current`) and one conditional write of the pointer.
 *
 * Throws ConflictError `version-being-pruned` (before the swap, or after swapping back) or `lost-swap`, IntegrityError
 * `version-missing`, `version-damaged` or `manifest-changed`, ColdgateError `outcome-unknown`, and what the store throws.
 */
export async function movePointer(move: Move): Promise<SwapResult> {
  const { store, model, log } = move;
  const place: SwapPlace = { store, model, pointer: move.pointer ?? defaultPointer, log, sleep: move.sleep };
  const id = randomUUID();
  return underPin({ ...move, id }, async () => {
    const stored = await movable(move);
    const result = await swapPointer(place, move.current, contentOf(move, stored, id));
    await lookAgain(move, place, stored.manifest, result);
    return result;
  });
}

/** Throws unless the version is complete, unmarked, and the one that was verified. */
async function movable(move: Move): Promise<StoredManifest> {
  const { store, model, version } = move;
  const contents = await readVersion(store, model, version);
  if (contents.tombstone) throw beingPruned(model, version, 'the pointer does not move to it', contents.tombstone);
  const stored = requireManifest(contents);
  if (stored.sha256 !== move.manifestSha256) {
    throw new IntegrityError(
      'manifest-changed',
      `The manifest of ${model} ${version} is not the one that was verified: expected sha256 ${move.manifestSha256}, got ${stored.sha256}.`,
      { hint: 'The version was pruned and published again in between: verify it and promote it anew.' },
    );
  }
  const [gap] = incomplete(contents, stored.manifest);
  if (gap) {
    throw new IntegrityError(
      'version-damaged',
      `${gap.path} of ${model} ${version} should have ${gap.size} bytes, got ${contents.objects.get(gap.path)?.size ?? 'no file'}.`,
      { hint: 'Publish the same files again, which puts missing ones back, or promote another version.' },
    );
  }
  return stored;
}

function contentOf(move: Move, { manifest, sha256 }: StoredManifest, promotionId: string): NextPointer {
  const file = modelFile(manifest);
  return {
    version: manifest.version,
    sha256: file.sha256,
    promotion_id: promotionId,
    kind: move.kind,
    file: file.path,
    size: file.size,
    manifest_sha256: sha256,
    artifacts: manifest.artifacts,
    promoted_at: move.now().toISOString(),
    actor: move.actor,
    run_url: move.runUrl ?? null,
    gate: move.gate,
  };
}

/**
 * Our own prune cannot delete a pinned version; a bucket's lifecycle rule or a hand can. Then the pointer is put back
 * to what it named. A mark that only checks is no reason: it meets our pin or our pointer and withdraws.
 */
async function lookAgain(move: Move, place: SwapPlace, manifest: Manifest, won: SwapResult): Promise<void> {
  const { store, model, version } = move;
  const before = move.current?.pointer;
  if (!won.state) return;
  const listing = await listVersion(store, model, version).catch((error: unknown) => {
    if (!mayHaveHappened(error)) throw error;
    move.log.warn(`The pointer moved to ${model} ${version}; the store did not answer a last look at the version.`);
  });
  if (!listing) return;
  const deleting = listing.tombstone?.state === 'deleting';
  if (listing.manifest && !deleting && incomplete(listing, manifest).length === 0) return;
  const what = `${model} ${version} was deleted while the pointer moved to it`;
  if (!before) {
    throw new IntegrityError('version-vanished', `${what}, and there is no earlier version to go back to.`, {
      hint: 'Publish the version again and promote it, or promote another one.',
      data: { model, version },
    });
  }
  const back = swapPointer(place, won.state, contentOfBefore(move, before));
  const where = await back.then(
    () => `the pointer is back on ${before.version}`,
    (error: unknown) => {
      if (!(error instanceof ConflictError)) throw error;
      return 'someone has moved the pointer on since';
    },
  );
  move.log.warn(`${what}; ${where}.`);
  throw beingPruned(model, version, where, listing.tombstone);
}

/** What the pointer named before our move, as the content of a move back to it. */
const contentOfBefore = (move: Move, before: Pointer): NextPointer => ({
  version: before.version,
  sha256: before.sha256,
  promotion_id: randomUUID(),
  kind: 'rollback',
  file: before.file,
  size: before.size,
  manifest_sha256: before.manifest_sha256,
  artifacts: before.artifacts,
  promoted_at: move.now().toISOString(),
  actor: move.actor,
  run_url: move.runUrl ?? null,
  gate: { verdict: 'none' },
});
