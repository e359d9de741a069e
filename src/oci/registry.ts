import { ColdgateError, exitCodes } from '../errors.ts';
import { pause } from '../pause.ts';
import { addressFrom } from './addresses.ts';
import { authorize, type RegistryLogin } from './authorization.ts';
import { type ImageName, registryUrl } from './image-name.ts';
import { type RegistryHints, refusalOf } from './registry-error.ts';

export interface RegistryOptions {
  name: ImageName;
  /** What is done there: to push is to pull too. */
  access: 'pull' | 'push';
  /** Asked for once a registry wants to know who asks; nothing for what everybody may do. */
  login?: (() => Promise<RegistryLogin>) | undefined;
  hints: RegistryHints;
  signal: AbortSignal;
}

export interface RegistryCall {
  method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT';
  /** Below `/v2/<repository>/`, or a whole address that the registry gave. */
  path: string | URL;
  headers?: Record<string, string>;
  bytes?: Uint8Array | undefined;
}

/** Worth another attempt; what crane takes for that. */
const passing: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const attempts = 4;
const pauseMs = 1000;
/** One request, ms: a layer of 250 MB at 1 MB/s. */
const timeoutMs = 300_000;
const maxRedirects = 5;

/** One repository of a registry, by the OCI distribution protocol. */
export class Registry {
  readonly #options: RegistryOptions;
  #authorization: string | undefined;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get name(): ImageName {
    return this.#options.name;
  }

  /** Sends it, with the registry's own kind of login, again where it fails by chance. Throws ColdgateError without answer. */
  async send(call: RegistryCall): Promise<Response> {
    const { signal } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const result = await this.#attempt(call).catch((error: Error) => error);
      signal.throwIfAborted();
      // Of the login, which has its own words.
      if (result instanceof ColdgateError) throw result;
      const again = result instanceof Response ? passing.has(result.status) : !(result instanceof RangeError);
      if (!again || attempt === attempts) {
        if (result instanceof Response) return result;
        throw this.#unreached(result);
      }
      if (result instanceof Response) await result.body?.cancel();
      await pause(pauseMs * attempt, signal);
    }
  }

  /** ColdgateError for an answer that is not what was asked for. */
  refusal(answer: Response, what: string): Promise<ColdgateError> {
    return refusalOf(answer, what, this.name, this.#options.hints);
  }

  async #attempt(call: RegistryCall): Promise<Response> {
    const url = this.#urlOf(call.path);
    const answer = await this.#once(url, call);
    const challenge = answer.headers.get('www-authenticate');
    if (answer.status !== 401 || challenge === null) return answer;
    await answer.body?.cancel();
    const { access, login } = this.#options;
    const scope = `repository:${this.name.repository}:${access === 'push' ? 'pull,push' : 'pull'}`;
    const send = (to: URL, headers: Record<string, string>) => this.#fetch(to, { headers });
    this.#authorization = await authorize({ challenge, requested: url, scope, login: await login?.(), send });
    return this.#once(url, call);
  }

  #urlOf(path: string | URL): URL {
    const { registry, repository } = this.name;
    return path instanceof URL ? path : new URL(`${registryUrl(registry)}/v2/${repository}/${path}`);
  }

  /** Follows redirects of reads by hand: a login stays with the registry, and nothing is asked of a private network. */
  async #once(first: URL, { method, headers, bytes }: RegistryCall): Promise<Response> {
    const own = new URL(registryUrl(this.name.registry)).host;
    for (let url = first, turn = 0; ; turn++) {
      const authorization = url.host === own ? this.#authorization : undefined;
      const sent = { ...headers, ...(authorization && { authorization }) };
      const answer = await this.#fetch(url, { method, headers: sent, ...(bytes && { body: new Uint8Array(bytes) }) });
      const location = answer.headers.get('location');
      const moved = answer.status >= 300 && answer.status < 400 && location !== null;
      if (!moved || method === 'POST' || method === 'PATCH' || method === 'PUT' || turn === maxRedirects) return answer;
      await answer.body?.cancel();
      url = addressFrom(location, url);
    }
  }

  #fetch(url: URL, request: RequestInit): Promise<Response> {
    const signal = AbortSignal.any([this.#options.signal, AbortSignal.timeout(timeoutMs)]);
    return fetch(url, { ...request, signal, redirect: 'manual' });
  }

  #unreached(error: Error): ColdgateError {
    const { cause } = error as { cause?: Error };
    const why = (cause?.message ?? error.message).split('\n')[0];
    return new ColdgateError(
      'registry-failed',
      exitCodes.denied,
      `${this.name.registry} cannot be requested: ${why}.`,
      {
        cause: error,
        hint: 'Check the name of the registry and the network, and run this again.',
      },
    );
  }
}
