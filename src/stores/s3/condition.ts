import { AlreadyExistsError, type Precondition, PreconditionError, type Token } from '../store.ts';
import type { S3Context } from './context.ts';
import { headObject } from './info.ts';
import { etagOf, tokenOf } from './token.ts';

/** What must hold, as S3 takes it: the key is free, or the object has the ETag. */
export type Condition = 'absent' | { etag: string };

/** Throws PreconditionError for a token that is not of S3, before anything is sent. */
export function conditionOf(context: S3Context, key: string, when: Precondition): Condition {
  return when === 'absent' ? when : etagConditionOf(context, key, when.unchanged);
}

/** The same for what can only be done to an object that is there. */
export function etagConditionOf(context: S3Context, key: string, token: Token): { etag: string } {
  const etag = etagOf(token);
  if (etag === undefined) throw new PreconditionError(context.place.url, key);
  return { etag };
}

/** An ETag as this server compares it. */
export const comparedEtag = (context: S3Context, etag: string): string =>
  context.bareEtags ? etag.replace(/^"(.*)"$/, '$1') : etag;

/** The headers of a conditional write, built for each request: how ETags must be written may be learnt in between. */
export function conditionHeaders(context: S3Context, condition: Condition): { IfNoneMatch?: '*'; IfMatch?: string } {
  return condition === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: comparedEtag(context, condition.etag) };
}

/** A look before much is sent. What counts is the condition of the write itself. */
export async function lookEarly(context: S3Context, key: string, condition: Condition): Promise<void> {
  const found = await headObject(context, key);
  if (condition === 'absent') {
    if (found) throw new AlreadyExistsError(context.place.url, key);
  } else if (found?.token !== tokenOf(condition.etag)) throw new PreconditionError(context.place.url, key);
}

/**
 * Runs a write on an ETag. Ceph before version 18 compares conditions with the ETag without its quotes and so refuses
 * every one as HTTP writes it. Of a server that is not AWS a refusal is therefore looked into: if the object still has
 * that very ETag, the condition is sent once more without quotes, and so from then on. It never is sent without.
 */
export async function withEtagForm<T>(
  context: S3Context,
  key: string,
  condition: Condition,
  write: () => Promise<T>,
): Promise<T> {
  // As it was when this write was sent: another write may learn the form meanwhile.
  const { bareEtags } = context;
  try {
    return await write();
  } catch (thrown) {
    const mayBeTheForm = condition !== 'absent' && context.endpoint !== undefined && !bareEtags;
    if (!mayBeTheForm || !(thrown instanceof PreconditionError)) throw thrown;
    if ((await headObject(context, key))?.token !== tokenOf(condition.etag)) throw thrown;
    const known = context.bareEtags;
    context.bareEtags = true;
    try {
      return await write();
    } catch (again) {
      if (again instanceof PreconditionError && !known) context.bareEtags = false;
      throw again;
    }
  }
}
