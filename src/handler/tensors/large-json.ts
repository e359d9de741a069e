import { isUtf8 } from 'node:buffer';
import { getHeapStatistics } from 'node:v8';
import { RequestError } from '../http/request-error.ts';
import { afterSpace, bytesPerTurn, deepest, isDigit, NotPlain, NumberLists, signs } from './number-lists.ts';
import { parseJsonObject } from './read-json.ts';
import { badInput, isRecord } from './tensors-in.ts';
import { inTurns } from './turns.ts';

const { openBrace, closeBrace, openBracket, closeBracket, colon, comma, quote, minus } = signs;
/** Shorter lists become arrays: what reads shapes and names expects those. */
const shortList = 1024;
/** More than this is not spent on finding other words for a refusal, bytes. */
const muchHeap = 64 * 1024 * 1024;
/** Of V8's limit; what takes more would end the process. */
const heapShare = 0.4;
/** What V8 takes for a list or an object, and for an element; rounded up, bytes. */
const [perList, perElement] = [96, 16];

/**
 * Reads a large JSON object. As `parseJsonObject`, but a NumberList stands for long lists of numbers: JSON.parse would
 * make some 30 bytes of objects of each byte in short rows, more than V8 has for a body of 64 MB, and would block all
 * requests meanwhile. Throws RequestError 400 `bad-json`, 413 where other values would take too much memory.
 */
export async function parseLargeObject(bytes: Uint8Array): Promise<Record<string, unknown>> {
  if (!isUtf8(bytes)) return parseJsonObject(bytes);
  const counts = await inTurns(countStructure(bytes));
  let value: unknown;
  try {
    value = await inTurns(new LargeJson(bytes, counts.commas + 1).read());
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
    const heap = counts.lists * perList + counts.commas * perElement + bytes.byteLength;
    if (heap > (error.message ? muchHeap : maxHeap())) throw tooHeavy(error);
    return parseJsonObject(bytes);
  }
  if (isRecord(value)) return value;
  throw new RequestError(400, 'bad-json', 'The body should be a JSON object.');
}

const maxHeap = (): number => getHeapStatistics().heap_size_limit * heapShare;

function tooHeavy({ message }: Error): RequestError {
  if (message) return badInput('', 'lists of numbers, each as long as its neighbours', message);
  const why = 'takes more memory to read than the function has';
  return new RequestError(413, 'payload-too-large', `The body ${why}. Send fewer values, or application/octet-stream.`);
}

interface Structure {
  lists: number;
  commas: number;
}

function* countStructure(bytes: Uint8Array): Generator<undefined, Structure> {
  let [lists, commas] = [0, 0];
  for (let from = 0; from < bytes.length; from += 8 * bytesPerTurn) {
    const end = Math.min(bytes.length, from + 8 * bytesPerTurn);
    for (let at = from; at < end; at++) {
      const byte = bytes[at];
      if (byte === 0x2c) commas++;
      else if (byte === 0x5b || byte === 0x7b) lists++;
    }
    yield;
  }
  return { lists, commas };
}

/** One reading of a document. What is wrong or unusual with it ends the reading with NotPlain, for JSON.parse to judge. */
class LargeJson {
  readonly #bytes: Buffer;
  readonly #numbers: NumberLists;
  readonly #most = maxHeap();
  #heap = 0;
  #at = 0;

  constructor(bytes: Uint8Array, maxNumbers: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#numbers = new NumberLists(bytes, maxNumbers);
  }

  *read(): Generator<undefined, unknown> {
    const value = yield* this.#value(0);
    if (this.#next() !== undefined) throw new NotPlain();
    return value;
  }

  /** The next byte that is no space. */
  #next(): number | undefined {
    this.#at = afterSpace(this.#bytes, this.#at);
    return this.#bytes[this.#at];
  }

  #take(byte: number): boolean {
    const fits = this.#next() === byte;
    if (fits) this.#at++;
    return fits;
  }

  *#value(depth: number): Generator<undefined, unknown> {
    this.#heap += perList;
    if (depth > deepest || this.#heap > this.#most) throw new NotPlain();
    if (this.#take(openBrace)) return yield* this.#object(depth + 1);
    if (this.#next() === openBracket) return yield* this.#list(depth + 1);
    return this.#next() === quote ? this.#text() : this.#word();
  }

  *#object(depth: number): Generator<undefined, unknown> {
    const object: Record<string, unknown> = {};
    if (this.#take(closeBrace)) return object;
    do {
      const key = this.#next() === quote ? this.#text() : undefined;
      // As an assignment this key would mean something else.
      if (key === undefined || key === '__proto__' || !this.#take(colon)) throw new NotPlain();
      object[key] = yield* this.#value(depth);
    } while (this.#take(comma));
    if (!this.#take(closeBrace)) throw new NotPlain();
    return object;
  }

  *#list(depth: number): Generator<undefined, unknown> {
    const first = this.#bytes[afterSpace(this.#bytes, this.#at + 1)] ?? 0;
    if (first === openBracket || first === minus || isDigit(first)) {
      const { list, end } = yield* this.#numbers.read(this.#at);
      this.#at = end;
      return list.shape.length === 1 && list.data.length <= shortList ? Array.from(list.data) : list;
    }
    const values: unknown[] = [];
    this.#at++;
    if (this.#take(closeBracket)) return values;
    do values.push(yield* this.#value(depth));
    while (this.#take(comma));
    if (!this.#take(closeBracket)) throw new NotPlain();
    // Small values add up.
    yield;
    return values;
  }

  #text(): string {
    const start = this.#at;
    let end = this.#bytes.indexOf(quote, start + 1);
    while (end > 0 && isEscaped(this.#bytes, end)) end = this.#bytes.indexOf(quote, end + 1);
    if (end < 0) throw new NotPlain();
    this.#at = end + 1;
    return this.#parse(start, end + 1) as string;
  }

  #word(): unknown {
    const start = this.#at;
    let end = start;
    while (/[\w.+-]/.test(String.fromCharCode(this.#bytes[end] ?? 0))) end++;
    this.#at = end;
    return this.#parse(start, end);
  }

  #parse(start: number, end: number): unknown {
    try {
      return JSON.parse(this.#bytes.toString('utf8', start, end));
    } catch {
      throw new NotPlain();
    }
  }
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(bytes: Uint8Array, at: number): boolean {
  let first = at;
  while (bytes[first - 1] === 0x5c) first--;
  return (at - first) % 2 === 1;
}
