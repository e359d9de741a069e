import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/digest.ts';
import { prepareRuntime, type RuntimeOptions } from '../../src/package/runtime.ts';
import type { RuntimePins } from '../../src/package/runtime-pins.ts';
import { failingCache, SharedCache } from '../fakes/package/shared-cache.ts';
import { recordingLog } from '../fakes/targets/log.ts';

const library = 'library '.repeat(4000);
const binding = 'binding';
const contents: Record<string, string> = {
  'package/package.json': '{}',
  'package/bin/linux/libx.so.1': library,
  'package/bin/linux/x.node': binding,
  'package/script/install.js': 'throw new Error("scripts never run")',
};

async function archiveOf(files: Record<string, string>): Promise<Buffer> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text);
  tar.finalize();
  return gzipSync(await buffer(tar));
}

describe('prepareRuntime', () => {
  let folder: string;
  let archive: Buffer;
  let options: RuntimeOptions & { log: ReturnType<typeof recordingLog> };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'coldgate-runtime-'));
    archive = await archiveOf(contents);
    options = {
      os: 'linux',
      arch: 'x64',
      cacheDir: join(folder, 'cache'),
      log: recordingLog(),
      pins: pinsFor(archive),
      npm: npm(archive),
    };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const pinsFor = (bytes: Uint8Array): RuntimePins => ({
    name: 'x-node',
    version: '9.9.9',
    integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
    archiveSize: bytes.byteLength,
    folder: () => 'bin/linux',
    files: () => [
      { name: 'libx.so.1', size: library.length, sha256: sha256(library) },
      { name: 'x.node', size: binding.length, sha256: sha256(binding) },
    ],
  });
  /** An npm that hands out these bytes, or has this fault. */
  const npm = (what: Uint8Array | string) => {
    const path = join(folder, 'given.tgz');
    if (typeof what !== 'string') writeFileSync(path, what);
    const script = join(import.meta.dirname, 'fake-npm.mjs');
    return { command: process.execPath, args: [script, typeof what === 'string' ? what : path] };
  };
  const home = () => join(options.cacheDir, 'runtime', 'x-node-9.9.9-linux-x64');
  const isComplete = () =>
    readFileSync(join(home(), 'libx.so.1'), 'utf8') === library &&
    readFileSync(join(home(), 'x.node'), 'utf8') === binding;

  it('takes the two files out of the archive, and leaves nothing else', async () => {
    const runtime = await prepareRuntime(options);
    expect(runtime).toMatchObject({ dir: home(), version: '9.9.9' });
    expect(runtime.files.map((file) => [file.path, file.sha256])).toEqual([
      [join(home(), 'libx.so.1'), sha256(library)],
      [join(home(), 'x.node'), sha256(binding)],
    ]);
    expect(readdirSync(home()).sort()).toEqual(['libx.so.1', 'x.node']);
    expect(readdirSync(dirname(home()))).toEqual(['x-node-9.9.9-linux-x64']);
  });

  it('asks npm for the exact version, and for no script', async () => {
    await prepareRuntime(options);
    const args = JSON.parse(readFileSync(join(folder, 'given.tgz.args'), 'utf8'));
    expect(args).toEqual([
      'pack',
      'x-node@9.9.9',
      '--ignore-scripts',
      '--prefer-offline',
      '--json',
      '--pack-destination',
    ]);
  });

  it('needs no npm once it is cached', async () => {
    await prepareRuntime(options);
    await prepareRuntime({ ...options, npm: npm('offline') });
    expect(options.log.infos).toHaveLength(1);
  });

  it.each([
    ['a changed file', () => writeFileSync(join(home(), 'x.node'), 'bindinG')],
    ['a shorter file', () => writeFileSync(join(home(), 'libx.so.1'), 'lib')],
    ['a missing file', () => rmSync(join(home(), 'x.node'))],
    ['a file too many', () => writeFileSync(join(home(), 'y.node'), '')],
  ])('repairs a cache with %s', async (_name, damage) => {
    await prepareRuntime(options);
    damage();
    await prepareRuntime(options);
    expect(isComplete()).toBe(true);
    expect(readdirSync(home())).toHaveLength(2);
  });

  it('is safe against others that prepare the same', async () => {
    await Promise.all(Array.from({ length: 4 }, () => prepareRuntime(options)));
    expect(isComplete()).toBe(true);
    expect(readdirSync(dirname(home()))).toEqual(['x-node-9.9.9-linux-x64']);
  });

  it('refuses an archive that is not the pinned one', async () => {
    const other = await archiveOf({ ...contents, 'package/package.json': '{"evil":true}' });
    const preparing = prepareRuntime({ ...options, npm: npm(other) });
    await expect(preparing).rejects.toMatchObject({ code: 'runtime-integrity', exit: 3 });
    expect(readdirSync(dirname(home()))).toEqual([]);
  });

  it.each([
    ['another file of the same size', { 'package/bin/linux/x.node': 'Binding' }],
    ['a file of another size', { 'package/bin/linux/x.node': 'bindings' }],
  ])('refuses %s inside an archive of the pinned digest', async (_name, change) => {
    const other = await archiveOf({ ...contents, ...change });
    const pins = pinsFor(other);
    await expect(prepareRuntime({ ...options, npm: npm(other), pins })).rejects.toMatchObject({
      code: 'runtime-integrity',
    });
    expect(existsSync(home())).toBe(false);
  });

  it('refuses an archive without one of the files', async () => {
    const { 'package/bin/linux/x.node': _, ...rest } = contents;
    const other = await archiveOf(rest);
    const preparing = prepareRuntime({ ...options, npm: npm(other), pins: pinsFor(other) });
    await expect(preparing).rejects.toMatchObject({ code: 'runtime-integrity', data: { name: 'x.node' } });
  });

  it.each([
    ['there is no network', 'offline', 'ENOTFOUND'],
    ['the registry wants a login', 'old-npm', 'E401'],
    ['npm writes nothing', 'silent', 'no-archive'],
  ])('says what to do when %s', async (_name, fault, code) => {
    const preparing = prepareRuntime({ ...options, npm: npm(fault) });
    await expect(preparing).rejects.toMatchObject({
      code: 'runtime-download-failed',
      hint: expect.stringMatching(/./),
      data: { npm_code: code },
    });
  });

  it('says so when there is no npm', async () => {
    const preparing = prepareRuntime({ ...options, npm: { command: join(folder, 'no-npm'), args: [] } });
    await expect(preparing).rejects.toMatchObject({ code: 'npm-not-found', exit: 2 });
  });

  it('stops npm when the run is to end', async () => {
    const preparing = prepareRuntime({ ...options, npm: npm('hang'), signal: AbortSignal.timeout(300) });
    await expect(preparing).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('uses an unpacked package on this machine whose files are the pinned ones', async () => {
    const root = join(folder, 'node_modules', 'x-node');
    mkdirSync(join(root, 'bin', 'linux'), { recursive: true });
    writeFileSync(join(root, 'bin', 'linux', 'libx.so.1'), library);
    writeFileSync(join(root, 'bin', 'linux', 'x.node'), binding);
    await prepareRuntime({ ...options, unpacked: [join(folder, 'nowhere'), root], npm: npm('offline') });
    expect(isComplete()).toBe(true);
    rmSync(home(), { recursive: true });
    writeFileSync(join(root, 'bin', 'linux', 'x.node'), 'Binding');
    const preparing = prepareRuntime({ ...options, unpacked: [root], npm: npm('offline') });
    await expect(preparing).rejects.toMatchObject({ code: 'runtime-download-failed' });
  });

  it('saves a download in the shared cache and restores from it', async () => {
    const cache = new SharedCache();
    await prepareRuntime({ ...options, sharedCache: cache });
    expect([...cache.saved.keys()]).toEqual(['x-node-9.9.9-linux-x64']);
    rmSync(options.cacheDir, { recursive: true });
    await prepareRuntime({ ...options, sharedCache: cache, npm: npm('offline') });
    expect(isComplete()).toBe(true);
  });

  it('downloads when the shared cache holds damaged files, and says so', async () => {
    const cache = new SharedCache();
    cache.saved.set('x-node-9.9.9-linux-x64', { 'libx.so.1': library, 'x.node': 'evil' });
    await prepareRuntime({ ...options, sharedCache: cache });
    expect(isComplete()).toBe(true);
    expect(options.log.warnings).toHaveLength(1);
  });

  it('does not fail because of a shared cache that does', async () => {
    await prepareRuntime({ ...options, sharedCache: failingCache });
    expect(isComplete()).toBe(true);
  });

  it.each([
    ['darwin', 'x64'],
    ['win32', 'x64'],
    ['linux', 'ia32'],
  ])('has nothing for %s %s, and says so', async (os, arch) => {
    const { pins: _, ...rest } = options;
    const preparing = prepareRuntime({ ...rest, os: os as 'linux', arch: arch as 'x64' });
    await expect(preparing).rejects.toMatchObject({ code: 'platform-not-supported', exit: 2 });
  });
});
