import type { LoadError } from '../model/load-error.ts';
import type { Answer } from './answer.ts';

/** Which version of an object, and which bytes of it. */
export interface ReadConditions {
  /** Answer 304 if this is the version. */
  unless?: string | undefined;
  /** Answer 412 if this is not the version. */
  only?: string | undefined;
  /** First byte, and the one after the last. */
  range?: readonly [from: number, to: number] | undefined;
  /** Ends the request and its answer. */
  signal?: AbortSignal | undefined;
}

/** What a service adds to the one way of reading objects over HTTP. */
export interface ObjectService {
  /** Prefix of tokens. */
  readonly scheme: string;
  /** For messages, without credentials. */
  readonly url: string;
  /** One attempt to read, signed now. Throws TransportError, or LoadError where credentials are missing. */
  ask(key: string, conditions: ReadConditions): Promise<Answer>;
  /** The object's version; undefined where the service does not report it: the object is then read in one request. */
  version(answer: Answer): string | undefined;
  /** Whether ranges of the object can be requested. Default: true. */
  divisible?(answer: Answer): boolean;
  /** Whether the bytes arrive as they are stored. Default: true. */
  untouched?(answer: Answer): boolean;
  /** The error for a refusal, where this service reports more than a status. */
  explain(key: string, answer: Answer): Promise<LoadError | undefined>;
}

/** Read conditions as HTTP headers; a range names its last byte there, not the one after it. */
export function conditionHeaders({ unless, only, range }: ReadConditions): Record<string, string> {
  return {
    ...(unless && { 'if-none-match': unless }),
    ...(only && { 'if-match': only }),
    ...(range && { range: `bytes=${range[0]}-${range[1] - 1}` }),
  };
}

/** Joins prefixes and a key, any of which may be empty. */
export const keyIn = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('/');
