import type { HttpHandler, HttpRequest } from '@azure/functions';
import type { AppRequest } from '../../http/app-request.ts';
import { tooLarge } from '../../http/request-error.ts';
import type { RequestHandler } from './start-failed.ts';

/** The handler of an HTTP trigger in Azure's v4 model. */
export function createHttpHandler(opened: Promise<RequestHandler>): HttpHandler {
  return async (request, { invocationId }) => {
    const app = await opened;
    const { status, headers, body } = await app.handle(toAppRequest(request, invocationId));
    return { status, headers, body: request.method === 'HEAD' ? '' : body };
  };
}

const toAppRequest = (request: HttpRequest, requestId: string): AppRequest => ({
  method: request.method,
  url: pathOf(request.url),
  headers: { get: (name) => request.headers.get(name) },
  read: async (limit) => {
    if (Number(request.headers.get('content-length')) > limit) throw tooLarge(limit);
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (bytes.byteLength > limit) throw tooLarge(limit);
    return bytes;
  },
  requestId,
});

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

const levels = ['anonymous', 'function', 'admin'] as const;

/** Who may call. Default: `function`, so that nothing is public by omission, or by a mistake. */
export function readAuthLevel(text: string | undefined): { level: (typeof levels)[number]; problem?: string } {
  const level = levels.find((one) => one === (text || 'function'));
  if (level) return { level };
  const problem = `COLDGATE_AZURE_AUTH: expected one of ${levels.join(', ')}, got ${JSON.stringify(text)}.`;
  return { level: 'function', problem };
}
