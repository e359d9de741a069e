import { tokenizerFormat } from '../model/task.ts';

/**
 * The flat file of a compiled tokenizer: a head of 32 bytes, a description in JSON, then arrays that are used where they
 * lie. Nothing of it is parsed but the description, so that 250,000 words cost one read.
 *
 *   0 magic "CGTK" · 4 format · 8 0x01020304 as the writer stores it · 12 bytes in all · 16 bytes of the description
 */

const magic = 0x4b544743;
/** Of the arrays and of what the description may hold. A file of another format is refused. */
const flatFormat = Number(tokenizerFormat);
const probe = 0x01020304;
const headBytes = 32;
const alignment = 64;

const kinds = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f64: Float64Array };
type Kind = keyof typeof kinds;
export type Section = Uint8Array | Uint16Array | Uint32Array | Float64Array;

interface Place {
  kind: Kind;
  /** Bytes after the description. */
  at: number;
  /** Elements. */
  length: number;
}

const kindOf = (section: Section): Kind =>
  (Object.keys(kinds) as Kind[]).find((kind) => section instanceof kinds[kind]) as Kind;
const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** @returns the bytes of a file with this description (anything that JSON holds) and these arrays */
export function writeFlat(about: object, sections: Record<string, Section>): Uint8Array {
  const places: Record<string, Place> = {};
  let at = 0;
  for (const [name, section] of Object.entries(sections)) {
    places[name] = { kind: kindOf(section), at, length: section.length };
    at = aligned(at + section.byteLength);
  }
  const described = Buffer.from(JSON.stringify({ about, places }));
  const base = aligned(headBytes + described.byteLength);
  const bytes = Buffer.alloc(base + at);
  for (const [index, word] of [magic, flatFormat, probe, bytes.byteLength, described.byteLength].entries())
    bytes.writeUInt32LE(word, index * 4);
  described.copy(bytes, headBytes);
  for (const [name, section] of Object.entries(sections))
    bytes.set(new Uint8Array(section.buffer, section.byteOffset, section.byteLength), base + places[name]!.at);
  return bytes;
}

/** What a file holds: views of the bytes, nothing is copied. */
export interface FlatFile<About> {
  about: About;
  section<T extends Section>(name: string): T;
}

/**
 * @param bytes of a whole file, at an offset of its buffer that 8 divides
 * @throws Error where the file is of another format or machine, or cut
 */
export function readFlat<About>(bytes: Uint8Array): FlatFile<About> {
  const { buffer, byteOffset, byteLength } = bytes;
  if (byteLength < headBytes) throw new Error('The compiled tokenizer is cut.');
  const head = new DataView(buffer, byteOffset, headBytes);
  if (head.getUint32(0, true) !== magic) throw new Error('This is no compiled tokenizer.');
  if (head.getUint32(4, true) !== flatFormat)
    throw new Error(`The compiled tokenizer has format ${head.getUint32(4, true)}, and ${flatFormat} is read here.`);
  if (new Uint32Array(buffer, byteOffset + 8, 1)[0] !== probe)
    throw new Error('This machine stores numbers in another order than compiled tokenizers do.');
  if (head.getUint32(12, true) !== byteLength) throw new Error('The compiled tokenizer is cut.');
  const described = head.getUint32(16, true);
  const base = aligned(headBytes + described);
  const text = Buffer.from(buffer, byteOffset + headBytes, Math.min(described, byteLength - headBytes)).toString();
  const { about, places } = JSON.parse(text) as { about: About; places: Record<string, Place> };
  const view = <T extends Section>(name: string): T => {
    const place = places[name];
    if (!place) throw new Error(`The compiled tokenizer lacks its section ${name}.`);
    const Kind = kinds[place.kind];
    if (base + place.at + place.length * Kind.BYTES_PER_ELEMENT > byteLength)
      throw new Error('The compiled tokenizer is cut.');
    return new Kind(buffer as ArrayBuffer, byteOffset + base + place.at, place.length) as T;
  };
  return { about, section: view };
}
