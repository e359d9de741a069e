import { sinceStart } from '../clock.ts';
import type { ServedModel } from '../model/served-model.ts';
import type { Tensors } from '../session/session.ts';
import { uniqueId } from '../unique-id.ts';
import type { AppRequest } from './app-request.ts';

/** An input as the log shows it: never its values. */
export interface InputShape {
  name: string;
  dtype: string;
  shape: readonly number[];
}

/** What is learnt while one request is answered, for its headers and its log line. */
export class Call {
  readonly request: AppRequest;
  readonly requestId: string;
  readonly traceparent: string | undefined;
  readonly amazonTrace: string | undefined;
  readonly started: number = sinceStart();
  /** The route's pattern, not the path that was asked for. */
  route = 'unknown';
  /** Asked below /v2, whether or not there is such a path, or by `:predict`: its errors have the form of those protocols. */
  isOpenInference = false;
  model: ServedModel | undefined;
  cold = false;
  inputs: InputShape[] = [];
  items: number | undefined;
  code: string | undefined;
  detail: Record<string, unknown> | undefined;
  /** Bytes of the body, unpacked. */
  received = 0;
  /** Phases for Server-Timing, ms. */
  readonly phases: Record<string, number> = {};

  constructor(request: AppRequest) {
    this.request = request;
    const own = request.headers.get('x-request-id') ?? request.requestId ?? '';
    this.requestId = /^[\w.:=/+-]{1,128}$/.test(own) ? own : uniqueId();
    this.traceparent = matching(request, 'traceparent', /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
    this.amazonTrace = matching(request, 'x-amzn-trace-id', /^[\w=;:. -]{1,512}$/);
  }

  /** The body as bytes, unpacked, of at most `limit`. Rejects as the request's own `read`, and as `unpackerOf`. */
  async read(limit: number): Promise<Uint8Array> {
    const encoding = this.request.headers.get('content-encoding')?.trim().toLowerCase() || 'identity';
    const unpack = encoding === 'identity' ? undefined : (await import('./packing.ts')).unpackerOf(encoding);
    const sent = await this.request.read(limit);
    const bytes = unpack ? await this.timed('unpack', () => unpack(sent, limit)) : sent;
    this.received = bytes.byteLength;
    return bytes;
  }

  saw(feeds: Tensors): void {
    for (const [name, { dtype, shape }] of feeds) this.inputs.push({ name, dtype, shape });
  }

  async timed<T>(phase: string, work: () => Promise<T>): Promise<T> {
    const started = sinceStart();
    try {
      return await work();
    } finally {
      this.took(phase, sinceStart() - started);
    }
  }

  /** Adds to a phase, ms. */
  took(phase: string, ms: number): void {
    this.phases[phase] = (this.phases[phase] ?? 0) + ms;
  }

  get elapsedMs(): number {
    return sinceStart() - this.started;
  }
}

/** Tracing headers go back and into the log, so only what has their form is taken. */
function matching(request: AppRequest, name: string, form: RegExp): string | undefined {
  const value = request.headers.get(name);
  return value !== null && form.test(value) ? value : undefined;
}
