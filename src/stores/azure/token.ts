import { type Precondition, PreconditionError, type Token } from '../store.ts';
import type { AzureContext } from './context.ts';

/** An entity tag in its quotes; no list and no `*`, which would mean "whatever is there". */
const etagForm = /^"[\w.+/=:-]+"$/;

/** The token of the blob with this ETag, which is new with every write. Listings give it without its quotes. */
export const tokenOf = (etag: string): Token => `azure:${etag.startsWith('"') ? etag : `"${etag}"`}`;

/** The ETag of a token; undefined for the token of another kind of store, or what is no token at all. */
export function etagOf(token: Token): string | undefined {
  const etag = token.startsWith('azure:') ? token.slice('azure:'.length) : '';
  return etagForm.test(etag) ? etag : undefined;
}

/** The ETag that the blob must have. Throws PreconditionError for a token that is not of this kind of store. */
export function requiredEtag(context: AzureContext, key: string, token: Token): string {
  const etag = etagOf(token);
  if (etag === undefined) throw new PreconditionError(context.place.url, key);
  return etag;
}

/** What must hold, as the service takes it. No lease is ever mixed in (docs/facts.md P7). */
export function conditionsOf(
  context: AzureContext,
  key: string,
  when: Precondition,
): { ifNoneMatch: '*' } | { ifMatch: string } {
  return when === 'absent' ? { ifNoneMatch: '*' } : { ifMatch: requiredEtag(context, key, when.unchanged) };
}
