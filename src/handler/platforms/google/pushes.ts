import { json } from '../../http/answer.ts';
import type { App } from '../../http/app.ts';
import type { AppRequest, AppResponse } from '../../http/app-request.ts';
import type { ExtendOptions } from '../../http/node-platform.ts';
import type { Work } from '../../queue/queue.ts';
import { SettingsError, type Variables } from '../../settings.ts';
import { badEvent, readEvent, withEventRoute } from '../event-route.ts';
import { createTokenCheck } from './push-token.ts';

/** Where Pub/Sub pushes messages to: src/targets/google-cloud-run/queue.ts. */
const queuePath = '/coldgate/queue';
/** A message of ten megabytes, and the JSON around it. Bytes. */
const maxPush = 10_500_000;

/**
 * The application, which also does the work of messages that Pub/Sub pushes to it as the account that COLDGATE_QUEUE_CALLER
 * names. Without a queue it is the application itself. Throws SettingsError where variables are wrong.
 */
export function withPushes(app: App, { desk, variables, write, form }: ExtendOptions): App {
  if (!desk) return app;
  const { email, audience, most } = readVariables(variables);
  const check = createTokenCheck({ email, audience }, variables);
  // What does the work is read when a message comes, so that requests do not pay for it.
  let work: Promise<Work> | undefined;
  const open = async (): Promise<Work> => {
    const { createWorker } = await import('../../queue/work.ts');
    return createWorker({ app, desk, write, form }).work;
  };
  const inLine = line(most);
  const answer = async (request: AppRequest): Promise<AppResponse> => {
    const problem = await check(request.headers.get('authorization'));
    if (problem !== undefined) return refused(problem);
    const push = readPush(readEvent(await request.read(maxPush)));
    if (!push) return badEvent('a message of Pub/Sub in its wrapper');
    work ??= open();
    const outcome = await inLine(async () => (await work)?.(push.message, { attempt: push.attempt }));
    if (outcome === 'done') return { status: 204, headers: {}, body: '' };
    return json(503, { error: { code: 'not-done', message: 'This attempt failed; the log says why.' } });
  };
  return withEventRoute(app, { path: queuePath, code: 'queue-unavailable', answer });
}

function readVariables(variables: Variables): { email: string; audience: string | undefined; most: number } {
  const email = variables['COLDGATE_QUEUE_CALLER'] ?? '';
  const most = Number(variables['COLDGATE_QUEUE_CONCURRENCY'] || 1);
  const problems = [
    ...(/^[^@\s]+@[^@\s]+$/.test(email) ? [] : ['COLDGATE_QUEUE_CALLER: expected the account that pushes come from.']),
    ...(Number.isInteger(most) && most > 0 ? [] : ['COLDGATE_QUEUE_CONCURRENCY: expected a whole number from 1.']),
  ];
  if (problems.length > 0) throw new SettingsError(problems);
  return { email, audience: variables['COLDGATE_QUEUE_AUDIENCE'] || undefined, most };
}

const refused = (problem: string): AppResponse =>
  json(403, {
    error: { code: 'not-pubsub', message: `Messages are taken from Pub/Sub alone; this came with ${problem}.` },
  });

/** https://cloud.google.com/pubsub/docs/push#receive_push; the attempt is there where dead letters go somewhere. */
function readPush(event: unknown): { message: Uint8Array; attempt: number } | undefined {
  const { message, deliveryAttempt = 1 } = Object(event) as Record<string, unknown>;
  const { data = '' } = Object(message) as Record<string, unknown>;
  if (Object(message) !== message || typeof data !== 'string' || !Number.isInteger(deliveryAttempt)) return undefined;
  return { message: Buffer.from(data, 'base64'), attempt: Number(deliveryAttempt) };
}

/**
 * Does so much work at once, and the rest in turn: an instance that refused it would have Pub/Sub count an attempt that
 * was none.
 */
function line(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
