import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/log.ts';
import { sha256 } from '../../src/model/digest.ts';
import { cloudRunBudget } from '../../src/package/budget.ts';
import { type BuildOptions, buildPackage } from '../../src/package/build.ts';
import { deflate } from '../../src/package/deflate.ts';
import { cachedPackage } from '../../src/package/package-cache.ts';
import { tarHeader } from '../../src/package/tar.ts';
import { writeTarGz } from '../../src/package/tar-gz.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coldgate-tar-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tar = (...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync('tar', args, { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
};

describe('a tar.gz', () => {
  const pack = async (names: Record<string, Buffer>, root?: string) => {
    const options = { cacheDir: join(folder, 'cache'), log: silentLogger };
    const files = Object.entries(names).map(async ([name, bytes]) => ({
      ...{ name, bytes },
      joinable: await deflate(name, bytes, options),
    }));
    return writeTarGz(await Promise.all(files), root);
  };
  const large = Buffer.from('native code '.repeat(60_000));

  it('is read by tar: sorted, nobody’s, of no time, read only', async () => {
    const { bytes, tarSha256 } = await pack({ 'b.txt': large, a: Buffer.from('a'), Z: Buffer.alloc(0) }, 'var/task');
    const path = join(folder, 'x.tar.gz');
    writeFileSync(path, bytes);
    const lines = tar('--numeric-owner', '--utc', '-tvzf', path).trim().split('\n');
    const folders = ['var/', 'var/task/'].map((name) => `drwxr-xr-x 0/0 0 1970-01-01 00:00 ${name}`);
    const files = [
      ['0', 'Z'],
      ['1', 'a'],
      [String(large.byteLength), 'b.txt'],
    ].map(([size, name]) => `-r--r--r-- 0/0 ${size} 1970-01-01 00:00 var/task/${name}`);
    expect(lines.map((line) => line.replaceAll(/ +/g, ' '))).toEqual([...folders, ...files]);
    tar('-xzf', path, '-C', folder);
    expect(readFileSync(join(folder, 'var/task/b.txt')).equals(large)).toBe(true);
    expect(sha256(gunzipSync(bytes))).toBe(tarSha256);
    expect(gunzipSync(bytes).byteLength % 512).toBe(0);
  });

  it('has bytes that never change, whatever the order, CPU and Node', async () => {
    const { bytes } = await pack({ b: large, a: Buffer.from('a') });
    expect((await pack({ a: Buffer.from('a'), b: large })).bytes.equals(bytes)).toBe(true);
    expect(sha256(bytes)).toBe('cad70eeaae02467a900c942fdc0a579fcb277e8a0b521d1e8c4ee7204e57db8e');
  });

  it('takes no names that a plain tar cannot hold, and none twice', async () => {
    for (const name of ['ü', 'a b', 'x'.repeat(101)]) expect(() => tarHeader({ name, size: 0 })).toThrow(RangeError);
    expect(() => tarHeader({ name: 'x', size: 8 ** 11 })).toThrow(RangeError);
    const one = { name: 'a', bytes: large, joinable: Buffer.alloc(0) };
    await expect(writeTarGz([one, one])).rejects.toThrow(RangeError);
  });

  it('is not written of compressed files that are not those of the entries', async () => {
    const joinable = await deflate('a', Buffer.from('b'), { cacheDir: folder, log: silentLogger });
    const made = writeTarGz([{ name: 'a', bytes: Buffer.from('a'), joinable }]);
    await expect(made).rejects.toMatchObject({ code: 'cache-damaged', exit: 3 });
  });
});

describe('a package for Cloud Run', () => {
  const library = Buffer.from('native code '.repeat(40_000));
  const build = (more: Partial<BuildOptions> = {}) => {
    const handlerDir = join(folder, 'dist', 'handler');
    const unpacked = join(folder, 'x-node');
    for (const path of [handlerDir, unpacked]) mkdirSync(path, { recursive: true });
    writeFileSync(join(unpacked, 'libx.so.1'), library);
    writeFileSync(join(handlerDir, 'cloud-run.cjs'), 'read(`${__dirname}/node.part.cjs`);');
    writeFileSync(join(handlerDir, 'node.part.cjs'), '');
    return buildPackage({
      ...{ platform: { os: 'linux', arch: 'x64' }, entry: 'cloud-run.cjs', handlerDir, log: silentLogger },
      ...{ cacheDir: join(folder, 'cache'), archive: {}, budget: cloudRunBudget },
      runtime: {
        unpacked: [unpacked],
        pins: {
          ...{ name: 'x-node', version: '9.9.9', integrity: `sha512-${createHash('sha512').digest('base64')}` },
          ...{ archiveSize: 0, folder: () => '.' },
          files: () => [{ name: 'libx.so.1', size: library.byteLength, sha256: sha256(library) }],
        },
      },
      ...more,
    });
  };

  it('is a tar.gz by its own digest, of the entries that the zip has, and is found again', async () => {
    const built = await build();
    expect(built.path).toBe(join(folder, 'cache', 'packages', `${built.sha256}.tar.gz`));
    expect(sha256(readFileSync(built.path))).toBe(built.sha256);
    const names = ['LICENSES.txt', 'cloud-run.cjs', 'libx.so.1', 'node.part.cjs', 'package.json'];
    expect(tar('-tzf', built.path).trim().split('\n')).toEqual(names);
    expect((await build({ archive: 'zip' })).entries).toEqual(built.entries);
    expect(await build()).toEqual(built);
    const { path, size, tarSha256 } = built;
    const kept = await cachedPackage(join(folder, 'cache'), built.sha256, {});
    expect(kept).toEqual({ path, size, sha256: built.sha256, tarSha256 });
    expect(await cachedPackage(join(folder, 'cache'), built.sha256)).toBeUndefined();
  });

  it('compresses what a zip has compressed no second time', async () => {
    await build({ archive: 'zip' });
    const warnings: string[] = [];
    await build({ log: { ...silentLogger, progress: (label) => void warnings.push(label) } });
    expect(warnings.filter((label) => label.includes('Compressing'))).toEqual([]);
  });

  it('may unpack to anything, and be of 250 MiB', async () => {
    expect(cloudRunBudget).toMatchObject({ zipped: 250 * 1024 * 1024 });
    const budget = { ...cloudRunBudget, zipped: 100 };
    const hint = expect.stringContaining('Cloud Run Admin API');
    await expect(build({ budget })).rejects.toMatchObject({ code: 'package-too-large', exit: 2, hint });
  });
});
