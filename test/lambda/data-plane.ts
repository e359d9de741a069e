import type { IncomingHttpHeaders } from 'node:http';
import { fromLambdaReply, lambdaEvent } from '../fakes/handler/lambda-event.ts';
import { StreamedReply } from '../fakes/handler/runtime-api.ts';
import type { Environment, Invoked, StartEnvironment } from './environment.ts';
import { conflict, notFound, ServiceError, throttled } from './service-error.ts';
import { type Account, type Fields, type FunctionVersion, functionArn, type Statement } from './state.ts';

export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

const forbidden: Reply = {
  status: 403,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'AccessDeniedException' },
  body: Buffer.from(
    '{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see the documentation"}',
  ),
};

/** Runs functions: environments by version, aliases with their weights, function URLs with their permissions. */
export class DataPlane {
  readonly #account: Account;
  readonly #begin: StartEnvironment;
  readonly #scratch: string;
  readonly #idle = new Map<FunctionVersion, Environment[]>();
  readonly #all = new Set<Environment>();

  constructor(account: Account, begin: StartEnvironment, scratch: string) {
    this.#account = account;
    this.#begin = begin;
    this.#scratch = scratch;
  }

  readonly #busy = new Map<string, number>();

  /** How many environments were started; each is a cold start. */
  started = 0;

  /** Invokes what a qualifier names now; returns the version that ran, too. */
  async invoke(name: string, qualifier: string | undefined, event: unknown): Promise<Invoked & { version: string }> {
    const version = this.#choose(name, qualifier);
    if (version.pending > 0) throw conflict('The function is currently in the following state: Pending');
    const idle = this.#idle.get(version) ?? [];
    this.#idle.set(version, idle);
    this.#checkConcurrency(name);
    this.#busy.set(name, (this.#busy.get(name) ?? 0) + 1);
    try {
      const one = idle.pop() ?? (await this.#start(version));
      const invoked = await one.invoke(event);
      if (one.ended || invoked.error) await this.#stop(one);
      else idle.push(one);
      return { ...invoked, version: String(version.configuration['Version']) };
    } finally {
      this.#busy.set(name, (this.#busy.get(name) ?? 1) - 1);
    }
  }

  /** A function with reserved concurrency runs no more events at once than that. */
  #checkConcurrency(name: string): void {
    const { reserved } = this.#account.find(name);
    if (reserved !== undefined && (this.#busy.get(name) ?? 0) >= reserved) throw throttled();
  }

  #choose(name: string, qualifier: string | undefined): FunctionVersion {
    const weights = this.#account.find(name).aliases.get(qualifier ?? '')?.configuration.RoutingConfig;
    const [other] = Object.entries(weights?.AdditionalVersionWeights ?? {});
    if (other && Math.random() < other[1]) return this.#account.version(name, other[0]);
    return this.#account.version(name, qualifier);
  }

  async #start(version: FunctionVersion): Promise<Environment> {
    this.started++;
    const one = await this.#begin(version, this.#scratch);
    this.#all.add(one);
    return one;
  }

  async #stop(one: Environment): Promise<void> {
    this.#all.delete(one);
    await one.stop();
  }

  /** Ends all environments, as the service does when it likes; the next call is cold. */
  async stopAll(): Promise<void> {
    this.#idle.clear();
    await Promise.all([...this.#all].map((one) => this.#stop(one)));
  }

  /** A request to a function URL; `path` is what follows the URL. */
  async fetch(
    place: { name: string; alias: string },
    request: { method: string; path: string; headers: IncomingHttpHeaders; body: Buffer },
  ): Promise<Reply> {
    const found = this.#account.functions.get(place.name);
    const url = found?.urls.get(place.alias);
    if (!found || !url || (place.alias !== '' && !found.aliases.has(place.alias))) return forbidden;
    const may = url['AuthType'] === 'NONE' ? isOpen(found.policies.get(place.alias)) : isSigned(request.headers);
    if (!may) return forbidden;
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const body = request.body.byteLength === 0 ? undefined : request.body.toString('utf8');
    const event = lambdaEvent(request.method, request.path, headers, body);
    try {
      const { payload, error } = await this.invoke(place.name, place.alias || undefined, event);
      if (error) return { status: 502, headers: {}, body: Buffer.from('Internal Server Error') };
      return replyOf(url['InvokeMode'], payload);
    } catch (thrown) {
      if (!(thrown instanceof ServiceError)) throw thrown;
      if (thrown.status === 429)
        return { status: 429, headers: {}, body: Buffer.from('{"Reason":null,"Message":"Rate Exceeded"}') };
      return { status: 503, headers: {}, body: Buffer.from(thrown.message) };
    }
  }

  /** The answer of the Invoke operation. */
  async answer(input: Fields): Promise<Reply> {
    const name = String(input['FunctionName']);
    const qualifier = input['Qualifier'] as string | undefined;
    if (qualifier !== undefined && input['InvocationType'] === 'DryRun') throw notFound(functionArn(name, qualifier));
    const event = JSON.parse((input['Payload'] as Buffer).toString('utf8') || '{}') as unknown;
    const { payload, error, log, version } = await this.invoke(name, qualifier, event);
    const headers: Record<string, string> = { 'x-amz-executed-version': version, 'content-type': 'application/json' };
    if (error) headers['x-amz-function-error'] = error;
    if (input['LogType'] === 'Tail') headers['x-amz-log-result'] = Buffer.from(log).toString('base64');
    return { status: 200, headers, body: Buffer.from(JSON.stringify(payload ?? null)) };
  }
}

/** A URL and the function behind it have to agree on whether answers are streamed: callers get what was meant for AWS else. */
function replyOf(mode: unknown, payload: unknown): Reply {
  if (mode !== 'RESPONSE_STREAM' && !(payload instanceof StreamedReply)) return fromLambdaReply(payload) as Reply;
  if (mode === 'RESPONSE_STREAM' && payload instanceof StreamedReply) return payload;
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(payload)) };
}

/** Both permissions, as since October 2025: the URL's and the function's. */
function isOpen(statements: readonly Statement[] = []): boolean {
  const has = (action: string, key: string): boolean =>
    statements.some(({ Action, Principal, Condition }) => {
      return Action === action && Principal === '*' && JSON.stringify(Condition).includes(key);
    });
  return (
    has('lambda:InvokeFunctionUrl', '"lambda:FunctionUrlAuthType":"NONE"') &&
    statements.some(({ Action, Principal }) => Action === 'lambda:InvokeFunction' && Principal === '*')
  );
}

/** Signed for this service and a region; whether the signature is right is for the real service to say. */
function isSigned(headers: IncomingHttpHeaders): boolean {
  const [, scope] = /^AWS4-HMAC-SHA256 Credential=\w+\/\d{8}\/([^,]+),/.exec(headers.authorization ?? '') ?? [];
  return scope === 'eu-west-1/lambda/aws4_request' && headers['x-amz-date'] !== undefined;
}
