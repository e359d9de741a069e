import { InputError, IntegrityError } from '../../errors.ts';
import { defaultPointer } from '../../model/layout.ts';
import type { Pointer } from '../../model/pointer.ts';
import { assertTrusted } from '../version/trust.ts';
import { type VerifyResult, verifyVersion } from '../version/verify.ts';
import { assertSound } from './check.ts';
import { readHistory } from './history.ts';
import { readLive } from './live-pointer.ts';
import { dryRunResult, type MoveResult, resultOf } from './move-result.ts';
import { type Mover, movePointer, proofUnder } from './pointer-swap.ts';
import { lostToSameVersion, noopResult, whereLive } from './promote.ts';
import { type PointerState, readPointer } from './read-pointer.ts';

export interface RollbackInput extends Mover {
  /** Version to go back to; default the one that was live before. */
  to?: string | undefined;
  dryRun?: boolean | undefined;
}

export interface RollbackResult extends MoveResult {
  /** Someone else has promoted since this run rolled back: what is live is theirs, function included. */
  movedOn: boolean;
}

/** Moves that are looked through for this run's own, and for what rollbacks have left. */
const lookBack = 20;

/**
 * Moves the pointer back, by the same swap as a promotion and without a gate: the version has been live before. Its
 * bytes are verified all the same.
 *
 * Without `to` it goes back from a promotion, once: a version that a rollback has made live (of this run, a killed one,
 * a watch or someone else) stays, and `note` explains why. Nor does a workflow run that has moved the pointer before go
 * back from what someone else has promoted since. Any other version, forward again included, needs `to`. Throws
 * InputError `nothing-to-roll-back`, IntegrityError `pointer-missing` where only the history is there, and as
 * promoteVersion does.
 */
export async function rollbackPointer(input: RollbackInput): Promise<RollbackResult> {
  const { store, model, to } = input;
  await assertTrusted(store);
  const current = await readPointer(store, model, input.pointer);
  if (current) await assertSound({ store, model, pointer: input.pointer ?? defaultPointer }, current.pointer);
  if (to === undefined) {
    if (!current)
      await readLive({ store, model, pointer: input.pointer ?? defaultPointer }, 'no rollback can start from it');
    const done = await alreadyBack(input, current);
    if (done) return done;
  }
  const version = to ?? previousOf(input, current);
  const verified = await verifyVersion({ store, model, version, log: input.log }).catch((error: unknown) => {
    throw to === undefined ? withWayOut(error, model) : error;
  });
  const proof = proofUnder(current?.pointer, verified);
  if (to === undefined) checkPrevious(input, current, verified);
  const live = whereLive(input, current, version, proof);
  if (live) return { ...(await noopResult(input, live)), movedOn: false };
  if (input.dryRun) return { ...dryRunResult(version, verified.sha256, current), movedOn: false };
  const kind = current && to !== undefined && (await leftByRollback(input, current, to)) ? 'promotion' : 'rollback';
  const gate = { verdict: 'none' as const };
  try {
    const moved = await movePointer({ ...input, version, proof, kind, gate, current });
    return { ...resultOf(moved), movedOn: false };
  } catch (error) {
    if (!lostToSameVersion(error, version)) throw error;
    // Someone else has gone back to the same version in the same moment.
    const now = whereLive(input, await readPointer(store, model, input.pointer), version, proof);
    if (!now) throw error;
    return { ...(await noopResult(input, now)), note: backAlready(input, now.pointer), movedOn: false };
  }
}

/** Nothing is left to do for a rollback that names no version; the live version is verified all the same. */
async function alreadyBack(
  input: RollbackInput,
  current: PointerState | undefined,
): Promise<RollbackResult | undefined> {
  if (!current) return undefined;
  const { pointer } = current;
  const own = pointer.kind === 'rollback' ? undefined : await ownMove(input, pointer);
  if (pointer.kind !== 'rollback' && !own) return undefined;
  const { store, model, log } = input;
  if (!own)
    await verifyVersion({ store, model, version: pointer.version, pointer: input.pointer ?? defaultPointer, log });
  const note = own ? movedOnSince(own, pointer, input) : backAlready(input, pointer);
  return { ...(await noopResult(input, current)), note, movedOn: own !== undefined };
}

