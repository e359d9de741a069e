import { LoadError } from '../model/load-error.ts';
import type { Answer } from './answer.ts';
import type { Limits } from './limits.ts';
import type { ObjectService } from './object-service.ts';
import { persist } from './persist.ts';
import { refusal, unanswered } from './refusal.ts';
import { ReplacedError } from './replaced.ts';
import { TransportError } from './transport-error.ts';

/** One version of an object, of which any range can be asked for. */
export class RangedObject {
  readonly size: number;
  readonly limits: Limits;
  readonly #service: ObjectService;
  readonly #key: string;
  /** Without it no range can be trusted to be of the same object. */
  readonly #version: string | undefined;
  readonly #signal: AbortSignal;

  constructor(
    service: ObjectService,
    key: string,
    facts: { version: string | undefined; size: number; limits: Limits; signal: AbortSignal },
  ) {
    this.#service = service;
    this.#key = key;
    this.#version = facts.version;
    this.#signal = facts.signal;
    this.size = facts.size;
    this.limits = facts.limits;
  }

  /**
   * Bytes from `from` up to `to`, resumed where they break off. `first` is a response that has begun at `from` and may
   * continue beyond `to`. Throws LoadError `store-unavailable` or ReplacedError.
   */
  async *bytes(from: number, to: number, first?: Answer): AsyncGenerator<Buffer> {
    let at = from;
    let answer = first;
    for (let broken = 0; ; broken++) {
      answer ??= await this.#open(at, to);
      // An answer that ends by itself is heard to its end, so that its connection is kept.
      const goesOn = answer === first && to < this.size;
      let reason = 'the answer ended early';
      try {
        for await (const chunk of answer.body()) {
          const wanted = chunk.subarray(0, to - at);
          at += wanted.byteLength;
          yield wanted;
          if (goesOn && at === to) return;
        }
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        reason = error.message;
      }
      if (at === to) return;
      if (broken === this.limits.retries || this.#version === undefined || this.#signal.aborted) {
        throw this.#brokeOff(at, reason);
      }
      answer = undefined;
    }
  }

  async #open(from: number, to: number): Promise<Answer> {
    const [service, key, only, signal] = [this.#service, this.#key, this.#version, this.#signal];
    const ask = (): Promise<Answer> => service.ask(key, { only, range: [from, to], signal });
    const answer = await persist(ask, this.limits, signal).catch((error: unknown) => {
      throw unanswered(service, key, error);
    });
    if (answer.status === 412) {
      answer.drop();
      throw new ReplacedError(key, service.url);
    }
    if (answer.status !== 200 && answer.status !== 206) throw await refusal(service, key, answer);
    const range = `bytes ${from}-${to - 1}/${this.size}`;
    // A service that does not know the condition answers with the bytes of whatever is there now.
    const same = service.version(answer) === only;
    if (same && answer.header('content-range') === range) return answer;
    answer.drop();
    if (!same) throw new ReplacedError(key, service.url);
    const got = answer.header('content-range')?.slice(0, 80);
    throw new LoadError(
      'store-unavailable',
      `Asked for ${range} of ${key}, ${service.url} sent ${got ?? 'all of it'}.`,
    );
  }

  #brokeOff(at: number, reason: string): LoadError {
    const message = `Reading ${this.#key} from ${this.#service.url} broke off at ${at} of ${this.size} bytes: ${reason}.`;
    return new LoadError('store-unavailable', message);
  }
}
