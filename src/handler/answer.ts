import type { AppResponse } from './app-request.ts';

export const json = (status: number, document: unknown, headers: Record<string, string> = {}): AppResponse => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(document),
});

/** The one form of every failure. */
export const errorAnswer = (
  status: number,
  error: { code: string; message: string; request_id: string },
  headers: Record<string, string> = {},
): AppResponse => json(status, { error }, headers);
