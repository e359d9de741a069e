/** A text under way: code points, and for each where it came from in the text that was given, in UTF-16 units. */
export class Text {
  points = new Uint32Array(256);
  from = new Uint32Array(256);
  to = new Uint32Array(256);
  length = 0;

  push(point: number, from: number, to: number): void {
    if (this.length === this.points.length) this.#grow();
    const at = this.length;
    this.points[at] = point;
    this.from[at] = from;
    this.to[at] = to;
    this.length = at + 1;
  }

  /** Takes one of another text as it is. */
  take(text: Text, at: number): void {
    this.push(text.points[at]!, text.from[at]!, text.to[at]!);
  }

  clear(): void {
    this.length = 0;
  }

  /** @param string well-formed: half surrogates were refused or replaced by the caller */
  read(string: string): void {
    this.length = 0;
    for (let at = 0; at < string.length; at += 1) {
      const point = string.codePointAt(at)!;
      const from = at;
      if (point > 0xffff) at += 1;
      this.push(point, from, at + 1);
    }
  }

  #grow(): void {
    for (const name of ['points', 'from', 'to'] as const) {
      const larger = new Uint32Array(this[name].length * 2);
      larger.set(this[name]);
      this[name] = larger;
    }
  }
}

/** Writes what becomes of a text into another one, which is empty. */
export type TextStep = (input: Text, output: Text) => void;

/** Ranges of a text, ends excluded: the pieces that a pre-tokenizer leaves. */
export class Ranges {
  begins = new Uint32Array(64);
  ends = new Uint32Array(64);
  length = 0;

  /** Empty ones are dropped. */
  push(begin: number, end: number): void {
    if (begin >= end) return;
    if (this.length === this.begins.length) {
      const [begins, ends] = [new Uint32Array(this.length * 2), new Uint32Array(this.length * 2)];
      begins.set(this.begins);
      ends.set(this.ends);
      this.begins = begins;
      this.ends = ends;
    }
    this.begins[this.length] = begin;
    this.ends[this.length] = end;
    this.length += 1;
  }

  clear(): void {
    this.length = 0;
  }
}

/** The pieces of one text. */
export interface Pieces {
  text: Text;
  ranges: Ranges;
}
