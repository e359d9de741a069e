import { createHash } from 'node:crypto';
import { sinceStart } from '../clock.ts';
import type { App } from '../http/app.ts';
import type { AppRequest } from '../http/app-request.ts';
import type { LogForm } from '../http/log-form.ts';
import type { WriteLine } from '../http/log-line.ts';
import { type Desk, deadName, inputName, lastName, type OpenDesk, resultName } from './desk.ts';
import { decodeJob, type Job } from './job.ts';
import type { Delivery, Outcome, Work } from './queue.ts';

export interface WorkDeps {
  app: App;
  desk: OpenDesk;
  write: WriteLine;
  form: LogForm;
}

/** Does the work of messages, and gives up those whose attempts all ended without an answer. */
export interface Worker {
  work: Work;
  /** Keeps the reason of one that was delivered as often as it may be. Rejects where the store does not take it. */
  giveUp(message: Uint8Array, delivery: Delivery): Promise<void>;
}

/** What became of one delivery. */
interface Done {
  outcome: Outcome;
  status: 'done' | 'failed' | 'done-before' | 'again' | 'gave-up';
  code?: string | undefined;
  /** Of a store that refuses. */
  reason?: string | undefined;
}

/** Why there is no answer, as /v1/infer says it. */
interface Failure {
  code: string;
  message: string;
  http_status?: number;
}

/** No platform's call runs longer than this, ms: a last attempt that has not ended by then has taken its process along. */
const longestMs = 15 * 60_000;

/** By the function's own /v1/infer. */
export function createWorker(deps: WorkDeps): Worker {
  const { app, desk: open } = deps;
  return {
    async work(message, delivery) {
      const started = sinceStart();
      const job = decodeJob(message);
      let done: Done;
      try {
        const desk = await open();
        done = await (job ? workOn(app, desk, job, delivery) : refuse(desk, message, delivery));
      } catch (error) {
        // The queue or the store; the message stays where it is.
        const reason = (error as Error).message.split('\n')[0];
        done = { outcome: 'again', status: 'again', code: 'store-unavailable', reason };
      }
      log(deps, job, delivery, { ...done, ms: sinceStart() - started });
      return done.outcome;
    },
    async giveUp(message, { attempt }) {
      const desk = await open();
      const job = decodeJob(message);
      if (!job) return void (await refuse(desk, message, { attempt: desk.attempts }));
      await desk.create(deadName(job.id), bytesOf({ ...headOf(job, attempt), ...gaveUp(noAnswer) }));
      const done: Done = { outcome: 'again', status: 'gave-up', code: noAnswer.code };
      log(deps, job, { attempt }, { ...done, ms: 0 });
    },
  };
}

/** One line for a delivery. */
function log(
  { app, write, form }: WorkDeps,
  job: Job | undefined,
  { attempt }: Delivery,
  { status, code, reason, outcome, ms }: Done & { ms: number },
): void {
  const level = status === 'gave-up' ? 'error' : outcome === 'again' ? 'warn' : 'info';
  const facts = {
    ...{ id: job?.id, model: job?.model, request_id: job?.requestId, status, code, reason, attempt },
    // Clocks of two machines may be apart.
    wait_ms: job && Math.max(0, Math.round(Date.now() - job.at - ms)),
    work_ms: Math.round(ms),
    instance_id: app.instanceId,
    traceparent: job?.traceparent,
  };
  write(JSON.stringify(form({ level, time: new Date().toISOString(), event: 'async', ...facts })), level);
}

const headOf = ({ id, model, at }: Job, attempt: number) => ({
  ...{ schema: 1, id, model, submitted_at: new Date(at).toISOString(), started_at: new Date().toISOString() },
  attempt,
});

