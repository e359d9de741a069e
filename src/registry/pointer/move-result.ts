import type { Pointer } from '../../model/pointer.ts';
import type { PointerState } from './read-pointer.ts';
import type { SwapResult } from './swap.ts';

/** What a promotion or a rollback did, or found done. */
export interface MoveResult {
  /** True when the pointer moved; false when it named this very version already, or in a dry run. */
  promoted: boolean;
  /** In a dry run: whether the pointer would move. */
  wouldPromote: boolean;
  version: string;
  sha256: string;
  previousVersion: string | null;
  sequence: number;
  /** The pointer that this run wrote, or found; undefined in the dry run of a first promotion. */
  pointer: Pointer | undefined;
  /** False when the history record is left to the next move. */
  recorded: boolean;
  /** Who moved on from ours before we could report it. */
  superseded: Pointer | undefined;
  /** Why the pointer stayed, where it is no promotion that is live already: one sentence or two. */
  note?: string | undefined;
}

/** The result of a move's dry run. */
export function dryRunResult(version: string, sha256: string, current: PointerState | undefined): MoveResult {
  const live = current?.pointer;
  return {
    promoted: false,
    wouldPromote: true,
    version,
    sha256,
    previousVersion: live?.version ?? null,
    sequence: (live?.sequence ?? 0) + 1,
    pointer: live,
    recorded: true,
    superseded: undefined,
  };
}

/** The result of a move. */
export function resultOf(moved: SwapResult): MoveResult {
  const { pointer, recorded, superseded } = moved;
  return {
    promoted: true,
    wouldPromote: false,
    version: pointer.version,
    sha256: pointer.sha256,
    previousVersion: pointer.previous?.version ?? null,
    sequence: pointer.sequence,
    pointer,
    recorded,
    superseded,
  };
}
