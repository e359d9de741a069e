import { isFilePath } from '../../model/names.ts';
import { LoadError } from '../model/load-error.ts';
import type { Answer } from './answer.ts';
import { isPrivateAddress } from './hosts.ts';
import type { Limits } from './limits.ts';
import { conditionHeaders, type ObjectService, type ReadConditions } from './object-service.ts';
import type { Reader } from './reader.ts';
import { openRemoteReader } from './remote.ts';
import { send } from './transport.ts';

const maxRedirects = 3;

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * What stores say of a signature whose time is over. S3 answers 400 where the session that signed has ended and 403 where the
 * URL has, Google 400, Azure 403 (docs/facts.md).
 */
const expired =
  /<Code>ExpiredToken<|Request has expired|Request signature expired|not valid in the specified (?:key )?time frame/;

/**
 * Reads the object of a URL, under the key `name`, and files beside it, under paths relative to its folder. The URL may
 * be signed: its query is in no message, and only the headers for ranges are sent. `isPrivate` recognises addresses that
 * a redirect from outside must not lead to.
 */
export function openHttpsReader(url: string, name: string, limits?: Limits, isPrivate = isPrivateAddress): Reader {
  return openRemoteReader(new SignedUrl(new URL(url), name, limits, isPrivate), limits);
}

class SignedUrl implements ObjectService {
  readonly scheme = 'https';
  readonly url: string;
  readonly #target: URL;
  readonly #name: string;
  readonly #stallMs: number | undefined;
  readonly #isPrivate: (address: string) => boolean;

  constructor(target: URL, name: string, limits: Limits | undefined, isPrivate: (address: string) => boolean) {
    this.url = `${target.origin}${target.pathname}`;
    this.#target = target;
    this.#name = name;
    this.#stallMs = limits?.stallMs;
    this.#isPrivate = isPrivate;
  }

  async ask(key: string, conditions: ReadConditions): Promise<Answer> {
    const request = {
      method: 'GET',
      headers: conditionHeaders(conditions),
      signal: conditions.signal,
      stallMs: this.#stallMs,
    } as const;
    let origin = this.#urlOf(key);
    let fromOutside = false;
    for (let hops = 0; ; hops++) {
      const refuses = fromOutside ? this.#isPrivate : undefined;
      const answer = await send({ ...request, origin, path: origin.pathname + origin.search, refuses });
      if (!redirects.has(answer.status)) return answer;
      fromOutside ||= !this.#isPrivate(answer.address);
      const location = answer.header('location');
      answer.drop();
      if (hops === maxRedirects) throw this.#lost(`redirects more than ${maxRedirects} times`);
      origin = this.#follow(origin, location);
    }
  }

  /** A file that the model names is read beside it, with the same query: some signatures are good for a folder. */
  #urlOf(key: string): URL {
    if (key === this.#name) return this.#target;
    if (!isFilePath(key)) throw new LoadError('model-not-found', `${this.url} has no ${key} beside it.`);
    const url = new URL(this.#target);
    url.pathname = url.pathname.replace(/[^/]*$/, key);
    return url;
  }

  #follow(from: URL, location: string | undefined): URL {
    if (location === undefined || !URL.canParse(location, from.href)) throw this.#lost('redirects to no URL');
    const to = new URL(location, from);
    if (to.protocol !== 'https:') throw this.#lost('redirects to what is not https');
    if (to.username || to.password) throw this.#lost('redirects to a URL with credentials');
    return to;
  }

  #lost(what: string): LoadError {
    return new LoadError('store-unavailable', `${this.url} ${what}, which is not followed.`);
  }

  /** A weak tag does not promise equal bytes. */
  version(answer: Answer): string | undefined {
    const tag = answer.header('etag');
    return tag?.startsWith('"') ? tag : undefined;
  }

  divisible(answer: Answer): boolean {
    return answer.header('accept-ranges') === 'bytes';
  }

  async explain(_key: string, answer: Answer): Promise<LoadError | undefined> {
    const { status } = answer;
    const isExpired = (status === 400 || status === 403) && expired.test(await answer.text());
    if (status !== 401 && status !== 403 && !isExpired) return undefined;
    const why = isExpired ? 'has expired' : 'is wrong or has expired';
    const message = `${this.url} answered ${status}: the signature in MODEL_URI ${why}. A function cannot renew it: set MODEL_URI to a new link, or give the function a role for its store.`;
    return new LoadError('store-denied', message);
  }
}
