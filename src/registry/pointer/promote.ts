import { randomUUID } from 'node:crypto';
import { ConflictError } from '../../errors.ts';
import { defaultPointer } from '../../model/layout.ts';
import type { GateRecord, Pointer } from '../../model/pointer.ts';
import type { Token } from '../../stores/store.ts';
import { assertTrusted } from '../version/trust.ts';
import { verifyVersion } from '../version/verify.ts';
import { wait } from '../wait.ts';
import { assertNames } from './check.ts';
import { ensureRecord } from './history-record.ts';
import { dryRunResult, type MoveResult, resultOf } from './move-result.ts';
import type { Pace } from './pace.ts';
import { type Mover, movePointer, type Proof, proofUnder } from './pointer-swap.ts';
import { type PointerState, readPointer } from './read-pointer.ts';

/** What was live when the candidate was measured; `null` for nothing. Each given field must still hold. */
export interface ExpectedLive {
  token?: Token | null | undefined;
  version?: string | null | undefined;
}

export interface PromoteInput extends Mover {
  version: string;
  /** What is recorded of the gate; where it depends on what is live, asked before each try. May throw. */
  gate: GateRecord | ((live: Pointer | undefined) => GateRecord);
  /** A verification of this run, which compared with this pointer; without it every byte is read here. */
  verified?: Proof | undefined;
  /** The pointer as the caller judged by it, `null` for none: without `verified`, the swap is based on it. */
  current?: PointerState | null | undefined;
  /** Refuses to promote past someone who moved the pointer since. */
  expected?: ExpectedLive | undefined;
  /** Retries a lost swap over whatever won, at this pace; without it the loser fails. */
  pace?: Pace | undefined;
  dryRun?: boolean | undefined;
}

/**
 * Makes a verified version live. Promoting what is live already is a no-op. Throws IntegrityError `store-not-trusted`,
 * ConflictError `live-moved` when `expected` does not hold, and as verifyVersion and movePointer do.
 */
export async function promoteVersion(input: PromoteInput): Promise<MoveResult> {
  await assertTrusted(input.store);
  const seen = input.verified ? undefined : await verifyHere(input);
  const proof = input.verified ?? seen!.proof;
  const { pace, now } = input;
  const tries: string[] = [];
  if (pace) await wait(input, pace.begin(now().getTime()));
  for (;;) {
    const since = now().getTime();
    try {
      return await promoteOnce(input, proof, tries.length === 0 ? seen : undefined, tries);
    } catch (error) {
      const ms = pace?.after(error, now().getTime() - since);
      if (ms === undefined) throw error;
      await wait(input, ms);
    }
  }
}

/** A verification, and the pointer as it was before. */
interface Seen {
  proof: Proof;
  current: PointerState | undefined;
}

/** @param tries ids of the moves tried before, which one more is added to */
async function promoteOnce(
  input: PromoteInput,
  proof: Proof,
  seen: Seen | undefined,
  tries: string[],
): Promise<MoveResult> {
  const { store, model, version } = input;
  const read = () => readPointer(store, model, input.pointer);
  // Only a swap shows whether what was read before the verification still holds, so nothing else is concluded from it.
  const swaps = seen && !input.dryRun && !whereLive(input, seen.current, version, proof);
  const current = swaps ? seen.current : await read();
  const live = whereLive(input, current, version, proof);
  if (live) {
    const stayed = await noopResult(input, live);
    // A try whose answer was lost has landed after all.
    return tries.includes(live.pointer.promotion_id) ? { ...stayed, promoted: true } : stayed;
  }
  checkExpected(input, current);
  const gate = typeof input.gate === 'function' ? input.gate(current?.pointer) : input.gate;
  if (input.dryRun) return dryRunResult(version, proof.sha256 ?? '', current);
  const promotionId = randomUUID();
  tries.push(promotionId);
  try {
    const moved = await movePointer({ ...input, gate, proof, kind: 'promotion', current, promotionId });
    input.pace?.won(input.now().getTime());
    return resultOf(moved);
  } catch (error) {
    if (!lostToSameVersion(error, version)) throw error;
    const now = whereLive(input, await read(), version, proof);
    if (now) return noopResult(input, now);
    throw error;
  }
}

/** The swap was lost to a move to the same version. */
export const lostToSameVersion = (error: unknown, version: string): boolean =>
  error instanceof ConflictError &&
  error.code === 'lost-swap' &&
  (error.data?.['by'] as Pointer | null)?.version === version;

/** The pointer is read before the version: so its fence covers the version, and its token is valid for the swap. */
async function verifyHere({ store, model, version, pointer, log, current: given }: PromoteInput): Promise<Seen> {
  const current = given === undefined ? await readPointer(store, model, pointer) : (given ?? undefined);
  return { current, proof: proofUnder(current?.pointer, await verifyVersion({ store, model, version, log })) };
}

/**
 * The pointer, if it names this version already. Throws IntegrityError `pointer-differs` where it names the version but
 * contradicts its manifest: such a pointer must be neither kept nor overwritten.
 */
export function whereLive(
  place: Pick<PromoteInput, 'store' | 'model' | 'pointer'>,
  current: PointerState | undefined,
  version: string,
  proof: Proof,
): PointerState | undefined {
  if (current?.pointer.version !== version) return undefined;
  if (current.pointer.manifest_sha256 !== proof.manifestSha256) return undefined;
  const { manifest, manifestSha256: sha256 } = proof;
  if (manifest)
    assertNames({ ...place, pointer: place.pointer ?? defaultPointer }, current.pointer, { manifest, sha256 });
  return current;
}

/** Nothing to move; a history record that a crash left out is written all the same. */
export async function noopResult(
  input: Pick<PromoteInput, keyof Mover | 'dryRun'>,
  current: PointerState,
): Promise<MoveResult> {
  const place = { ...input, pointer: input.pointer ?? defaultPointer };
  if (!input.dryRun) await ensureRecord(place, current);
  const { pointer } = current;
  const { version, sha256, sequence } = pointer;
  const previousVersion = pointer.previous?.version ?? null;
  return {
    ...{ promoted: false, wouldPromote: false, version, sha256, previousVersion, sequence, pointer },
    recorded: true,
    superseded: undefined,
  };
}

function checkExpected({ expected, model, pointer, version }: PromoteInput, current: PointerState | undefined): void {
  const live = current?.pointer;
  const moved =
    (expected?.token !== undefined && expected.token !== (current?.token ?? null)) ||
    (expected?.version !== undefined && expected.version !== (live?.version ?? null));
  if (!moved) return;
  const now = live
    ? `${live.actor} made ${live.version} live (move ${live.sequence}, ${live.promoted_at})`
    : 'nothing is live';
  throw new ConflictError(
    'live-moved',
    `${model} ${version} was compared with ${expected?.version ?? 'what was live then'}, but since then ${now} in ${pointer ?? defaultPointer}.`,
    {
      hint: 'Run coldgate warmup again: a verdict counts only against the version that it compared with.',
      data: { expected: expected ?? null, live: live ?? null },
    },
  );
}
