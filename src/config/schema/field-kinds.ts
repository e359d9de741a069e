import { z } from 'zod';

/**
 * Kinds of fields. Each carries the words that follow "expected" in a message, so that every wrong value of a field
 * gives the same sentence.
 */
export const text = (expected: string, pattern: RegExp) =>
  z.string({ error: expected }).regex(pattern, { error: expected });

export function whole(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function decimal(min: number, max: number) {
  const error = `a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

export const flag = () => z.boolean({ error: 'true or false' });

const percentage = 'a percentage such as 5% or a fraction such as 0.05';

/** A share: `5%` or `0.05`. A bare number above 1 is refused, since `5` would mean 500 %. */
export const share = () =>
  z.union(
    [
      text(percentage, /^(?:\d{1,3}|1000)(?:\.\d{1,4})?%$/),
      z.number({ error: percentage }).min(0, { error: percentage }).max(1, { error: percentage }),
    ],
    { error: percentage },
  );

/** The fraction that a share means. */
export const fractionOf = (value: string | number): number =>
  typeof value === 'number' ? value : Number((Number(value.slice(0, -1)) / 100).toPrecision(12));

const time = 'a time such as 90s or 2m, or a number of seconds';

/** A duration of at most a day: `90s`, `2m`, `1h`, or seconds as a bare number. */
export const duration = () =>
  z.union(
    [text(time, /^\d{1,5}[smh]?$/), z.number({ error: time }).min(0, { error: time }).max(86_400, { error: time })],
    { error: time },
  );

/** The seconds that a duration means. */
export function secondsOf(value: string | number): number {
  if (typeof value === 'number') return value;
  const unit = { s: 1, m: 60, h: 3600 }[value.at(-1) ?? ''] ?? 1;
  return Number.parseInt(value, 10) * unit;
}

/** Text without control characters; for what only a cloud can check. */
export const words = (expected: string, most = 256) => text(expected, new RegExp(`^[^\\p{Cc}]{1,${most}}$`, 'u'));

/** A map from names to free text, such as tags; `name` is what a name may be. */
export const textMap = (name: string, pattern: RegExp) =>
  z.record(text(name, pattern), words('text of 1 to 4096 characters on one line', 4096), {
    error: 'a mapping of names to text',
  });

/** A list of `min` to `max` items; `what` names them: `origins`. */
export function listOf<Item extends z.ZodType>(item: Item, what: string, min: number, max: number) {
  const error = `a list of ${min === 0 ? 'at most' : `${min} to`} ${max} ${what}`;
  return z.array(item, { error }).min(min, { error }).max(max, { error });
}

/** Variables that a function gets besides ours, which must stay ours. */
export const variableMap = () =>
  textMap(
    'a variable name of letters, digits and _ that does not begin with MODEL_ or COLDGATE_',
    /^(?!MODEL_|COLDGATE_|ORT_DISABLE_TELEMETRY$)[A-Za-z_][A-Za-z0-9_]{0,127}$/,
  );

/** HTTPS, but for loopback, and perhaps a query, which may be a signature. */
export const readUrl = () =>
  text(
    'an https:// URL, or http:// of this machine',
    /^(?:https:\/\/[^\s\p{Cc}/?#@]+|http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?)(?:\/[^\s\p{Cc}?#]*)?(?:\?[^\s\p{Cc}#]*)?$/u,
  );

/** HTTPS, but for loopback. */
export const secureUrl = () =>
  text(
    'an https:// URL, or http:// of this machine',
    /^(?:https:\/\/[^\s\p{Cc}/?#]+|http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?)(?:\/[^\s\p{Cc}?#]*)?$/u,
  );

/** Whether a value is written as `share()` takes it. */
export const isShare = (value: unknown): value is string | number => share().safeParse(value).success;
