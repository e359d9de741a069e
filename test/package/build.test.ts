import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/log.ts';
import { sha256 } from '../../src/model/digest.ts';
import { type BuildOptions, buildPackage } from '../../src/package/build.ts';
import { deflate, deflateKey } from '../../src/package/deflate.ts';
import { finished } from '../../src/package/joinable.ts';
import { cachedPackage } from '../../src/package/package-cache.ts';
import type { RuntimePins } from '../../src/package/runtime-pins.ts';
import { prepareTools } from '../../src/package/tools.ts';
import { extractPackage } from '../../src/package/unzip.ts';
import { failingCache, SharedCache } from '../fakes/package/shared-cache.ts';

const repository = join(import.meta.dirname, '..', '..');
const library = Buffer.from('native code '.repeat(40_000));

describe('buildPackage', () => {
  let folder: string;
  let options: BuildOptions;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coldgate-build-'));
    const handlerDir = join(folder, 'dist', 'handler');
    const unpacked = join(folder, 'x-node');
    mkdirSync(handlerDir, { recursive: true });
    mkdirSync(unpacked);
    writeFileSync(join(unpacked, 'libx.so.1'), library);
    writeFileSync(
      join(handlerDir, 'node.cjs'),
      'const{a}=require("./chunk-A1.mjs");import("./lazy-B2.mjs").then(a);read(`${__dirname}/node.part.cjs`);',
    );
    writeFileSync(join(handlerDir, 'node.part.cjs'), '');
    writeFileSync(join(handlerDir, 'chunk-A1.mjs'), 'import(`./chunk-C3.mjs`);export let a=()=>{};');
    writeFileSync(join(handlerDir, 'lazy-B2.mjs'), 'export * from "./node.cjs";');
    writeFileSync(join(handlerDir, 'chunk-C3.mjs'), '');
    writeFileSync(join(handlerDir, 'optimize.mjs'), 'import"./only-for-tools.mjs"');
    writeFileSync(join(handlerDir, 'only-for-tools.mjs'), '');
    options = {
      platform: { os: 'linux', arch: 'x64' },
      handlerDir,
      cacheDir: join(folder, 'cache'),
      log: silentLogger,
      runtime: { unpacked: [unpacked], pins },
    };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const pins: RuntimePins = {
    name: 'x-node',
    version: '9.9.9',
    integrity: `sha512-${createHash('sha512').digest('base64')}`,
    archiveSize: 0,
    folder: () => '.',
    files: () => [{ name: 'libx.so.1', size: library.byteLength, sha256: sha256(library) }],
  };

  it('packs the entry with what it can reach, the runtime, and nothing of the tools', async () => {
    const { entries } = await buildPackage(options);
    expect(entries.map((entry) => entry.name)).toEqual([
      'LICENSES.txt',
      'chunk-A1.mjs',
      'chunk-C3.mjs',
      'lazy-B2.mjs',
      'libx.so.1',
      'node.cjs',
      'node.part.cjs',
      'package.json',
    ]);
  });

  it('gives the same bytes with a cold and a warm cache, and in another folder', async () => {
    const cold = await buildPackage(options);
    const warm = await buildPackage(options);
    const elsewhere = await buildPackage({ ...options, cacheDir: join(folder, 'other') });
    expect(warm).toEqual(cold);
    expect(elsewhere.sha256).toBe(cold.sha256);
    expect(readFileSync(elsewhere.path).equals(readFileSync(cold.path))).toBe(true);
    expect(sha256(readFileSync(cold.path))).toBe(cold.sha256);
  });

  it('tells Azure where the entry is, and health what is in the package', async () => {
    writeFileSync(join(options.handlerDir, 'azure.mjs'), 'import("./chunk-C3.mjs")');
    const one = await buildPackage({ ...options, entry: 'azure.mjs' });
    const unpacked = await extractPackage(one, join(folder, 'unpacked'));
    const text = (name: string): string => readFileSync(join(unpacked, name), 'utf8');
    expect(JSON.parse(text('package.json'))).toEqual({ type: 'module', main: 'azure.mjs' });
    expect(JSON.parse(text('host.json'))).toMatchObject({ version: '2.0', extensions: { http: { routePrefix: '' } } });
    expect(text('package-digest.txt').trim()).toBe(one.contentDigest);
    const again = await cachedPackage(options.cacheDir, one.sha256);
    expect(again?.contentDigest).toBe(one.contentDigest);
    writeFileSync(join(options.handlerDir, 'chunk-C3.mjs'), '1');
    const other = await buildPackage({ ...options, entry: 'azure.mjs' });
    expect(other.contentDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(other.contentDigest).not.toBe(one.contentDigest);
  });

  it('gives another package when a byte of the bundle changes', async () => {
    const before = await buildPackage(options);
    writeFileSync(join(options.handlerDir, 'chunk-C3.mjs'), '1');
    expect((await buildPackage(options)).sha256).not.toBe(before.sha256);
  });

  it('takes no notice of files that are not packed', async () => {
    const before = await buildPackage(options);
    writeFileSync(join(options.handlerDir, 'only-for-tools.mjs'), 'changed');
    expect(await buildPackage(options)).toEqual(before);
  });

  it('repairs a damaged package, and a damaged cache of compressed files', async () => {
    const before = await buildPackage(options);
    writeFileSync(before.path, 'damaged');
    const kept = join(options.cacheDir, 'deflated', deflateKey, sha256(library));
    writeFileSync(kept, Buffer.concat([readFileSync(kept).subarray(0, 40), Buffer.from('damaged')]));
    expect(await buildPackage(options)).toEqual(before);
    expect(sha256(readFileSync(before.path))).toBe(before.sha256);
  });

  it('takes compressed files from the shared cache, and leaves them there for others', async () => {
    const sharedCache = new SharedCache();
    const before = await buildPackage({ ...options, sharedCache });
    const key = `${deflateKey}-${sha256(library)}`;
    expect([...sharedCache.saved.keys()]).toContain(key);
    const warnings: string[] = [];
    const log = { ...silentLogger, progress: (label: string) => void warnings.push(label) };
    rmSync(options.cacheDir, { recursive: true });
    expect(await buildPackage({ ...options, sharedCache, log })).toEqual(before);
    expect(warnings.filter((label) => label.includes('Compressing'))).toEqual([]);
    expect(readdirSync(join(options.cacheDir, 'deflated', deflateKey)).filter((n) => n.endsWith('.shared'))).toEqual(
      [],
    );
  });

  it('takes nothing from the shared cache that does not unpack to the very file', async () => {
    const sharedCache = new SharedCache();
    const before = await buildPackage(options);
    for (const evil of [deflateRawSync('another library'), 'no stream']) {
      sharedCache.saved.set(`${deflateKey}-${sha256(library)}`, { deflated: evil });
      rmSync(options.cacheDir, { recursive: true });
      expect(await buildPackage({ ...options, sharedCache })).toEqual(before);
    }
  });

  it('does not fail because of a shared cache that does', async () => {
    const before = await buildPackage(options);
    rmSync(options.cacheDir, { recursive: true });
    expect(await buildPackage({ ...options, sharedCache: failingCache })).toEqual(before);
  });

  it('unpacks to what went in', async () => {
    const dir = await extractPackage(await buildPackage(options), join(folder, 'unpacked'));
    expect(readFileSync(join(dir, 'libx.so.1')).equals(library)).toBe(true);
    expect(readFileSync(join(dir, 'package.json'), 'utf8')).toBe('{"type":"module"}\n');
    expect(readFileSync(join(dir, 'LICENSES.txt'), 'utf8')).toContain('Copyright (c) Microsoft Corporation');
  });

  it('puts the runtime into a layer of its own on demand, which a change of the bundle leaves as it is', async () => {
    const whole = await buildPackage(options);
    const before = await buildPackage({ ...options, runtimeLayer: true });
    const { layer } = before;
    expect(before.entries.map((entry) => entry.name)).toEqual(
      expect.arrayContaining(['node.cjs', 'nodejs/node_modules/coldgate-onnxruntime/libx.so.1']),
    );
    expect(before.size).toBeLessThan(whole.size);
    const below = join(folder, 'opt');
    const opt = await extractPackage(layer as { path: string; sha256: string }, below);
    expect(readFileSync(join(opt, 'nodejs/node_modules/coldgate-onnxruntime/libx.so.1')).equals(library)).toBe(true);
    const code = await extractPackage(before, join(folder, 'task'));
    expect(existsSync(join(code, 'libx.so.1'))).toBe(false);
    writeFileSync(join(options.handlerDir, 'chunk-C3.mjs'), '1');
    const after = await buildPackage({ ...options, runtimeLayer: true });
    expect([after.layer, after.sha256 === before.sha256]).toEqual([layer, false]);
    // What was built before is found again with its layer, and not without it.
    const { path, sha256: digest, size } = before;
    expect(await cachedPackage(options.cacheDir, digest)).toEqual({ path, sha256: digest, size, layer });
    expect(await cachedPackage(options.cacheDir, whole.sha256)).toMatchObject({ sha256: whole.sha256 });
    rmSync(layer?.path ?? '');
    expect(await cachedPackage(options.cacheDir, digest)).toBeUndefined();
  });

  it('counts the layer in the budget', async () => {
    const unzipped = library.byteLength;
    const budget = { target: 'somewhere', unzipped, zipped: 1e9, source: 'a page' };
    const building = buildPackage({ ...options, budget, runtimeLayer: true });
    await expect(building).rejects.toMatchObject({ code: 'package-too-large' });
  });

  it('refuses a package over the budget before it is written', async () => {
    const budget = { target: 'somewhere', unzipped: 1000, zipped: 1000, source: 'a page' };
    await expect(buildPackage({ ...options, budget })).rejects.toMatchObject({ code: 'package-too-large', exit: 2 });
    expect(existsSync(join(options.cacheDir, 'packages'))).toBe(false);
  });

  it.each(['node.cjs', 'chunk-C3.mjs'])('says so when %s of the bundle is missing', async (name) => {
    rmSync(join(options.handlerDir, name));
    await expect(buildPackage(options)).rejects.toMatchObject({ code: 'handler-not-built', exit: 2 });
  });

  it('stops when the run is to end', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(buildPackage({ ...options, signal })).rejects.toThrow('stopped');
  });

  it('makes a folder of all tools beside the runtime, the same one each time', async () => {
    const dir = await prepareTools(options);
    expect(await prepareTools(options)).toBe(dir);
    expect(readdirSync(dir)).toEqual(
      expect.arrayContaining(['optimize.mjs', 'only-for-tools.mjs', 'libx.so.1', 'package.json']),
    );
    writeFileSync(join(dir, 'optimize.mjs'), 'changed by hand');
    expect(await prepareTools(options)).toBe(dir);
    const original = readFileSync(join(options.handlerDir, 'optimize.mjs'), 'utf8');
    expect(readFileSync(join(dir, 'optimize.mjs'), 'utf8')).toBe(original);
    writeFileSync(join(options.handlerDir, 'optimize.mjs'), 'new build');
    expect(await prepareTools(options)).not.toBe(dir);
  });
});

