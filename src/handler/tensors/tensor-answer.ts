import { json } from '../http/answer.ts';
import type { AppResponse } from '../http/app-request.ts';
import type { Tensors } from '../session/session.ts';
import { isLarge, type Put } from './tensors-out.ts';

/** A JSON answer with these tensors in it; `make` writes the document. A large one comes without keeping others waiting. */
export async function jsonWith(all: readonly Tensors[], make: (put?: Put) => unknown): Promise<AppResponse> {
  if (!isLarge(all)) return json(200, make());
  const { writeLarge } = await import('./large-answer.ts');
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: await writeLarge(make),
  };
}