async function workOn(app: App, desk: Desk, job: Job, { attempt }: Delivery): Promise<Done> {
  const { id } = job;
  // A first delivery is hardly ever a second one: the create that follows decides it.
  if (attempt > 1 && (await desk.has(resultName(id)))) return { outcome: 'done', status: 'done-before' };
  const head = headOf(job, attempt);
  const isLast = attempt >= desk.attempts;
  if (isLast) await desk.create(lastName(id), bytesOf({ ...head, ...gaveUp(noAnswer, Date.now() + longestMs) }));
  const answer = await answerOf(app, desk, job);
  if ('passing' in answer) {
    if (!isLast) return { outcome: 'again', status: 'again', code: answer.passing.code };
    await desk.create(deadName(id), bytesOf({ ...head, ...gaveUp(answer.passing) }));
    return { outcome: 'again', status: 'gave-up', code: answer.passing.code };
  }
  const status = 'failure' in answer ? 'failed' : 'done';
  const ended = { ...head, status, finished_at: new Date().toISOString() };
  const result =
    'failure' in answer ? bytesOf({ ...ended, error: answer.failure }) : joined(ended, 'answer', answer.body);
  const created = await desk.create(resultName(id), result);
  const code = 'failure' in answer ? answer.failure.code : undefined;
  return { outcome: 'done', status: created ? status : 'done-before', code };
}

/** A message that is no job: no attempt will change that. Its reason is kept, and the queue puts it aside in the end. */
async function refuse(desk: Desk, message: Uint8Array, { attempt }: Delivery): Promise<Done> {
  const id = `bad-${createHash('sha256').update(message).digest('hex').slice(0, 24)}`;
  const error = {
    code: 'bad-message',
    message: `A message of ${message.byteLength} bytes is no job of this function.`,
  };
  const isLast = attempt >= desk.attempts;
  if (isLast) await desk.create(deadName(id), bytesOf({ schema: 1, id, status: 'failed', attempt, error }));
  return { outcome: 'again', status: isLast ? 'gave-up' : 'again', code: error.code };
}

type Answer = { body: string | Uint8Array } | { failure: Failure } | { passing: Failure };

/** A failure of the inputs is final, one of the function may pass. */
async function answerOf(app: App, desk: Desk, job: Job): Promise<Answer> {
  const body = await bodyOf(desk, job);
  if (!(body instanceof Uint8Array)) return { failure: body };
  const { status, body: text } = await app.handle(requestOf(job, body));
  if (status === 200) return { body: text };
  const { error } = JSON.parse(Buffer.from(text as string).toString()) as { error: Failure };
  const failure = { code: error.code, message: error.message, http_status: status };
  return status >= 500 ? { passing: failure } : { failure };
}

async function bodyOf(desk: Desk, { id, body }: Job): Promise<Uint8Array | Failure> {
  if (body instanceof Uint8Array) return body;
  const stored = await desk.read(inputName(id));
  if (!stored) return { code: 'input-gone', message: 'The body of this job is no longer in the store.' };
  if (createHash('sha256').update(stored).digest('hex') === body.sha256) return stored;
  return { code: 'input-changed', message: 'The body of this job is not the one that was sent.' };
}

function requestOf({ model, type, query, shape, requestId, traceparent }: Job, body: Uint8Array): AppRequest {
  const headers: Record<string, string | undefined> = {
    ...{ 'content-type': type, 'x-tensor-shape': shape, accept: 'application/json' },
    ...{ 'x-request-id': requestId, traceparent },
  };
  return {
    method: 'POST',
    url: `/v1/models/${encodeURIComponent(model)}/infer${query === '' ? '' : `?${query}`}`,
    headers: { get: (name) => headers[name] ?? null },
    read: async () => body,
    quiet: true,
  };
}

const noAnswer: Failure = { code: 'no-answer', message: 'The last attempt ended without an answer.' };

const gaveUp = (cause: Failure, from?: number): Record<string, unknown> => ({
  status: 'failed',
  error: { code: 'gave-up', message: 'Every attempt failed; the message is where dead ones go.', cause },
  ...(from !== undefined && { from: new Date(from).toISOString() }),
});

const bytesOf = (document: unknown): Buffer => Buffer.from(JSON.stringify(document));

/** A document with JSON text as one more field, which is not parsed for it. */
function joined(document: Record<string, unknown>, name: string, text: string | Uint8Array): Buffer {
  const head = JSON.stringify(document).slice(0, -1);
  return Buffer.concat([
    Buffer.from(`${head},${JSON.stringify(name)}:`),
    Buffer.from(text as string),
    Buffer.from('}'),
  ]);
}
