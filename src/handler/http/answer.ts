import type { AppResponse } from './app-request.ts';

/** A JSON answer. */
export const json = (status: number, document: unknown, headers: Record<string, string> = {}): AppResponse => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(document),
});