/** The newest move of this very workflow run, in an attempt that ended early or a step before, where others moved on. */
async function ownMove(input: RollbackInput, live: Pointer): Promise<Pointer | undefined> {
  const { runUrl } = input;
  // What this run itself has promoted since is what it is to go back from.
  if (runUrl === undefined || live.run_url === runUrl) return undefined;
  const { records } = await readHistory({ ...input, limit: lookBack });
  return records.find((record) => record.run_url === runUrl);
}

/**
 * Whether the version is one that the rollbacks up to now have left: going there again undoes them. Such a move is
 * recorded as a promotion, so that a rollback goes back from it.
 */
async function leftByRollback(input: RollbackInput, current: PointerState, to: string): Promise<boolean> {
  if (current.pointer.kind !== 'rollback') return false;
  const { records } = await readHistory({ ...input, limit: lookBack });
  const first = records.findIndex(({ kind }) => kind !== 'rollback');
  const rollbacks = first < 0 ? records : records.slice(0, first);
  return rollbacks.some(({ previous }) => previous?.version === to);
}

const whoAndWhen = ({ actor, sequence, promoted_at, run_url }: Pointer): string =>
  `move ${sequence}, ${promoted_at}, by ${actor}${run_url ? `, ${run_url}` : ''}`;

const elsewhere = ({ model }: RollbackInput): string =>
  `To go anywhere else, forward again included: coldgate rollback --model ${model} --to <version>.`;

function backAlready(input: RollbackInput, pointer: Pointer): string {
  const from = pointer.previous ? ` from ${pointer.previous.version}` : '';
  return `${input.model} was rolled back${from} to ${pointer.version} already (${whoAndWhen(pointer)}): the pointer stays. ${elsewhere(input)}`;
}

function movedOnSince(own: Pointer, live: Pointer, input: RollbackInput): string {
  const did =
    own.kind === 'rollback' ? `rolled ${input.model} back to ${own.version} already` : `made ${own.version} live`;
  return `This run ${did} (move ${own.sequence}), and since then ${live.version} was made live (${whoAndWhen(live)}), which stays. ${elsewhere(input)}`;
}

function previousOf({ model, pointer }: RollbackInput, current: PointerState | undefined): string {
  const previous = current?.pointer.previous;
  if (previous) return previous.version;
  const live = current ? `${current.pointer.version} is the first version that was ever live` : 'nothing is live';
  throw new InputError(
    [
      {
        path: 'to',
        message: `there is no previous version to go back to: ${live} in ${model}/${pointer ?? defaultPointer}.`,
      },
    ],
    { code: 'nothing-to-roll-back', hint: 'Name a published version with --to, or promote one.' },
  );
}

/** A version that has been pruned since is no dead end: others may be there. */
function withWayOut(error: unknown, model: string): unknown {
  if (!(error instanceof IntegrityError) || error.code !== 'version-missing') return error;
  const hint = `coldgate status --model ${model} says which versions there are; coldgate rollback --model ${model} --to <version> goes to one of them.`;
  return new IntegrityError(error.code, error.message, { hint, data: error.data, cause: error });
}

/** The pointer remembers the digest of what it replaced; a version pruned and published again may differ. */
function checkPrevious({ model }: RollbackInput, current: PointerState | undefined, proof: VerifyResult): void {
  const previous = current?.pointer.previous;
  if (!previous || previous.sha256 === proof.sha256) return;
  throw new IntegrityError(
    'checksum-mismatch',
    `${model} ${previous.version} is not what was live before: expected sha256 ${previous.sha256}, got ${proof.sha256}.`,
    { hint: 'Name the version with --to to go there all the same.', data: { previous, found: proof.sha256 } },
  );
}