describe('deflate', () => {
  let cacheDir: string;
  beforeEach(() => {
    cacheDir = mkdtempSync(join(tmpdir(), 'coldgate-deflate-'));
  });
  afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

  it('gives bytes that never change, whatever the CPU and Node', async () => {
    // 32-bit integer arithmetic, so that the input is the same everywhere too.
    let state = 1;
    const bytes = Buffer.from(
      Array.from({ length: 600_000 }, () => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return (state >>> 16) % 23;
      }),
    );
    const joinable = await deflate('x', bytes, { cacheDir, log: silentLogger });
    expect(inflateRawSync(finished(joinable)).equals(bytes)).toBe(true);
    // Two of them in a row are one stream of both.
    const twice = Buffer.concat([joinable, finished(joinable)]);
    expect(inflateRawSync(twice).equals(Buffer.concat([bytes, bytes]))).toBe(true);
    expect(sha256(joinable)).toBe('baf3e5a19bb68a026636eb2414d35560b32812743318b714b36753a693d8ee76');
  });

  it('names the version of the compressor that is installed', () => {
    const { version } = JSON.parse(readFileSync(join(repository, 'node_modules', 'pako', 'package.json'), 'utf8'));
    expect(deflateKey).toContain(`pako-${version}-`);
  });
});
