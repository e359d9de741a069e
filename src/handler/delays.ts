/*
 * How long an instance waits before it asks its store again. Thousands of instances share a store, and what happens to
 * one of them, such as a flip, an outage or its end, happens to all at once: every wait is random, so that they do not
 * come together. Times in ms; `random` gives 0 to 1. docs/scale.md simulates fleets with these functions.
 */

/** Between two looks at the pointer: the interval, a fifth more or less. */
export const lookDelay = (refreshSeconds: number, random: () => number): number =>
  refreshSeconds * 1000 * (0.8 + 0.4 * random());

/** No look for this long is more than `lookDelay` allows. */
export const longestLookDelay = (refreshSeconds: number): number => refreshSeconds * 1200;

/** From the look that finds another version to fetching it: anywhere in the time over which a fleet follows. */
export const followDelay = (followOverSeconds: number, random: () => number): number =>
  followOverSeconds * 1000 * random();

/**
 * Before the same request is sent again, after `tries` repetitions of it: full jitter, up to `waitMs` first and twice as
 * long each time (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). No sooner than asked for.
 */
export const retryDelay = (tries: number, waitMs: number, wantedMs: number, random: () => number): number =>
  Math.max(wantedMs > 0 ? afterAsked(wantedMs, random) : 0, random() * waitMs * 2 ** tries);

const longestLoadDelay = 30_000;

/**
 * Before a model that would not load is loaded again, after `failures` in a row: full jitter, up to 1 s first, twice as
 * long each time, half a minute at most. No sooner than the store has asked for.
 */
export const loadDelay = (failures: number, wantedMs: number, random: () => number): number =>
  Math.max(wantedMs > 0 ? afterAsked(wantedMs, random) : 0, random() * Math.min(longestLoadDelay, 500 * 2 ** failures));

/** What `Retry-After` asks for and up to half as much again: the store has asked all who were refused for the same. */
export const afterAsked = (wantedMs: number, random: () => number): number => wantedMs * (1 + random() / 2);
