import { expect, it } from 'vitest';
import { readFlat, writeFlat } from '../../src/tokenizer/flat-file.ts';

const sections = {
  bytes: Uint8Array.of(1, 2, 3),
  words: Uint32Array.of(0xffffffff, 7),
  empty: new Uint16Array(0),
  scores: Float64Array.of(-1.5, Number.NEGATIVE_INFINITY),
};
const file = (): Uint8Array => Uint8Array.from(writeFlat({ name: 'ü' }, sections));

it('gives back what was written, as views', () => {
  const bytes = file();
  const flat = readFlat<{ name: string }>(bytes);
  expect(flat.about).toEqual({ name: 'ü' });
  for (const [name, section] of Object.entries(sections)) expect(flat.section(name)).toEqual(section);
  expect(flat.section('words').buffer).toBe(bytes.buffer);
});

it('is the same bytes for the same content', () => {
  expect(file()).toEqual(file());
});

it.each([
  ['no compiled tokenizer', (bytes: Uint8Array) => bytes.fill(65, 0, 4)],
  ['format 9', (bytes: Uint8Array) => bytes.fill(9, 4, 5)],
  ['in another order', (bytes: Uint8Array) => bytes.copyWithin(8, 9, 12)],
  ['is cut', (bytes: Uint8Array) => bytes.subarray(0, -1)],
  ['is cut', (bytes: Uint8Array) => bytes.subarray(0, 20)],
  ['is cut', () => new Uint8Array(0)],
])('refuses a file that %s', (message, spoil) => {
  expect(() => readFlat(spoil(file()))).toThrow(message);
});

it('refuses a section that is not there, or reaches beyond the end', () => {
  expect(() => readFlat(file()).section('other')).toThrow('lacks its section other');
  const longer = Buffer.from(file());
  longer.write('"length":9', longer.lastIndexOf('"length":2'));
  expect(() => readFlat(Uint8Array.from(longer)).section('scores')).toThrow('is cut');
});
