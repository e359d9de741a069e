import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/log.ts';
import { sha256 } from '../../src/model/digest.ts';
import { type BuiltPackage, buildPackage } from '../../src/package/build.ts';
import { findNpm } from '../../src/package/npm-pack.ts';
import type { Platform } from '../../src/package/platform.ts';
import { prepareRuntime } from '../../src/package/runtime.ts';
import { onnxRuntimePins } from '../../src/package/runtime-pins.ts';
import { extractPackage } from '../../src/package/unzip.ts';

const repository = join(import.meta.dirname, '..', '..');

/** What the project promises of its packages. MB are 1,000,000 bytes. */
const limits: [Platform, { zippedMb: number; unzippedMb: number }][] = [
  [
    { os: 'linux', arch: 'x64' },
    { zippedMb: 18.5, unzippedMb: 47 },
  ],
  [
    { os: 'linux', arch: 'arm64' },
    { zippedMb: 11, unzippedMb: 26.5 },
  ],
];

describe('the real package', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'coldgate-real-'));
    const script: unknown = await import(join(repository, 'scripts', 'build-handler.mjs'));
    await (script as { buildHandler(to: { outdir: string }): Promise<void> }).buildHandler({
      outdir: join(folder, 'handler'),
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const build = (platform: Platform): Promise<BuiltPackage> =>
    buildPackage({
      platform,
      handlerDir: join(folder, 'handler'),
      cacheDir: join(folder, 'cache'),
      log: silentLogger,
      runtime: { unpacked: [join(repository, 'node_modules', 'onnxruntime-node')] },
    });

  it.each(limits)('for %o stays within its size', async (platform, { zippedMb, unzippedMb }) => {
    const { size, entries } = await build(platform);
    expect(size).toBeLessThanOrEqual(zippedMb * 1e6);
    expect(entries.reduce((sum, entry) => sum + entry.size, 0)).toBeLessThanOrEqual(unzippedMb * 1e6);
  });

  it('has the bundle of one adapter and the runtime of one platform', async () => {
    const { entries } = await build({ os: 'linux', arch: 'arm64' });
    const names = entries.map((entry) => entry.name);
    expect(names).toEqual(expect.arrayContaining(['node.cjs', 'libonnxruntime.so.1', 'onnxruntime_binding.node']));
    expect(names).not.toContain('optimize.mjs');
  });

  it('holds the pinned bytes of the runtime', async () => {
    const platform: Platform = { os: 'linux', arch: 'x64' };
    const dir = await extractPackage(await build(platform), join(folder, 'unpacked'));
    for (const file of onnxRuntimePins.files(platform)) {
      expect(sha256(readFileSync(join(dir, file.name)))).toBe(file.sha256);
    }
  });

  it('is pinned to the archive that the lock file names', () => {
    const { packages } = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8'));
    const locked = packages['node_modules/onnxruntime-node'];
    expect([onnxRuntimePins.version, onnxRuntimePins.integrity]).toEqual([locked.version, locked.integrity]);
  });

  it('comes through npm as the pinned archive, whose files are the pinned ones', async () => {
    const log = silentLogger;
    const runtime = await prepareRuntime({
      os: 'linux',
      arch: 'arm64',
      cacheDir: join(folder, 'npm'),
      log,
      npm: findNpm(),
    });
    expect(runtime.files.map((file) => sha256(readFileSync(file.path)))).toEqual(runtime.files.map((f) => f.sha256));
  });
});
