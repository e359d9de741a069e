import { cancelBody } from '../cancel-body.ts';
import { pieces } from '../pieces.ts';
import {
  AlreadyExistsError,
  type Body,
  type ObjectMeta,
  type Precondition,
  PreconditionError,
  type Token,
} from '../store.ts';
import type { GcsContext } from './context.ts';
import { headObject } from './info.ts';
import { ResumableUpload } from './resumable.ts';
import { matchOf } from './token.ts';
import { writeWhole } from './write.ts';

/** Sends a body: in one request if it fits into a piece, else in pieces. Returns what it does not read. */
export async function putObject(
  context: GcsContext,
  key: string,
  body: Body,
  when: Precondition,
  meta: ObjectMeta,
): Promise<Token> {
  const cut = pieces(body, context.limits.pieceBytes);
  try {
    matchOf(context, key, when);
    const first = await cut.next();
    const second = first.done ? first : await cut.next();
    if (second.done) return await writeWhole(context, key, first.value ?? new Uint8Array(0), when, meta);
    return await uploadPieces(context, key, [first.value as Uint8Array, second.value], cut, when, meta);
  } catch (thrown) {
    await cut.return(undefined);
    // A generator that was not begun does not return its body.
    await cancelBody(body);
    throw thrown;
  }
}

/** One piece is on its way while the next is gathered: two in memory, and what the source reads ahead. */
async function uploadPieces(
  context: GcsContext,
  key: string,
  [first, second]: [Uint8Array, Uint8Array],
  rest: AsyncGenerator<Uint8Array>,
  when: Precondition,
  meta: ObjectMeta,
): Promise<Token> {
  await lookEarly(context, key, when);
  const upload = await ResumableUpload.begin(context, key, when, meta);
  let sending: Promise<void> | undefined;
  try {
    let piece = first;
    let next: IteratorResult<Uint8Array> = { done: false, value: second };
    while (!next.done) {
      sending = upload.add(piece);
      // Thrown when it is waited for; the source may fail before.
      sending.catch(() => {});
      piece = next.value;
      next = await rest.next();
      await sending;
    }
    return await upload.end(piece);
  } catch (thrown) {
    await upload.abandon();
    await sending?.catch(() => {});
    throw thrown;
  }
}

/** A look before much is sent. What counts is the condition of the write itself. */
async function lookEarly(context: GcsContext, key: string, when: Precondition): Promise<void> {
  const found = await headObject(context, key);
  if (when === 'absent') {
    if (found) throw new AlreadyExistsError(context.place.url, key);
  } else if (found?.token !== when.unchanged) throw new PreconditionError(context.place.url, key);
}
