import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/digest.ts';
import { extractPackage } from '../../src/package/unzip.ts';
import { writeZip } from '../../src/package/zip.ts';

function replaceByFile(dir: string): void {
  rmSync(dir, { recursive: true });
  writeFileSync(dir, '');
}

describe('extractPackage', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coldgate-unzip-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const zipOf = (files: Record<string, string>): Buffer =>
    writeZip(
      Object.entries(files).map(([name, text]) => {
        const bytes = Buffer.from(text);
        return { name, bytes, deflated: deflateRawSync(bytes) };
      }),
    );
  const store = (zip: Uint8Array) => {
    const path = join(folder, 'package.zip');
    writeFileSync(path, zip);
    return { path, sha256: sha256(zip) };
  };
  const out = () => join(folder, 'out');
  const good = () => store(zipOf({ 'node.cjs': 'x'.repeat(5000), 'lib/a.so': 'native' }));

  it('unpacks into a folder named by the digest', async () => {
    const zip = good();
    const dir = await extractPackage(zip, out());
    expect(dir).toBe(join(out(), zip.sha256));
    expect(readFileSync(join(dir, 'node.cjs'), 'utf8')).toBe('x'.repeat(5000));
    expect(readFileSync(join(dir, 'lib', 'a.so'), 'utf8')).toBe('native');
    expect(readdirSync(out())).toEqual([zip.sha256]);
  });

  it('leaves alone what is unpacked already', async () => {
    const zip = good();
    const { ino } = statSync(await extractPackage(zip, out()));
    expect(statSync(await extractPackage(zip, out())).ino).toBe(ino);
  });

  it.each([
    ['a changed byte', (dir: string) => writeFileSync(join(dir, 'lib', 'a.so'), 'natiVe')],
    ['a missing file', (dir: string) => rmSync(join(dir, 'node.cjs'))],
    ['a file too many', (dir: string) => writeFileSync(join(dir, 'extra.mjs'), '')],
    ['a file in the place of the folder', replaceByFile],
  ])('repairs %s', async (_name, damage) => {
    const zip = good();
    damage(await extractPackage(zip, out()));
    const dir = await extractPackage(zip, out());
    expect(readdirSync(dir, { recursive: true }).sort()).toEqual(['lib', 'lib/a.so', 'node.cjs']);
    expect(readFileSync(join(dir, 'lib', 'a.so'), 'utf8')).toBe('native');
    expect(readdirSync(out())).toEqual([zip.sha256]);
  });

  it('is safe against others that unpack the same at the same time', async () => {
    const zip = good();
    const dirs = await Promise.all(Array.from({ length: 8 }, () => extractPackage(zip, out())));
    expect(new Set(dirs).size).toBe(1);
    expect(readdirSync(out())).toEqual([zip.sha256]);
  });

  it('refuses a zip whose bytes have changed', async () => {
    const zip = { ...good(), sha256: '0'.repeat(64) };
    await expect(extractPackage(zip, out())).rejects.toMatchObject({ code: 'bad-zip', exit: 3 });
  });

  it.each(['../evil', '/etc/evil', 'a/../../evil', './a', 'a//b', 'a\\b', 'c:evil', 'a/..', 'a\nb', 'ü.mjs', ''])(
    'refuses a file named %j',
    async (name) => {
      const refused = extractPackage(store(zipOf({ [name]: 'x' })), out());
      await expect(refused).rejects.toMatchObject({ code: 'bad-zip' });
      expect(readdirSync(folder)).toEqual(['package.zip']);
    },
  );

  /** A good zip with a change in the central directory of its first entry (or of the end record). */
  const tampered = (change: (zip: Buffer, central: number) => Buffer | undefined) => {
    const zip = zipOf({ 'a.txt': 'abc'.repeat(500), 'b.txt': 'b'.repeat(500) });
    return store(change(zip, zip.readUInt32LE(zip.byteLength - 6)) ?? zip);
  };
  const write = (offset: number, value: number, bytes: 2 | 4) => (zip: Buffer, central: number) => {
    zip.writeUIntLE(value, central + offset, bytes);
    return undefined;
  };

  it.each([
    ['a symbolic link', write(38, 0o120777 * 65536, 4)],
    ['a device', write(38, 0o020666 * 65536, 4)],
    ['an encrypted file', write(8, 1, 2)],
    ['an unknown compression', write(10, 12, 2)],
    ['a wrong checksum', write(16, 1, 4)],
    ['a file larger than stated', write(24, 10, 4)],
    ['a file smaller than stated', write(24, 5000, 4)],
    ['a size no function may have', write(24, 300_000_000, 4)],
    ['a file beyond the end', write(20, 1_000_000, 4)],
    ['files that lie over one another', write(20, 100, 4)],
    ['a header in nowhere', write(42, 0xfffffff0, 4)],
    ['a broken list', write(0, 0, 4)],
    ['a zip64', (zip: Buffer) => Buffer.concat([zip.subarray(0, -12), Buffer.from([255, 255]), zip.subarray(-10)])],
    ['a cut-off archive', (zip: Buffer) => zip.subarray(0, zip.byteLength - 30)],
    ['no archive at all', () => Buffer.from('<html>404</html>'.repeat(10))],
    ['an empty file', () => Buffer.alloc(0)],
  ])('refuses %s and unpacks nothing', async (_name, change) => {
    await expect(extractPackage(tampered(change), out())).rejects.toMatchObject({ code: 'bad-zip', exit: 3 });
    expect(readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('.txt'))).toEqual([]);
  });

  it('refuses two files that a system without case would mix up', async () => {
    const refused = extractPackage(store(zipOf({ 'a.txt': '1', 'A.txt': '2' })), out());
    await expect(refused).rejects.toMatchObject({ code: 'bad-zip' });
  });

  it('never writes through a link that lies in the way', async () => {
    const zip = good();
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(elsewhere);
    mkdirSync(out());
    symlinkSync(elsewhere, join(out(), zip.sha256));
    const dir = await extractPackage(zip, out());
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(readFileSync(join(dir, 'lib', 'a.so'), 'utf8')).toBe('native');
  });
});
