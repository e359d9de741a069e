import { createHash, randomBytes } from 'node:crypto';
import { LoadError } from '../../model/load-error.ts';
import { type Desk, deadName, inputName, isRecent, keyName, lastName, resultName } from '../../queue/desk.ts';
import { encodeJob, makeId } from '../../queue/job.ts';
import { SettingsError } from '../../settings.ts';
import { bodyKind } from '../../tensors/read-json.ts';
import { json } from '../answer.ts';
import type { AppResponse } from '../app-request.ts';
import { RequestError } from '../request-error.ts';
import { hostOf, type RouteContext } from '../route.ts';

/** Seconds after which it makes sense to ask for a result. */
const askAgain = { 'retry-after': '1' };

/** POST /v1/async: puts a body of /v1/infer into the function's queue, and answers before it is worked on. */
export async function submit(context: RouteContext): Promise<AppResponse> {
  const { call, settings } = context;
  const desk = await deskOf(context);
  const { name: model } = hostOf(context);
  const { headers } = call.request;
  const kind = bodyKind(call.request);
  const key = readKey(headers.get('idempotency-key'));
  const body = await call.read(settings.maxPayloadBytes);
  const id = await orUnavailable(async () => {
    const fresh = makeId(Date.now(), randomBytes(10));
    const claimed = key === undefined ? fresh : await claim(desk, key, { id: fresh, model, body });
    if (claimed !== fresh && (await desk.has(resultName(claimed)))) return claimed;
    await call.timed('send', () => send(context, desk, { id: claimed, model, kind, body }));
    return claimed;
  });
  const pending = { id, status: 'pending', url: `${pathOf(call.request.url)}/${id}`, result: desk.url(resultName(id)) };
  // Relative to the address that was asked, whatever stage or function name stands before it.
  return json(202, pending, { ...askAgain, location: `async/${id}` });
}

/** GET /v1/async/{id}: the result, or that there is none yet. */
export async function look(context: RouteContext): Promise<AppResponse> {
  const desk = await deskOf(context);
  hostOf(context);
  const id = context.params['id'] ?? '';
  const now = Date.now();
  if (!isRecent(id, desk.keepDays, now)) {
    const message = `There is no such job, or it is older than the ${desk.keepDays} days that results are kept.`;
    throw new RequestError(404, 'job-not-found', message);
  }
  const found = await orUnavailable(async () => (await desk.read(resultName(id))) ?? lostOf(desk, id, now));
  if (found === undefined) return json(202, { id, status: 'pending' }, askAgain);
  return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body: found };
}

/** What was left of a job that was given up: an attempt that is the last may still be at work. */
async function lostOf(desk: Desk, id: string, now: number): Promise<Buffer | undefined> {
  const [dead, last] = await Promise.all([desk.read(deadName(id)), desk.read(lastName(id))]);
  if (dead || !last) return dead;
  const { from } = JSON.parse(last.toString()) as { from: string };
  return Date.parse(from) < now ? last : undefined;
}

interface Accepted {
  id: string;
  model: string;
  body: Uint8Array;
}

async function send(
  { call, query }: RouteContext,
  { queue, create }: Desk,
  { id, model, kind, body }: Accepted & { kind: 'json' | 'binary' },
): Promise<void> {
  const { headers } = call.request;
  const job = {
    ...{ id, model, at: Date.now(), query: query.toString(), requestId: call.requestId, traceparent: call.traceparent },
    type: kind === 'json' ? 'application/json' : 'application/octet-stream',
    shape: headers.get('x-tensor-shape')?.slice(0, 256),
  };
  const message = encodeJob({ ...job, body });
  if (message.byteLength <= queue.limit) return queue.send(message);
  await create(inputName(id), body, job.type);
  return queue.send(encodeJob({ ...job, body: { size: body.byteLength, sha256: sha256(body) } }));
}

/** The id under which a key was first used. Throws RequestError 409 where that was with another body. */
async function claim(desk: Desk, key: string, { id, model, body }: Accepted): Promise<string> {
  const name = keyName(sha256(`${model}\n${key}`));
  const digest = sha256(body);
  if (await desk.create(name, Buffer.from(JSON.stringify({ schema: 1, id, sha256: digest })))) return id;
  const found = await desk.read(name);
  const known = JSON.parse(found?.toString() ?? '{}') as { id?: string; sha256?: string };
  if (known.sha256 === digest && known.id !== undefined) return known.id;
  throw new RequestError(409, 'key-reused', 'This Idempotency-Key has come before with another body.');
}

function readKey(given: string | null): string | undefined {
  if (given === null || /^[A-Za-z0-9._:-]{1,128}$/.test(given)) return given ?? undefined;
  throw new RequestError(400, 'bad-key', 'Idempotency-Key: expected 1 to 128 of A-Z a-z 0-9 . _ : -.');
}

/** Throws RequestError 404 where the function has no queue, 503 where what says where it is cannot be used. */
async function deskOf({ desk }: RouteContext): Promise<Desk> {
  if (!desk) throw new RequestError(404, 'no-queue', 'This function has no queue.');
  return orUnavailable(desk);
}

/** 503 for what queue and store refuse, in public words; the log has the rest. */
async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LoadError || error instanceof SettingsError)) throw error;
    throw new RequestError(
      503,
      'queue-unavailable',
      'The queue, or the store of its results, does not take this now.',
      {
        retryAfter: 5,
        detail: { failure: error.message },
      },
    );
  }
}

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

const pathOf = (url: string): string => (url.startsWith('/') ? url : new URL(url).pathname).replace(/[?].*$/s, '');
