import { readSync } from 'node:fs';
import { ModelFault } from './model-fault.ts';

/** Bytes asked of the file at once: few after a jump over a payload, more while reading on. */
const firstRead = 4 * 1024;
const largestRead = 64 * 1024;

/** `end` is where the field's payload ends (wire type 2); `value` is the number (wire type 0). */
export type Visit = (field: number, wire: number, value: number, end: number) => void;

/**
 * Walks protobuf messages of a file by position: payloads that are not requested are never read. Wire format:
 * https://protobuf.dev/programming-guides/encoding/ Every method throws ModelFault: `model-truncated` where the file
 * ends too early, `model-invalid` where lengths contradict each other.
 */
export class WireReader {
  readonly size: number;
  readonly #file: number;
  readonly #window = Buffer.allocUnsafe(largestRead);
  #start = 0;
  #end = 0;
  #next = firstRead;
  position = 0;

  /** `file` is an open descriptor, `size` its bytes. */
  constructor(file: number, size: number) {
    this.#file = file;
    this.size = size;
  }

  /** Calls `visit` for each field up to `end`; what it leaves of a payload is skipped. */
  each(end: number, visit: Visit): void {
    while (this.position < end) {
      const tag = this.varint(end);
      const field = Math.floor(tag / 8);
      const wire = tag % 8;
      if (field < 1 || field > 0x1fffffff) throw this.#invalid('a field has no valid number');
      if (wire === 0) visit(field, wire, this.varint(end), this.position);
      else {
        const length = this.#length(wire, end);
        const stop = this.position + length;
        if (stop > end) throw this.#beyond(end, stop);
        visit(field, wire, 0, stop);
        this.position = stop;
      }
    }
  }

  /** Bytes of the payload that follows; a length prefix is consumed. */
  #length(wire: number, end: number): number {
    if (wire === 2) {
      const length = this.varint(end);
      if (length < 0) throw this.#invalid('a length is not a number of bytes');
      return length;
    }
    if (wire === 1) return 8;
    if (wire === 5) return 4;
    throw this.#invalid(`wire type ${wire} does not occur in ONNX`);
  }

  /** A signed 64-bit varint; beyond 2^53 only its size is right, which is all that limits need. */
  varint(end: number): number {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 9; index++) {
      const byte = this.#byte(end);
      const bits = byte & 0x7f;
      if (index < 4) low += bits * 2 ** (7 * index);
      else if (index === 4) {
        low += (bits & 0x0f) * 2 ** 28;
        high = bits >> 4;
      } else high += bits * 2 ** (7 * index - 32);
      if (byte < 0x80) return high * 2 ** 32 + low;
    }
    const last = this.#byte(end);
    if (last > 1) throw this.#invalid('a number is longer than 64 bits');
    return ((high + last * 2 ** 31) | 0) * 2 ** 32 + low;
  }

  /** The payload up to `end` as text, of at most `limit` bytes. */
  text(end: number, limit: number): string {
    const length = end - this.position;
    if (length > limit) throw this.#invalid(`a name of ${length} bytes is longer than any real one (${limit})`);
    const bytes = Buffer.allocUnsafe(length);
    for (let index = 0; index < length; index++) bytes[index] = this.#byte(end);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      throw this.#invalid('a name is not UTF-8 text');
    }
  }

  #byte(end: number): number {
    if (this.position >= end) throw this.#beyond(end, this.position + 1);
    if (this.position < this.#start || this.position >= this.#end) this.#load();
    const byte = this.#window[this.position - this.#start] as number;
    this.position++;
    return byte;
  }

  #load(): void {
    this.#next = this.position === this.#end ? Math.min(this.#next * 2, largestRead) : firstRead;
    this.#start = this.position;
    this.#end = this.position + readSync(this.#file, this.#window, 0, this.#next, this.position);
    if (this.#end === this.#start) throw this.#beyond(this.size, this.position + 1);
  }

  #beyond(end: number, stop: number): ModelFault {
    if (end < this.size) return this.#invalid(`a field reaches ${stop - end} bytes beyond the message that holds it`);
    return new ModelFault(
      'model-truncated',
      `is cut off: it has ${this.size} bytes and at least ${stop - this.size} more should follow`,
      'Download or export it again and compare its size with the source.',
    );
  }

  #invalid(why: string): ModelFault {
    return new ModelFault(
      'model-invalid',
      `is not a valid ONNX file: ${why} (at byte ${this.position})`,
      'Export it again, and check it with onnx.checker.check_model.',
    );
  }
}
