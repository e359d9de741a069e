import { json } from '../http/answer.ts';
import type { AppResponse } from '../http/app-request.ts';
import type { Tensors } from '../session/session.ts';
import { countElements, isLarge, type Put } from './tensors-out.ts';

/** From so many elements on an answer is packed while it is written: before, the end of both is within a millisecond. */
const packedAhead = 16_384;

/**
 * A JSON answer with these tensors in it; `make` writes the document. A large one comes without keeping others waiting.
 * `accepted` is what the caller says of codings, in whose absence nothing is packed here.
 */
export async function jsonWith(
  all: readonly Tensors[],
  make: (put?: Put) => unknown,
  accepted?: string | null,
): Promise<AppResponse> {
  const ahead = Boolean(accepted) && countElements(all) >= packedAhead;
  if (!ahead && !isLarge(all)) return json(200, make());
  const { writeAhead, writeLarge } = await import('./large-answer.ts');
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  if (!ahead) return { status: 200, headers, body: await writeLarge(make) };
  const { body, coding } = await writeAhead(make, accepted as string);
  return { status: 200, headers: { ...headers, ...(coding && { 'content-encoding': coding }) }, body };
}
