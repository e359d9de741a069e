import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { SeenRequest } from './fault.ts';

/** An answer on its way from the server to the client. */
export type Reply = Readable & { statusCode?: number | undefined; headers: IncomingHttpHeaders };

interface Known {
  statusCode: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Without bytes: how far the upload has come is all that it asks. */
const asksHowFar = ({ headers }: SeenRequest): boolean => /^bytes \*\//.test(headers['content-range'] ?? '');

/**
 * The upload sessions of a Google bucket, as far as fake-gcs-server has them otherwise than Google: asked how far an
 * upload has come, it ends the upload and makes an object of the bytes that it has. So that question is answered here,
 * with what the server has last said, once what is on its way has reached it. All else goes to the server.
 */
export class UploadSessions {
  readonly #known = new Map<string, Known>();
  readonly #busy = new Map<string, Promise<unknown>>();

  async exchange(request: SeenRequest, forward: () => Promise<IncomingMessage>): Promise<Reply> {
    const id = request.query.get('upload_id');
    if (request.method !== 'PUT' || id === null) return forward();
    const turn = Promise.resolve(this.#busy.get(id)).then(() => this.#take(id, request, forward));
    this.#busy.set(
      id,
      turn.catch(() => {}),
    );
    return toReply(await turn);
  }

  async #take(id: string, request: SeenRequest, forward: () => Promise<IncomingMessage>): Promise<Known> {
    if (asksHowFar(request)) return this.#known.get(id) ?? { statusCode: 308, headers: {}, body: Buffer.alloc(0) };
    const { statusCode = 0, headers, ...reply } = await withBody(await forward());
    const known = { statusCode, headers, ...reply };
    if (statusCode === 200 || statusCode === 308) this.#known.set(id, known);
    return known;
  }
}

const withBody = async (reply: IncomingMessage) => ({
  statusCode: reply.statusCode,
  headers: reply.headers,
  body: await buffer(reply),
});

const toReply = ({ body, ...head }: Known): Reply => Object.assign(Readable.from(body.length > 0 ? [body] : []), head);
