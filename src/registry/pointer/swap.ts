import { ColdgateError, ConflictError, exitCodes } from '../../errors.ts';
import { contentTypeOf, historyKey, pointerCaching, pointerKey } from '../../model/layout.ts';
import { encodeJson, type Pointer } from '../../model/pointer.ts';
import type { Token } from '../../stores/store.ts';
import { mayHaveHappened } from '../ambiguous.ts';
import { type Sleeper, wait } from '../wait.ts';
import { createRecord, ensureRecord, type HistoryLocation, recordedSequences } from './history-record.ts';
import { type PointerState, readPointer, readRecord } from './read-pointer.ts';

/** Everything of the new pointer that the swap itself does not decide. */
export type NextPointer = Omit<Pointer, 'sequence' | 'previous' | 'schema' | 'fence'>;

export interface SwapLocation extends HistoryLocation, Sleeper {
  /** Leaves retries to the caller, which has its own pace, where the pointer was left untouched. */
  once?: boolean | undefined;
}

export interface SwapResult {
  pointer: Pointer;
  /** The pointer as written, to move on from; undefined when someone has moved on already. */
  state: PointerState | undefined;
  /** False when the history record is still to be written; the next move does that first. */
  recorded: boolean;
  /** The pointer that has already followed ours, if the response to our swap came too late. */
  superseded: Pointer | undefined;
}

/** Attempts after answers that left the pointer untouched, and reads after a read that failed. */
const attempts = 3;

/** A prune put its fence into the pointer while it was to move: nothing was moved, and `state` is what it holds now. */
export class Fenced extends Error {
  readonly state: PointerState;

  constructor(state: PointerState) {
    super('the pointer got a new fence');
    this.state = state;
  }
}

/**
 * One compare-and-swap of the pointer with its history: uncontended one conditional write of the pointer (its one read
 * gave `current`), one `head` and one create of a history record. Throws ConflictError `lost-swap` when someone else
 * moved first, Fenced, ColdgateError `outcome-unknown` when the store does not answer any more, and what the store throws when
 * nothing was changed.
 */
export async function swapPointer(
  place: SwapLocation,
  current: PointerState | undefined,
  content: NextPointer,
): Promise<SwapResult> {
  const [last] = await Promise.all([lastSequence(place, current), current && ensureRecord(place, current)]);
  const newest =
    current?.pointer ??
    (last === 0 ? undefined : (await readRecord(place.store, place.model, last, place.pointer))?.pointer);
  const { version, sha256, ...rest } = content;
  const next: Pointer = {
    version,
    sha256,
    schema: 1,
    sequence: last + 1,
    ...rest,
    previous: newest ? { version: newest.version, sha256: newest.sha256 } : null,
    // A new pointer gets a new fence, under which no one can have read anything.
    fence: current?.pointer.fence ?? content.promotion_id,
  };
  const bytes = encodeJson(next);
  const won = await writeOrSettle(place, current, next, bytes);
  if (won.superseded) return { pointer: next, state: undefined, recorded: true, superseded: won.superseded };
  const state = { pointer: next, bytes, token: won.token };
  return { pointer: next, state, recorded: await recordAfter(place, state), superseded: undefined };
}

/**
 * The sequence that the next move follows. A pointer that was deleted by hand, or restored from an older copy,
 * continues where its history ends, so that no sequence is used twice.
 */
async function lastSequence(place: SwapLocation, current: PointerState | undefined): Promise<number> {
  const { store, model, pointer: name } = place;
  const sequence = current?.pointer.sequence;
  if (sequence !== undefined && !(await store.head(historyKey(model, sequence + 1, name)))) return sequence;
  const newest = (await recordedSequences(store, model, name)).at(-1) ?? 0;
  if (sequence !== undefined) place.log.debug(`${name} of ${model} is at move ${sequence}, its history at ${newest}.`);
  return Math.max(newest, sequence ?? 0);
}

