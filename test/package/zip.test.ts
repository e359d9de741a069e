import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/digest.ts';
import { writeZip, type ZipEntry } from '../../src/package/zip.ts';
import { readZipIndex } from '../../src/package/zip-index.ts';

const entry = (name: string, text: string): ZipEntry => {
  const bytes = Buffer.from(text);
  return { name, bytes, deflated: deflateRawSync(bytes) };
};
const long = 'abc'.repeat(1000);

describe('writeZip', () => {
  it('is a function of names and bytes alone: another order gives the same bytes', () => {
    const entries = [entry('b.txt', 'b'), entry('a.txt', long), entry('a/z.txt', 'z')];
    expect(writeZip(entries)).toEqual(writeZip(entries.toReversed()));
  });

  it('gives bytes that never change, the same as another writer with these settings', () => {
    const bytes = Buffer.from('hello\n');
    const zip = writeZip([{ name: 'hello.txt', bytes, deflated: bytes }]);
    expect(sha256(zip)).toBe('d639e71431fef57bd6224d6dcf12e002bac097288d9cb5be498957303a595610');
  });

  it('sorts by code unit, not by locale', () => {
    const mixed = ['b', 'C', 'a', '_', 'Z/a'].map((name) => entry(name, ''));
    const names = readZipIndex(writeZip(mixed)).map((found) => found.name);
    expect(names).toEqual(['C', 'Z/a', '_', 'a', 'b']);
  });

  it('is read back with every byte', () => {
    const zip = writeZip([entry('long.txt', long), entry('short.txt', 'x'), entry('empty.txt', '')]);
    const [empty, first, second] = readZipIndex(zip);
    expect(empty).toMatchObject({ name: 'empty.txt', size: 0, method: 0 });
    expect(first).toMatchObject({ name: 'long.txt', size: 3000, method: 8 });
    expect(second).toMatchObject({ name: 'short.txt', size: 1, method: 0, storedSize: 1 });
    const stored = zip.subarray(first!.dataOffset, first!.dataOffset + first!.storedSize);
    expect(inflateRawSync(stored).toString()).toBe(long);
  });

  it('writes fixed modes and the first moment that a zip can say', () => {
    const zip = writeZip([{ ...entry('run.sh', 'x'), mode: 0o755 }, entry('data', 'x')]);
    const central = zip.readUInt32LE(zip.byteLength - 6);
    expect(zip.readUInt32LE(central + 38) >>> 16).toBe(0o100644);
    expect([zip.readUInt16LE(central + 12), zip.readUInt16LE(central + 14)]).toEqual([0, 0x21]);
    const second = central + 46 + zip.readUInt16LE(central + 28);
    expect(zip.readUInt32LE(second + 38) >>> 16).toBe(0o100755);
    expect(zip.readUInt16LE(second + 30)).toBe(0);
  });

  it('refuses two entries of one name', () => {
    expect(() => writeZip([entry('a', '1'), entry('a', '2')])).toThrow(RangeError);
  });

  it('marks names beyond ASCII as UTF-8', () => {
    const zip = writeZip([entry('é.txt', 'x')]);
    expect(zip.readUInt16LE(6)).toBe(0x0800);
    expect(writeZip([entry('e.txt', 'x')]).readUInt16LE(6)).toBe(0);
  });
});
