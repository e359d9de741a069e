import { json } from '../../http/answer.ts';
import type { App } from '../../http/app.ts';
import type { AppRequest, AppResponse } from '../../http/app-request.ts';
import type { WriteLine } from '../../http/log-line.ts';
import type { Variables } from '../../settings.ts';

/** Where events of uploads come to: src/iam prints it for the trigger of each cloud. */
const uploadPath = '/coldgate/uploads';

export interface UploadOptions {
  variables: Variables;
  write: WriteLine;
  /** Largest line, bytes. */
  limit: number;
}

/**
 * The application with a route for events of uploads beside its own. 200 ends the delivery of an event; what cannot be
 * answered now is a 503, after which it is delivered again.
 */
export const withUploadRoute = (app: App, answer: (request: AppRequest) => Promise<AppResponse>): App => ({
  instanceId: app.instanceId,
  get isStuck() {
    return app.isStuck;
  },
  async handle(request) {
    if (!isEvent(request)) return app.handle(request);
    try {
      return await answer(request);
    } catch (error) {
      return json(503, { error: { code: 'batch-unavailable', message: (error as Error).message } });
    }
  },
  poll: () => app.poll(),
  warm: () => app.warm(),
  close: () => app.close(),
});

const isEvent = ({ method, url }: AppRequest): boolean =>
  method === 'POST' && new URL(url, 'http://localhost').pathname === uploadPath;

/** JSON of an event; undefined where it is none. */
export function readEvent(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString()) as unknown;
  } catch {
    return undefined;
  }
}

export const badEvent = (expected: string): AppResponse =>
  json(400, { error: { code: 'bad-event', message: `Expected ${expected}.` } });