async function writeOrSettle(
  place: SwapLocation,
  current: PointerState | undefined,
  next: Pointer,
  bytes: Uint8Array,
): Promise<{ token: Token; superseded?: undefined } | { superseded: Pointer }> {
  const key = pointerKey(place.model, place.pointer);
  const when = current ? { unchanged: current.token } : 'absent';
  const meta = { contentType: contentTypeOf(key), cacheControl: pointerCaching };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { token: await place.store.put(key, bytes, when, meta) };
    } catch (error) {
      if (!mayHaveHappened(error)) throw error;
      place.log.debug(`The answer to the swap of ${key} does not settle it (${codeOf(error)}): reading back.`);
      const found = await readBack(place, next, error);
      if (found?.pointer.promotion_id === next.promotion_id) return { token: found.token };
      if (found?.token === current?.token) {
        // Untouched. The same bytes under the same condition again are safe: should the first write land late,
        // this one is refused and reading back finds our id.
        if (place.once || attempt === attempts) throw error;
        await pause(place, attempt);
        continue;
      }
      if (found && found.pointer.promotion_id === current?.pointer.promotion_id) throw new Fenced(found);
      if (found && found.pointer.sequence > next.sequence && (await isOurs(place, next, error))) {
        return { superseded: found.pointer };
      }
      throw lostSwap(place, current?.pointer, next, found?.pointer);
    }
  }
}

/** No move starts from a pointer without its record, so the record of our sequence shows who won it. */
async function isOurs(place: SwapLocation, next: Pointer, cause: unknown): Promise<boolean> {
  const read = () => readRecord(place.store, place.model, next.sequence, place.pointer);
  return (await insist(place, next, cause, read))?.pointer.promotion_id === next.promotion_id;
}

const readBack = (place: SwapLocation, next: Pointer, cause: unknown): Promise<PointerState | undefined> =>
  insist(place, next, cause, () => readPointer(place.store, place.model, place.pointer));

async function insist<T>(place: SwapLocation, next: Pointer, cause: unknown, read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await read();
    } catch (error) {
      if (!mayHaveHappened(error)) throw error;
      if (attempt === attempts) throw outcomeUnknown(place, next, cause);
      await pause(place, attempt);
    }
  }
}

/** 0.5 to 1 s, then twice that: GCS takes about one change a second of one object (docs/facts.md P6). */
const pause = (place: SwapLocation, attempt: number): Promise<unknown> =>
  wait(place, 2 ** (attempt - 1) * (500 + Math.random() * 500));

async function recordAfter(place: SwapLocation, state: PointerState): Promise<boolean> {
  const { sequence } = state.pointer;
  try {
    if (await createRecord(place, state)) return true;
    place.log.warn(
      `History record ${sequence} of ${place.model} belongs to another move: the pointer was restored by hand at some time. See \`coldgate doctor\`.`,
    );
  } catch (error) {
    place.log.warn(
      `The pointer of ${place.model} moved, but its history record ${sequence} could not be written (${codeOf(error)}). The next move writes it first.`,
    );
  }
  return false;
}

const codeOf = (error: unknown): string => (error instanceof ColdgateError ? error.code : 'no answer');

function lostSwap(
  place: SwapLocation,
  from: Pointer | undefined,
  next: Pointer,
  by: Pointer | undefined,
): ConflictError {
  const was = from ? `${from.version} (move ${from.sequence})` : 'nothing';
  const who = by
    ? `${by.actor} moved it from ${by.previous?.version ?? 'nothing'} to ${by.version} (move ${by.sequence}, ${by.promoted_at}${by.run_url ? `, ${by.run_url}` : ''})`
    : 'someone removed it';
  return new ConflictError(
    'lost-swap',
    `${place.pointer} of ${place.model} was to move from ${was} to ${next.version}, but ${who}. This run changed nothing.`,
    {
      hint: 'Look at what is live now (`coldgate status`) and run this again if it is still wanted.',
      data: {
        pointer: place.pointer,
        from: from ? { version: from.version, sequence: from.sequence } : null,
        to: next.version,
        by: by ?? null,
      },
    },
  );
}

function outcomeUnknown(place: SwapLocation, next: Pointer, cause: unknown): ColdgateError {
  return new ColdgateError(
    'outcome-unknown',
    exitCodes.unexpected,
    `${place.store.url} did not answer whether ${place.pointer} of ${place.model} moved to ${next.version}, nor could it be read back.`,
    {
      cause,
      hint: 'Run the same command again when the store answers: it finds out and does only what is missing.',
      data: { pointer: place.pointer, version: next.version, promotion_id: next.promotion_id },
    },
  );
}
