/** How patient reading is, and how it is cut up. */
export interface Limits {
  /** Longest silence before a request is given up, ms. */
  stallMs: number;
  /** Attempts after the first end here, counted from the first, ms. */
  deadlineMs: number;
  /** Attempts after the first, and how often a body that breaks off is taken up again. */
  retries: number;
  /** Longest wait before the second attempt, doubling with each, ms. */
  waitMs: number;
  /** Objects from this size on come in parts, bytes. */
  largeBytes: number;
  /** Bytes of a part. */
  partBytes: number;
  /** Parts on their way at a time: with their bytes, the memory that a large object takes. */
  parts: number;
}

const mebibyte = 1024 * 1024;

/**
 * A connection to a store gives some 50 to 100 MB/s even if the function could receive more, so large files are read in
 * parts; below 32 MiB they gain nothing. Gateways limit a request to half a minute.
 */
export const defaultLimits: Limits = {
  stallMs: 10_000,
  deadlineMs: 30_000,
  retries: 3,
  waitMs: 200,
  largeBytes: 32 * mebibyte,
  partBytes: 8 * mebibyte,
  parts: 4,
};
