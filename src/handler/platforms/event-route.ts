import { json } from '../http/answer.ts';
import type { App } from '../http/app.ts';
import type { AppRequest, AppResponse } from '../http/app-request.ts';

/** A path that a platform sends events to. */
export interface EventRoute {
  path: string;
  /** Of the error where an event cannot be taken now. */
  code: string;
  answer(request: AppRequest): Promise<AppResponse>;
}

/**
 * The application with a route for events beside its own. 2xx ends the delivery of an event; what cannot be answered now is a
 * 503, after which it is delivered again.
 */
export const withEventRoute = (app: App, route: EventRoute): App => ({
  instanceId: app.instanceId,
  get isStuck() {
    return app.isStuck;
  },
  async handle(request) {
    if (!isEvent(request, route)) return app.handle(request);
    try {
      return await route.answer(request);
    } catch (error) {
      return json(503, { error: { code: route.code, message: (error as Error).message } });
    }
  },
  poll: () => app.poll(),
  warm: () => app.warm(),
  close: () => app.close(),
});

const isEvent = ({ method, url }: AppRequest, { path }: EventRoute): boolean =>
  method === 'POST' && new URL(url, 'http://localhost').pathname === path;

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
