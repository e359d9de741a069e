import type { App } from '../../http/app.ts';
import { tooLarge } from '../../http/request-error.ts';
import { bufferedAnswers } from './http.ts';

/** What the model or the function failed with; its name is the code, by which Step Functions retries and catches. */
class DirectError extends Error {
  constructor(code: string, message: string) {
    super(message);
    this.name = code;
  }
}

/**
 * Answers an invocation without a gateway as POST /v1/infer does, by the object itself. What is wrong with the request
 * (4xx) is returned as `{"error": {code, message}}`: another attempt would not help. Throws DirectError for the rest (5xx).
 */
export async function answerDirect(
  app: App,
  payload: Record<string, unknown>,
  requestId: string | undefined,
  xray: string | undefined,
): Promise<unknown> {
  const bytes = Buffer.from(JSON.stringify(payload));
  const headers = new Map([
    ['content-type', 'application/json'],
    ...(xray ? [['x-amzn-trace-id', xray] as const] : []),
  ]);
  const { status, body } = await app.handle({
    method: 'POST',
    url: '/v1/infer',
    headers: { get: (name) => headers.get(name) ?? null },
    read: async (limit) => {
      if (bytes.byteLength > limit) throw tooLarge(limit);
      return bytes;
    },
    checkAnswer: (answer) => bufferedAnswers(answer, 'POST'),
    requestId,
  });
  const text = typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  const document = JSON.parse(text) as { error?: { code: string; message: string } };
  if (status < 500 || !document.error) return document;
  throw new DirectError(document.error.code, document.error.message);
}
