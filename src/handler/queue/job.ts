import { isAscii } from 'node:buffer';

/** The body of a job that is in the store, since it is larger than a message may be. */
export interface Stored {
  /** Bytes. */
  size: number;
  /** Hex. */
  sha256: string;
}

/** One accepted request, as its message carries it to the function that does the work. */
export interface Job {
  id: string;
  /** Name of the model that is asked. */
  model: string;
  /** When it was accepted, ms since 1970. */
  at: number;
  /** Content type of the body. */
  type: string;
  /** Query of the request, without `?`. */
  query: string;
  /** Its header X-Tensor-Shape, for a body of bytes. */
  shape?: string | undefined;
  /** Of the request that was accepted. */
  requestId: string;
  traceparent?: string | undefined;
  body: Uint8Array | Stored;
}

const version = 1;
const lineFeed = 10;
/** More than any head that is written here has, bytes. */
const longestHead = 16_384;

/** One line of JSON, a line feed, and the body as it came. */
export function encodeJob({ body, requestId, ...job }: Job): Uint8Array {
  const isInline = body instanceof Uint8Array;
  const head = { v: version, ...job, request_id: requestId, ...(!isInline && { stored: body }) };
  const line = Buffer.from(`${JSON.stringify(head)}\n`);
  return isInline ? Buffer.concat([line, body]) : line;
}

/** The job of a message; undefined where it is none of ours, or of a version that this code does not know. */
export function decodeJob(message: Uint8Array): Job | undefined {
  const end = message.indexOf(lineFeed);
  if (end < 0 || end > longestHead) return undefined;
  const head = readHead(message.subarray(0, end));
  if (!head || head['v'] !== version) return undefined;
  const { id, model, at, type, query, shape, request_id: requestId, traceparent, stored } = head;
  const texts = [id, model, type, query, requestId].every((one) => typeof one === 'string');
  const others = [shape, traceparent].every((one) => one === undefined || typeof one === 'string');
  if (!texts || !others || typeof at !== 'number' || timeOfId(id as string) === undefined) return undefined;
  if (stored !== undefined && !isStored(stored)) return undefined;
  const body = stored ?? message.subarray(end + 1);
  return { id, model, at, type, query, shape, requestId, traceparent, body } as Job;
}

function readHead(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString(isAscii(bytes) ? 'latin1' : 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isStored(value: unknown): value is Stored {
  const { size, sha256 } = Object(value) as Record<string, unknown>;
  return Number.isSafeInteger(size) && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
}

/** Crockford's, which sorts as the numbers do and has no letters that look alike. */
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const timeDigits = 10;
const randomDigits = 16;

/** An id in the form of a ULID: 48 bits of milliseconds, then 80 random bits. @param random ten bytes nobody can guess */
export function makeId(at: number, random: Uint8Array): string {
  let time = '';
  for (let left = at, digit = 0; digit < timeDigits; digit++, left = Math.floor(left / 32)) {
    time = digits[left % 32] + time;
  }
  let rest = '';
  let bits = 0;
  let held = 0;
  for (const byte of random) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) rest += digits[(held >>> (bits - 5)) & 31];
    held &= 31;
  }
  return time + rest.slice(0, randomDigits);
}

/** When an id was made, ms since 1970; undefined for what is no id. */
export function timeOfId(id: string): number | undefined {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id)) return undefined;
  return [...id.slice(0, timeDigits)].reduce((time, digit) => time * 32 + digits.indexOf(digit), 0);
}
