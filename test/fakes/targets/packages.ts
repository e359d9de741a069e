import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { silentLogger } from '../../../src/log.ts';
import { sha256 } from '../../../src/model/digest.ts';
import { buildPackage } from '../../../src/package/build.ts';
import type { PackageFile } from '../../../src/package/package-file.ts';
import { hostPlatform } from '../../../src/package/platform.ts';
import { writeZip } from '../../../src/package/zip.ts';

const repository = join(import.meta.dirname, '..', '..', '..');

/** A package whose function is the fake handler; another `note` gives another package. */
export function fakePackage(dir: string, note = ''): PackageFile {
  const source = `${readFileSync(join(import.meta.dirname, 'handler.cjs'), 'utf8')}\n// ${note}\n`;
  const bytes = Buffer.from(source);
  const zip = writeZip([{ name: 'node.cjs', bytes, deflated: deflateRawSync(bytes) }]);
  mkdirSync(dir, { recursive: true });
  const path = join(dir, `${sha256(zip)}.zip`);
  writeFileSync(path, zip);
  return { path, sha256: sha256(zip), size: zip.byteLength };
}

/** Two packages of the real handler that differ in a comment. */
export async function realPackages(
  dir: string,
  entry = 'node.cjs',
  runtimeLayer = false,
): Promise<[PackageFile, PackageFile]> {
  const script: unknown = await import(join(repository, 'scripts', 'build-handler.mjs'));
  const { buildHandler } = script as { buildHandler(options: { outdir: string }): Promise<void> };
  const handlerDir = join(dir, 'handler');
  await buildHandler({ outdir: handlerDir });
  const unpacked = [join(repository, 'node_modules', 'onnxruntime-node')];
  const cacheDir = join(dir, 'cache');
  const options = { platform: hostPlatform(), entry, handlerDir, cacheDir, log: silentLogger, runtimeLayer };
  const first = await buildPackage({ ...options, runtime: { unpacked } });
  writeFileSync(join(handlerDir, entry), `${readFileSync(join(handlerDir, entry), 'utf8')}\n// Another build.\n`);
  return [first, await buildPackage({ ...options, runtime: { unpacked } })];
}
