import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App } from '../../http/app.ts';
import type { AppRequest } from '../../http/app-request.ts';
import { sendNodeAnswer } from '../../http/node-answer.ts';
import { tooLarge } from '../../http/request-error.ts';
import { sentHeader } from './raw-body.ts';
import { toTraceparent } from './trace.ts';

/** What the functions framework passes: Express's request, its body read already. */
export type FrameworkRequest = IncomingMessage & { rawBody?: Uint8Array | undefined; originalUrl?: string };
export type HttpFunction = (request: FrameworkRequest, response: ServerResponse) => Promise<void>;

/** The HTTP signature of Cloud Functions. */
export function createHttpFunction(app: App): HttpFunction {
  return async (request, response) => {
    response.on('error', () => {});
    sendNodeAnswer(request, response, await app.handle(toAppRequest(request)));
  };
}

const toAppRequest = (request: FrameworkRequest): AppRequest => ({
  method: request.method ?? 'GET',
  url: request.originalUrl ?? request.url ?? '/',
  headers: {
    get(name) {
      const text = sentHeader(request, name);
      return text === null && name === 'traceparent' ? toTraceparent(request.headers['x-cloud-trace-context']) : text;
    },
  },
  read: async (limit) => {
    const body = request.rawBody ?? new Uint8Array();
    if (body.byteLength > limit) throw tooLarge(limit);
    return body;
  },
});
