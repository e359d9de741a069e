import { randomUUID } from 'node:crypto';
import { ConflictError, IntegrityError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { defaultPointer } from '../../model/layout.ts';
import { externalFiles, type Manifest, modelFile } from '../../model/manifest.ts';
import type { GateRecord, Pointer } from '../../model/pointer.ts';
import type { Store } from '../../stores/store.ts';
import { incomplete, readVersion, requireManifest } from '../version/contents.ts';
import { withLease } from '../version/leases.ts';
import { beingPruned } from '../version/tombstone.ts';
import type { VerifyResult } from '../version/verify.ts';
import type { Sleeper } from '../wait.ts';
import type { Pace } from './pace.ts';
import type { PointerState } from './read-pointer.ts';
import { Fenced, type NextPointer, type SwapLocation, type SwapResult, swapPointer } from './swap.ts';

export interface Mover extends Sleeper {
  store: Store;
  model: string;
  /** Default `current.json`. */
  pointer?: string | undefined;
  actor: string;
  /** The verb that moves it, for the pointer and its record. */
  verb?: string | undefined;
  runUrl?: string | undefined;
  now: () => Date;
  log: Logger;
}

/** What is known of a version whose bytes were verified. */
export interface Proof {
  /** Of the manifest whose files were read and compared. */
  manifestSha256: string;
  /** Of the model file. */
  sha256?: string | undefined;
  manifest?: Manifest | undefined;
  /**
   * The fence that the pointer to be moved had before the version was looked at. While the pointer has it still, no
   * prune can have begun to delete since, and with `manifest` the version is not looked at again.
   */
  fence?: string | undefined;
}

export interface Move extends Mover {
  version: string;
  proof: Proof;
  kind: Pointer['kind'];
  gate: GateRecord;
  /** The pointer as the decision to move saw it; undefined for the first promotion. */
  current: PointerState | undefined;
  /** Of this move and no other; a random one unless given. */
  promotionId?: string | undefined;
  /** Who paces its tries does not want them repeated here. */
  pace?: Pace | undefined;
}

/** Max. new fences that a swap retries after; each is another prune's. */
const maxFences = 5;

/**
 * Moves the pointer to a verified version, so that no prune can have deleted it: what was seen of the version is good
 * under the pointer's fence, else it is looked at once more; then the swap, and its record. A pointer that is not there
 * yet has no fence: its version has a lease meanwhile.
 *
 * Throws ConflictError `version-being-pruned` or `lost-swap`, IntegrityError `version-missing`, `version-damaged` or
 * `manifest-changed`, ColdgateError `outcome-unknown`, and what the store throws.
 */
export async function movePointer(move: Move): Promise<SwapResult> {
  const { store, model, log, sleep } = move;
  const place: SwapLocation = {
    store,
    model,
    pointer: move.pointer ?? defaultPointer,
    log,
    sleep,
    once: move.pace !== undefined,
  };
  const id = move.promotionId ?? randomUUID();
  if (!move.current) {
    return withLease({ ...move, id }, async () =>
      swapPointer(place, undefined, contentOf(move, await movable(move), id)),
    );
  }
  let current = move.current;
  let manifest = seenUnder(current, move.proof) ?? (await movable(move));
  for (let fences = 0; ; fences += 1) {
    try {
      return await swapPointer(place, current, contentOf(move, manifest, id));
    } catch (error) {
      if (!(error instanceof Fenced)) throw error;
      if (fences === maxFences) throw heldByPrunes(place, move);
      log.debug(`A prune looks at ${place.pointer} of ${model}: looking at ${move.version} once more.`);
      current = error.state;
      manifest = await movable(move);
    }
  }
}

type Verified = Pick<VerifyResult, 'manifestSha256' | 'sha256' | 'manifest' | 'marked'>;

/** What a verification proves of a move of the pointer, which was read before it. */
export const proofUnder = (pointer: Pointer | undefined, verified: Verified): Proof => ({
  manifestSha256: verified.manifestSha256,
  sha256: verified.sha256,
  manifest: verified.manifest,
  fence: verified.marked ? undefined : pointer?.fence,
});

const seenUnder = ({ pointer }: PointerState, { fence, manifest }: Proof): Manifest | undefined =>
  fence !== undefined && fence === pointer.fence ? manifest : undefined;

/** Throws unless the version is complete, unmarked, and the one that was verified. */
async function movable({ store, model, version, proof }: Move): Promise<Manifest> {
  const contents = await readVersion(store, model, version);
  if (contents.tombstone) throw beingPruned(model, version, 'the pointer does not move to it', contents.tombstone);
  const stored = requireManifest(contents);
  if (stored.sha256 !== proof.manifestSha256) {
    throw new IntegrityError(
      'manifest-changed',
      `The manifest of ${model} ${version} is not the one that was verified: expected sha256 ${proof.manifestSha256}, got ${stored.sha256}.`,
      { hint: 'The version was pruned and published again in between: verify it and promote it again.' },
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
  return stored.manifest;
}

function contentOf(move: Move, manifest: Manifest, promotionId: string): NextPointer {
  const file = modelFile(manifest);
  const data = externalFiles(manifest);
  return {
    version: manifest.version,
    sha256: file.sha256,
    promotion_id: promotionId,
    kind: move.kind,
    ...(move.verb !== undefined && { verb: move.verb }),
    file: file.path,
    size: file.size,
    manifest_sha256: move.proof.manifestSha256,
    artifacts: manifest.artifacts,
    ...(data.length > 0 && { files: [file, ...data] }),
    ...(manifest.unbounded && { unbounded: true }),
    promoted_at: move.now().toISOString(),
    actor: move.actor,
    run_url: move.runUrl ?? null,
    gate: move.gate,
  };
}

function heldByPrunes({ pointer }: SwapLocation, { model, version }: Move): ConflictError {
  return new ConflictError(
    'lost-swap',
    `${pointer} of ${model} was to move to ${version}, but prunes rewrote it ${maxFences + 1} times meanwhile. Nothing was changed.`,
    {
      hint: 'Let the prunes of this model finish, one at a time, then run this again.',
      data: { pointer, to: version },
    },
  );
}
