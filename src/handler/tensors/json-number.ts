/** Powers of ten that a double holds exactly. */
const powers = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** So many digits make a whole number that a double holds exactly. */
const exactDigits = 15;

/** Reads numbers from the bytes of a JSON text. They are the doubles that JSON.parse gives. */
export class JsonNumber {
  /** Where the number ends that was read last. */
  end = 0;
  readonly #bytes: Uint8Array;
  #digits = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The number that begins at `start`; undefined where none does. */
  read(start: number): number | undefined {
    const bytes = this.#bytes;
    const negative = bytes[start] === 0x2d;
    const first = negative ? start + 1 : start;
    this.#digits = 0;
    let mantissa = this.#whole(first, 0);
    if (this.end === first || (bytes[first] === 0x30 && this.end > first + 1)) return undefined;
    let exponent = 0;
    if (bytes[this.end] === 0x2e) {
      const point = this.end + 1;
      mantissa = this.#whole(point, mantissa);
      if (this.end === point) return undefined;
      exponent = point - this.end;
    }
    if ((bytes[this.end]! | 0x20) === 0x65) {
      const stated = this.#exponent(this.end + 1);
      if (stated === undefined) return undefined;
      exponent += stated;
    }
    // Both are exact, so there is one rounding, as it should be (Clinger, How to read floating point numbers accurately).
    if (this.#digits > exactDigits || exponent > 22 || exponent < -22) return this.#slowly(start);
    const value = exponent < 0 ? mantissa / powers[-exponent]! : mantissa * powers[exponent]!;
    return negative ? -value : value;
  }

  /** Takes the digits from `at` on, behind those of `before`. */
  #whole(at: number, before: number): number {
    const bytes = this.#bytes;
    let value = before;
    let digits = this.#digits;
    for (; at < bytes.length; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      if (value > 0) digits++;
    }
    this.#digits = digits;
    this.end = at;
    return value;
  }

  #exponent(at: number): number | undefined {
    const sign = this.#bytes[at];
    const first = sign === 0x2b || sign === 0x2d ? at + 1 : at;
    const digits = this.#digits;
    const value = this.#whole(first, 0);
    this.#digits = digits;
    if (this.end === first) return undefined;
    return sign === 0x2d ? -value : value;
  }

  #slowly(start: number): number {
    const { buffer, byteOffset } = this.#bytes;
    return Number(Buffer.from(buffer, byteOffset + start, this.end - start).toString('latin1'));
  }
}
