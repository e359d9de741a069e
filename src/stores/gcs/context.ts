import type { Storage } from '@google-cloud/storage';
import type { BucketLocation } from './location.ts';

/** Limits that tests lower, and addresses that they set to their own servers. */
export interface GcsLimits {
  /** Longest silence of the server before a request is given up, ms. */
  stallMs: number;
  /** Longest wait for credentials, ms. */
  credentialsMs: number;
  /** Bytes of one piece of a large upload: a multiple of 256 KiB, which is what the service takes. */
  pieceBytes: number;
  /** Bytes of the ranges of a download. */
  rangeBytes: number;
  /** Ranges read ahead at the same time, of the whole store. */
  parallel: number;
  /** Objects that one request lists; the service gives 1000 at most. */
  pageObjects: number;
  /** Requests at most for one thing. */
  attempts: number;
  /** Least wait after "too many changes", ms: an object takes about one a second (docs/facts.md P6). */
  rateMs: number;
  /** Whether to log in at an endpoint that is not Google's. */
  logInAnyway: boolean;
  /** Where URLs are signed for accounts without a key, when not at Google's. */
  signingEndpoint: string | undefined;
}

export const defaultLimits: GcsLimits = {
  stallMs: 20_000,
  credentialsMs: 30_000,
  pieceBytes: 16 * 1024 * 1024,
  rangeBytes: 8 * 1024 * 1024,
  parallel: 4,
  pageObjects: 1000,
  attempts: 4,
  rateMs: 1000,
  logInAnyway: false,
  signingEndpoint: undefined,
};

/** What all operations of one store share. */
export interface GcsContext {
  readonly place: BucketLocation;
  /** Base URL of the API, without a slash at its end. */
  readonly endpoint: string;
  readonly limits: GcsLimits;
  /** CMEK key that new objects are encrypted with; the bucket's default when absent. */
  readonly kmsKey: string | undefined;
  /** Google's SDK: credentials and signatures come from it. */
  readonly storage: Storage;
  /** Headers with credentials; none for emulators. */
  authorize(): Promise<Record<string, string>>;
  /** Ranges that may still be read ahead. */
  readonly ahead: { free: number };
}
