import type { AppRequest, AppResponse } from '../../http/app-request.ts';
import { RequestError, tooLarge } from '../../http/request-error.ts';
import type { HttpEvent } from './event.ts';

/** The reply of payload 2.0. */
export interface HttpReply {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
  isBase64Encoded: boolean;
}

/** Repeated headers come joined by commas, cookies in a separate list; `xray` is the invocation's trace. */
export function toAppRequest(
  event: HttpEvent,
  requestId: string | undefined,
  xray: string | undefined,
  check?: CheckAnswer,
): AppRequest {
  const { rawPath, rawQueryString, requestContext, cookies } = event;
  const headers = new Map(Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  if (cookies && !headers.has('cookie')) headers.set('cookie', cookies.join('; '));
  if (xray && !headers.has('x-amzn-trace-id')) headers.set('x-amzn-trace-id', xray);
  const { stage, http } = requestContext;
  return {
    method: http.method,
    url: withoutStage(rawPath, stage) + (rawQueryString ? `?${rawQueryString}` : ''),
    headers: { get: (name) => headers.get(name) ?? null },
    read: async (limit) => {
      const { body = '', isBase64Encoded } = event;
      // Four characters carry three bytes, so a body too large is refused before it is decoded.
      if (isBase64Encoded && (body.length / 4) * 3 - 2 > limit) throw tooLarge(limit);
      const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
      if (bytes.byteLength > limit) throw tooLarge(limit);
      return bytes;
    },
    checkAnswer: (answer) => (check ?? bufferedAnswers)(answer, http.method),
    requestId: requestContext.requestId ?? requestId,
  };
}

/** Throws RequestError 413 for an answer that Lambda would not carry. */
export type CheckAnswer = (answer: AppResponse, method: string) => void;

/** Most that an invocation of Lambda may answer, as JSON: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const maxAnswerBytes = 6 * 1024 * 1024;
/** Room for the headers that every answer gets at the end, bytes. */
const roomForHeaders = 4096;
/** No character of a text takes more bytes in JSON (`\u0000`). */
const maxPerCharacter = 6;

const advice =
  'Ask for fewer items or outputs at a time, for one output as application/octet-stream, or with Accept-Encoding: gzip.';

/** A larger answer would fail the invocation, and the caller would learn nothing. @param what follows the bytes */
export const answersWithin =
  (most: number, what: string): CheckAnswer =>
  (answer, method) => {
    if (answer.body.length * maxPerCharacter + roomForHeaders <= most) return;
    const size = Buffer.byteLength(JSON.stringify(toHttpReply(answer, method))) + roomForHeaders;
    if (size > most) throw answerTooLarge(size, most, `${what} ${advice}`);
  };

export const bufferedAnswers = answersWithin(maxAnswerBytes, 'a Lambda invocation may answer.');

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html */
const maxStreamedBytes = 200 * 1024 * 1024;

/** For answers that are streamed. */
export const streamedAnswers: CheckAnswer = ({ body }) => {
  const size = Buffer.byteLength(body);
  if (size <= maxStreamedBytes) return;
  throw answerTooLarge(size, maxStreamedBytes, 'a Lambda function may stream.');
};

const answerTooLarge = (size: number, most: number, what: string): RequestError =>
  new RequestError(413, 'answer-too-large', `The answer is larger than the ${most} bytes that ${what}`, {
    detail: { answer_bytes: size },
  });

/** A named stage of an HTTP API stands before the path. */
function withoutStage(path: string, stage: string | undefined): string {
  if (!stage || stage === '$default' || !`${path}/`.startsWith(`/${stage}/`)) return path;
  return path.slice(stage.length + 1) || '/';
}

const isText = (type: string): boolean => /^(?:text\/|application\/(?:[\w.+-]+\+)?json\b)/.test(type);

/** Bytes travel as base64; only what is known to be text goes as it is. */
export function toHttpReply({ status, headers, body }: AppResponse, method: string): HttpReply {
  const type = headers['content-type'] ?? (typeof body === 'string' ? 'text/plain; charset=utf-8' : undefined);
  const all = { ...headers, 'content-type': type ?? 'application/octet-stream' };
  const reply = { statusCode: status, headers: all };
  if (method === 'HEAD') return { ...reply, body: '', isBase64Encoded: false };
  // Our own text is in UTF-8, also where it is bytes already.
  if (isText(all['content-type']) && !('content-encoding' in headers)) {
    const text =
      typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
    return { ...reply, body: text, isBase64Encoded: false };
  }
  return { ...reply, body: Buffer.from(body as string).toString('base64'), isBase64Encoded: true };
}
