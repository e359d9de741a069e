import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { silentLogger } from '../../../src/log.ts';
import { sha256 } from '../../../src/model/digest.ts';
import { buildPackage } from '../../../src/package/build.ts';
import { type BundleFile, bundleFiles } from '../../../src/package/bundle-files.ts';
import type { PackageFile } from '../../../src/package/package-file.ts';
import { hostPlatform } from '../../../src/package/platform.ts';
import { writeZip } from '../../../src/package/zip.ts';
import { testCache } from '../processes/runner.ts';

const repository = join(import.meta.dirname, '..', '..', '..');

/** A package whose function is the fake handler; another `note` gives another package. */
export function fakePackage(dir: string, note = ''): PackageFile {
  const source = `${readFileSync(join(import.meta.dirname, 'handler.cjs'), 'utf8')}\n// ${note}\n`;
  return keepZip(dir, [{ name: 'node.cjs', bytes: Buffer.from(source) }]);
}

function keepZip(dir: string, files: readonly BundleFile[]): PackageFile {
  const zip = writeZip(files.map(({ name, bytes }) => ({ name, bytes, deflated: deflateRawSync(bytes) })));
  mkdirSync(dir, { recursive: true });
  const path = join(dir, `${sha256(zip)}.zip`);
  writeFileSync(path, zip);
  return { path, sha256: sha256(zip), size: zip.byteLength };
}

/** Where the function's bundle is built; returns a step that makes it another build of the same function. */
async function builtHandler(dir: string, entry: string): Promise<{ handlerDir: string; change: () => void }> {
  const script: unknown = await import(join(repository, 'scripts', 'build-handler.mjs'));
  const { buildHandler } = script as { buildHandler(options: { outdir: string }): Promise<void> };
  const handlerDir = join(dir, 'handler');
  await buildHandler({ outdir: handlerDir });
  const path = join(handlerDir, entry);
  return { handlerDir, change: () => writeFileSync(path, `${readFileSync(path, 'utf8')}\n// Another build.\n`) };
}

/** Two packages of the real handler that differ in a comment. What is compressed is kept for all tests of a checkout. */
export async function realPackages(
  dir: string,
  entry = 'node.cjs',
  runtimeLayer = false,
): Promise<[PackageFile, PackageFile]> {
  const { handlerDir, change } = await builtHandler(dir, entry);
  const unpacked = [join(repository, 'node_modules', 'onnxruntime-node')];
  const options = { platform: hostPlatform(), entry, handlerDir, cacheDir: testCache, log: silentLogger, runtimeLayer };
  const first = await buildPackage({ ...options, runtime: { unpacked } });
  change();
  return [first, await buildPackage({ ...options, runtime: { unpacked } })];
}

/**
 * The same, with the path of this machine's native runtime in place of the runtime, as src/package/runtime-layer.ts has it for
 * a layer: to send 18 MB for each function costs more than all that is asked of it.
 */
export async function packagesWithoutRuntime(dir: string, entry: string): Promise<[PackageFile, PackageFile]> {
  const { handlerDir, change } = await builtHandler(dir, entry);
  const first = await zipOfBundle(dir, handlerDir, entry);
  change();
  return [first, await zipOfBundle(dir, handlerDir, entry)];
}

async function zipOfBundle(dir: string, handlerDir: string, entry: string): Promise<PackageFile> {
  const { platform, arch } = process;
  const name = 'onnxruntime_binding.node';
  const path = join(repository, 'node_modules', 'onnxruntime-node', 'bin', 'napi-v6', platform, arch, name);
  const pointer = {
    'package.json': '{ "main": "index.cjs" }',
    'index.cjs': `module.exports = ${JSON.stringify(path)};`,
  };
  const files = Object.entries(pointer).map(([file, text]) => ({ name: `${name}/${file}`, bytes: Buffer.from(text) }));
  return keepZip(dir, [...(await bundleFiles(handlerDir, entry)), ...files]);
}
