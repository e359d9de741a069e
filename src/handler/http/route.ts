import type { Instance } from '../instance.ts';
import { LoadError } from '../model/load-error.ts';
import type { ModelHost } from '../model/model-host.ts';
import type { ServedModel } from '../model/served-model.ts';
import type { OpenDesk } from '../queue/desk.ts';
import { SessionLost } from '../session/session-lost.ts';
import type { Settings } from '../settings.ts';
import type { AppResponse } from './app-request.ts';
import type { Call } from './call.ts';
import { RequestError } from './request-error.ts';

export interface RouteContext {
  call: Call;
  settings: Settings;
  instance: Instance;
  /** By model name; the first is the one of /v1/infer. */
  hosts: ReadonlyMap<string, ModelHost>;
  /** The queue in front of the function, where it has one. */
  desk: OpenDesk | undefined;
  /** Parts of the path that the pattern names. */
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
}

export type Answer = (context: RouteContext) => Promise<AppResponse>;

export interface Route {
  method: 'GET' | 'POST';
  /** `/v1/models/{name}/infer` */
  pattern: string;
  answer: Answer;
}

/** The model that the path names, or the function's own. Throws RequestError 404. */
export function hostOf({ hosts, params, settings }: RouteContext): ModelHost {
  const host = hosts.get(params['name'] ?? settings.model);
  if (host) return host;
  throw new RequestError(404, 'model-not-served', `This function serves ${[...hosts.keys()].join(', ')}.`);
}

/** Holds one version of the model for the time of the work, loading it if need be. Throws RequestError 503, and 504. */
export async function withModel<T>(context: RouteContext, work: (model: ServedModel) => Promise<T>): Promise<T> {
  const { call, instance } = context;
  const host = hostOf(context);
  if (instance.takeCold()) call.cold = true;
  const behind = host.behind;
  if (behind !== undefined) await call.timed('look', () => behind);
  let model = host.current;
  // Nothing runs between these two lines, so what is current cannot be closed yet.
  if (model) model.acquire();
  else model = await lease(call, host);
  call.model = model;
  try {
    return await work(model);
  } catch (error) {
    throw error instanceof SessionLost ? toRefusal(error) : error;
  } finally {
    const closing = model.release();
    if (closing !== undefined) await closing;
  }
}

async function lease(call: Call, host: ModelHost): Promise<ServedModel> {
  try {
    return await call.timed('load', () => host.lease());
  } catch (error) {
    throw unavailable(error, host.retryAfter);
  }
}

/** 504 for the run that took too long, 503 for what else was asked of the session that was lost with it. */
function toRefusal({ reason, message }: SessionLost): RequestError {
  const detail = { failure: message };
  return reason === 'timeout'
    ? new RequestError(504, 'run-timeout', 'The model did not answer these inputs in the time that a run may take.', {
        detail,
      })
    : new RequestError(503, 'session-lost', 'The model ended while it ran. It is being loaded again.', {
        retryAfter: 1,
        detail,
      });
}

/** What keeps a model from being served, in public words; the log has the rest. */
export function unavailable(error: unknown, retryAfter: number): unknown {
  if (!(error instanceof LoadError)) return error;
  return new RequestError(503, error.code, error.publicMessage, { retryAfter });
}

/** Of a model whose callers make the tensors themselves. */
export const noTask = (): RequestError =>
  new RequestError(404, 'no-task', 'This model was published without a task: send tensors to /v1/infer.');
