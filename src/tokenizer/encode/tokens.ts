/** Tokens of one text, before and after its template: ids, and where each came from in UTF-16 units. */
export class Tokens {
  ids = new Uint32Array(64);
  from = new Uint32Array(64);
  to = new Uint32Array(64);
  /** 1 for the first token of a piece that the pre-tokenizers left, and for an added token: where a word begins. */
  begins = new Uint8Array(64);
  length = 0;

  push(id: number, from: number, to: number): void {
    if (this.length === this.ids.length) {
      for (const name of ['ids', 'from', 'to'] as const) {
        const larger = new Uint32Array(this.length * 2);
        larger.set(this[name]);
        this[name] = larger;
      }
      const begins = new Uint8Array(this.length * 2);
      begins.set(this.begins);
      this.begins = begins;
    }
    this.ids[this.length] = id;
    this.from[this.length] = from;
    this.to[this.length] = to;
    this.begins[this.length] = 0;
    this.length += 1;
  }

  clear(): void {
    this.length = 0;
  }

  /** Keeps a range of them. */
  slice(begin: number, end: number): void {
    for (const values of [this.ids, this.from, this.to, this.begins]) values.copyWithin(0, begin, end);
    this.length = end - begin;
  }
}
