import { Instance } from '../instance.ts';
import { ModelHosts } from '../model/model-hosts.ts';
import type { Settings } from '../settings.ts';
import { roundMs } from '../timings.ts';
import { json } from './answer.ts';
import type { AppDeps } from './app-deps.ts';
import type { AppRequest, AppResponse } from './app-request.ts';
import { Call } from './call.ts';
import { corsHeaders, preflightHeaders } from './cors.ts';
import { plainForm } from './log-form.ts';
import { logCall, noteTo } from './log-line.ts';
import { RequestError } from './request-error.ts';
import type { RouteContext } from './route.ts';
import { createRouter } from './router.ts';
import { routes } from './routes.ts';

export interface App {
  readonly instanceId: string;
  /** Handles one request; never rejects. */
  handle(request: AppRequest): Promise<AppResponse>;
  /** Reads pointers whose refresh interval has passed; for a timer where the platform lets one run between requests. */
  poll(): void;
  /**
   * Loads the main model ahead of its first request, where the platform lets a process work then. Never rejects: what
   * failed is in the log, and the first request tries again.
   */
  warm(): Promise<void>;
  /** Whether threads run on that were given up: Node does not end then, unless it is killed. */
  readonly isStuck: boolean;
  /** Frees the models. */
  close(): Promise<void>;
}

const route = createRouter(routes);
const atOnce = (work: () => void): void => work();
const noQuery = new URLSearchParams();

/** The function itself, free of any cloud: adapters translate their events to and from it. Loads nothing yet. */
export function createApp(deps: AppDeps): App {
  const { settings } = deps;
  const log = { write: deps.write, form: deps.logForm ?? plainForm };
  const instance = new Instance(deps.initMs, settings.revision, deps.facts);
  const note = noteTo(log, instance);
  const { later = atOnce } = deps;
  const models = new ModelHosts(deps, note);
  const hosts = models.byName;
  const poll = (): void => models.poll();
  return {
    instanceId: instance.id,
    get isStuck() {
      return models.isStuck;
    },
    async handle(request) {
      const call = new Call(request);
      poll();
      models.requests++;
      const response = await answer({ call, settings, instance, hosts, desk: deps.desk });
      models.requests--;
      finish(response, call, instance, settings);
      const { status } = response;
      if ('run' in call.phases) deps.onPrediction?.();
      models.answered(call);
      models.tidyUp(call, response.body.length);
      if (!request.quiet || call.cold || status >= 500) {
        const ms = call.elapsedMs;
        later(() => logCall(log, instance, call, { status, ms }));
      }
      return response;
    },
    poll,
    warm: async () => hosts.get(settings.model)?.warm(),
    close: () => models.close(),
  };
}

async function answer(context: Omit<RouteContext, 'params' | 'query'>): Promise<AppResponse> {
  const { call, settings } = context;
  const { request } = call;
  try {
    call.isOpenInference = /^(?:https?:\/\/[^/]*)?\/(?:v2(?:[/?]|$)|v1\/models\/[^/?]+:)/.test(request.url);
    request.admit?.();
    const { path, query } = splitUrl(request.url);
    if (request.method === 'OPTIONS') {
      call.route = 'preflight';
      return { status: 204, headers: preflightHeaders(request, settings.cors), body: '' };
    }
    const match = route(request.method, path);
    call.route = match.route.pattern;
    const parameters = query === '' ? noQuery : new URLSearchParams(query);
    const response = await match.route.answer({ ...context, params: match.params, query: parameters });
    const answer = await packed(response, call);
    request.checkAnswer?.(answer);
    return answer;
  } catch (error) {
    return refuse(error, call);
  }
}

/** From here on packing is worth its time, bytes. */
const leastPacked = 1024;

/** Packed where the caller takes that. Small answers, and callers who do not ask for it, pay nothing. */
async function packed(response: AppResponse, call: Call): Promise<AppResponse> {
  if (response.body.length < leastPacked) return response;
  const accepted = call.request.headers.get('accept-encoding');
  if (!accepted) return response;
  const { pack } = await import('./packing.ts');
  return call.timed('pack', () => pack(response, accepted));
}

/** Paths are matched as they come, so that the usual one need not go through the URL parser. */
function splitUrl(url: string): { path: string; query: string } {
  if (url.length <= 8192 && url.startsWith('/')) {
    const cut = url.indexOf('?');
    return cut < 0 ? { path: url, query: '' } : { path: url.slice(0, cut), query: url.slice(cut + 1) };
  }
  if (url.length > 8192 || !URL.canParse(url)) throw new RequestError(400, 'bad-url', 'The path is not a usable URL.');
  const { pathname, search } = new URL(url);
  return { path: pathname, query: search };
}

function refuse(error: unknown, call: Call): AppResponse {
  const known = error instanceof RequestError ? error : undefined;
  const status = known?.status ?? 500;
  const code = known?.code ?? 'unexpected';
  call.code = code;
  // An unforeseen error goes only to the log, and only with its kind and place: messages may hold values.
  call.detail = known ? known.fields.detail : { failure: placeOf(error) };
  const message = known?.message ?? 'The function failed; its log has the details under this request id.';
  const { retryAfter, allow } = known?.fields ?? {};
  const headers = { ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }), ...(allow && { allow }) };
  const described = { code, message, request_id: call.requestId };
  // The Open Inference Protocol, and the one before it, want the error to be a text.
  return call.isOpenInference
    ? json(status, { error: message, ...described }, headers)
    : json(status, { error: described }, headers);
}

function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return [error.name, ...frames.slice(0, 4).map((line) => line.trim())].join(' ');
}

/** Headers of every response. Assigned one by one: this is the hot path of small models. */
function finish({ headers }: AppResponse, call: Call, instance: Instance, settings: Settings): void {
  const { model, request, phases } = call;
  if (request.method !== 'OPTIONS' && settings.cors.length > 0)
    Object.assign(headers, corsHeaders(request, settings.cors));
  let timing = '';
  for (const name in phases) timing += `${name};dur=${roundMs(phases[name] as number)}, `;
  headers['x-request-id'] = call.requestId;
  headers['x-coldgate-instance'] = instance.id;
  if (model) {
    headers['x-coldgate-version'] = model.version;
    headers['x-coldgate-sha256'] = model.sha256;
  }
  headers['server-timing'] = `${timing}total;dur=${roundMs(call.elapsedMs)}`;
  headers['cache-control'] = 'no-store';
  headers['x-content-type-options'] = 'nosniff';
  if (call.traceparent) headers['traceparent'] = call.traceparent;
  if (call.amazonTrace) headers['x-amzn-trace-id'] = call.amazonTrace;
}
