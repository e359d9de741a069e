import { type Precondition, PreconditionError, type Token } from '../store.ts';
import type { GcsContext } from './context.ts';

/** A generation that an object can have; 0 would mean "nothing is there". */
const generationForm = /^gs:([1-9]\d{0,18})$/;

/** The token of the object with this generation: a number that is new with every write (docs/facts.md P5). */
export const tokenOf = (generation: string): Token => `gs:${generation}`;

/** The generation of a token; undefined for the token of another kind of store, or what is no token at all. */
export const generationOf = (token: Token): string | undefined => generationForm.exec(token)?.[1];

/** The generation that the object must have. Throws PreconditionError for a token that is not of this kind of store. */
export function requiredGeneration(context: GcsContext, key: string, token: Token): string {
  const generation = generationOf(token);
  if (generation === undefined) throw new PreconditionError(context.place.url, key);
  return generation;
}

/** What must hold, as the service takes it: generation 0 is the key that is free. */
export function matchOf(context: GcsContext, key: string, when: Precondition): string {
  return when === 'absent' ? '0' : requiredGeneration(context, key, when.unchanged);
}
