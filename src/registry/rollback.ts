import { InputError, IntegrityError } from '../errors.ts';
import { defaultPointer } from '../model/layout.ts';
import { type Mover, movePointer, proofUnder } from './pointer-swap.ts';
import { foresee, isLive, type MoveResult, resultOf, stayOn } from './promote.ts';
import { type PointerState, readPointer } from './read-pointer.ts';
import { assertTrusted } from './trust.ts';
import { type VerifyResult, verifyVersion } from './verify.ts';

export interface RollbackInput extends Mover {
  /** Version to go back to; default the one that was live before. */
  to?: string | undefined;
  dryRun?: boolean | undefined;
}

/**
 * Moves the pointer back, by the same swap as a promotion and without a gate: the version has been live before. Its
 * bytes are verified all the same. What was live becomes `previous`, so rolling back twice ends where it began.
 * Throws InputError `nothing-to-roll-back`, and as promoteVersion does.
 */
export async function rollbackPointer(input: RollbackInput): Promise<MoveResult> {
  const { store, model } = input;
  await assertTrusted(store);
  const current = await readPointer(store, model, input.pointer);
  const version = input.to ?? previousOf(input, current);
  const verified = await verifyVersion({ store, model, version, log: input.log });
  const proof = proofUnder(current?.pointer, verified);
  if (input.to === undefined) checkPrevious(input, current, verified);
  if (isLive(current, version, proof.manifestSha256)) return stayOn(input, current);
  if (input.dryRun) return foresee(version, verified.sha256, current);
  const gate = { verdict: 'none' as const };
  return resultOf(await movePointer({ ...input, version, proof, kind: 'rollback', gate, current }));
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

/** The pointer remembers the digest of what it replaced; a version pruned and published anew may differ. */
function checkPrevious({ model }: RollbackInput, current: PointerState | undefined, proof: VerifyResult): void {
  const previous = current?.pointer.previous;
  if (!previous || previous.sha256 === proof.sha256) return;
  throw new IntegrityError(
    'checksum-mismatch',
    `${model} ${previous.version} is not what was live before: expected sha256 ${previous.sha256}, got ${proof.sha256}.`,
    { hint: 'Name the version with --to to go there all the same.', data: { previous, found: proof.sha256 } },
  );
}
