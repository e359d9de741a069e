import { IntegrityError } from '../../errors.ts';
import { pointerKey } from '../../model/layout.ts';
import type { Store } from '../../stores/store.ts';
import { StoreError } from '../../stores/store.ts';
import { type Survey, surveyModel } from '../prune/survey.ts';
import { pointerFaults } from './check.ts';
import { type PointerLocation, unsound } from './fault.ts';
import { type PointerState, readPointer } from './read-pointer.ts';

/** A pointer that should be there, by name, with who expects it: `the environment production`. */
export interface ExpectedPointer {
  name: string;
  who: string;
}

/**
 * Compares a listing with what must be there, before anything is deleted because of it: a missing document never counts
 * as "nothing is needed". A pointer whose history is there must be there itself, and every pointer must agree with its
 * version and its record. A listing is no snapshot, so what is missing from it is read once more, and taken into the
 * survey where it is found. Throws IntegrityError `pointer-missing`, `pointer-differs`, `pointer-unusable`, and what
 * the store throws.
 */
export async function assertPointers(store: Store, model: string, survey: Survey): Promise<void> {
  for (const [name, newest] of survey.recorded) {
    if (survey.pointers.has(name)) continue;
    const found = await readAgain({ store, model, pointer: name });
    if (!found) throw missing({ store, model, pointer: name }, `its history goes up to move ${newest}`);
    survey.pointers.set(name, found);
  }
  for (const [name, { pointer }] of survey.pointers) {
    const place = { store, model, pointer: name };
    // A mark on a live version is left to prune, which removes marks that no prune can have written.
    const faults = (await pointerFaults(place, pointer)).filter(({ code }) => code !== 'version-marked');
    if (faults.length > 0) throw unsound(place, faults);
  }
}

/** The same as a separate check, for callers that delete more than versions. */
export async function checkPointers(store: Store, model: string): Promise<void> {
  await assertPointers(store, model, await surveyModel(store, model));
}

/**
 * Requires the pointers that environments name, for a model with published releases of which some would be deleted.
 * Where a pointer has neither content nor history, only its owner can declare that it never had: `unpromoted`. Throws
 * as assertPointers.
 */
export async function assertExpected(
  store: Store,
  model: string,
  survey: Survey,
  expected: readonly ExpectedPointer[],
): Promise<void> {
  for (const { name, who } of expected) {
    if (survey.pointers.has(name)) continue;
    const found = await readAgain({ store, model, pointer: name });
    if (!found) throw missing({ store, model, pointer: name }, `${who} names it, and releases are published`);
    survey.pointers.set(name, found);
  }
}

/** A file store refuses to read through a link; that is a pointer which cannot be read, not one that is not there. */
async function readAgain(place: PointerLocation): Promise<PointerState | undefined> {
  try {
    return await readPointer(place.store, place.model, place.pointer);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'bad-key') throw error;
    throw new IntegrityError('pointer-unusable', `${error.message} Nothing is deleted.`, {
      hint: error.hint,
      cause: error,
    });
  }
}

/** What a pointer would keep is unknown without it. */
export function missing({ store, model, pointer }: PointerLocation, why: string): IntegrityError {
  const key = pointerKey(model, pointer);
  return new IntegrityError(
    'pointer-missing',
    `${key} is not there in ${store.url}, or is no plain object, though ${why}: what it names is not known, so nothing is deleted.`,
    {
      hint: `Put it back, in the environment of ${pointer}: coldgate history --model ${model} --repair writes it from its newest record, coldgate promote writes a new one. If ${model} was never promoted there, say so with --unpromoted ${model}.`,
      data: { key },
    },
  );
}
