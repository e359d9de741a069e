import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../src/log.ts';
import { sha256 } from '../../src/model/digest.ts';
import { type BuildOptions, buildPackage } from '../../src/package/build.ts';
import { deflateKey } from '../../src/package/deflate.ts';
import { cachedPackage, readPackage } from '../../src/package/package-cache.ts';
import type { RuntimePins } from '../../src/package/runtime-pins.ts';
import { prepareTools } from '../../src/package/tools.ts';
import { extractPackage } from '../../src/package/unzip.ts';
import { findNewerNode } from '../../src/runner/newer-node.ts';
import { SharedCache } from '../fakes/package/shared-cache.ts';
import { forge } from '../fakes/registry/forged-bytes.ts';

/** Above the size from which compressed files are kept. */
const library = Buffer.from(Array.from({ length: 60_000 }, (_, at) => `native code ${at % 977} `).join(''));
const evil = forge(library);
const pins: RuntimePins = {
  name: 'x-node',
  version: '9.9.9',
  integrity: `sha512-${createHash('sha512').digest('base64')}`,
  archiveSize: 0,
  folder: () => '.',
  files: () => [{ name: 'libx.so.1', size: library.byteLength, sha256: sha256(library) }],
};

/** Everything here has the right shape, the right size and its own right digest or checksum; only its content is another. */
describe('a cache that somebody else has written', () => {
  let folder: string;
  let options: BuildOptions;
  let unzipped: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'coldgate-poisoned-'));
    const handlerDir = join(folder, 'dist', 'handler');
    mkdirSync(handlerDir, { recursive: true });
    mkdirSync(join(folder, 'x-node'));
    writeFileSync(join(folder, 'x-node', 'libx.so.1'), library);
    for (const name of ['node.cjs', 'optimize.mjs']) writeFileSync(join(handlerDir, name), `// ${name}\n`);
    options = {
      ...{ platform: { os: 'linux', arch: 'x64' }, handlerDir, cacheDir: join(folder, 'cache'), log: silentLogger },
      runtime: { unpacked: [join(folder, 'x-node')], pins },
    };
    unzipped = join(folder, 'unzipped');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** The digest of the library in the package, as a target unpacks and runs it. */
  const deployed = async (more: Partial<BuildOptions> = {}): Promise<string> => {
    const dir = await extractPackage(await buildPackage({ ...options, ...more }), unzipped);
    return sha256(readFileSync(join(dir, 'libx.so.1')));
  };
  const inCache = (...parts: string[]): string => join(options.cacheDir, ...parts);
  const entry = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from(sha256(bytes), 'hex'), bytes]);
  const forgetPackages = () => {
    rmSync(inCache('packages'), { recursive: true, force: true });
    rmSync(unzipped, { recursive: true, force: true });
  };

  it.each<[string, () => void | Promise<void>]>([
    [
      'compressed file',
      () => writeFileSync(inCache('deflated', deflateKey, sha256(library)), entry(deflateRawSync(evil))),
    ],
    [
      'compressed file with something behind it',
      () => {
        const longer = Buffer.concat([deflateRawSync(library), Buffer.from('PK and more')]);
        writeFileSync(inCache('deflated', deflateKey, sha256(library)), entry(longer));
      },
    ],
    ['native runtime', () => writeFileSync(inCache('runtime', 'x-node-9.9.9-linux-x64', 'libx.so.1'), evil)],
    [
      'native runtime as a link',
      () => {
        const path = inCache('runtime', 'x-node-9.9.9-linux-x64', 'libx.so.1');
        writeFileSync(join(folder, 'elsewhere'), library);
        rmSync(path);
        symlinkSync(join(folder, 'elsewhere'), path);
      },
    ],
  ])('does not decide what is deployed: %s', async (_name, poison) => {
    const before = await buildPackage(options);
    forgetPackages();
    await poison();
    expect(await deployed()).toBe(sha256(library));
    expect((await buildPackage(options)).sha256).toBe(before.sha256);
  });

  it('does not decide what is run: an unzipped folder of the same names, sizes and checksums', async () => {
    const zip = await buildPackage(options);
    writeFileSync(join(await extractPackage(zip, unzipped), 'libx.so.1'), evil);
    expect(await deployed()).toBe(sha256(library));
  });

  it('does not decide what is uploaded: a package under the digest of another', async () => {
    const zip = await buildPackage(options);
    const good = readFileSync(zip.path);
    writeFileSync(zip.path, forge(good));
    await expect(readPackage(zip)).rejects.toMatchObject({ code: 'bad-zip', exit: 3 });
    expect(await cachedPackage(options.cacheDir, zip.sha256)).toBeUndefined();
    expect(readFileSync((await buildPackage(options)).path).equals(good)).toBe(true);
  });

  it('does not decide what is uploaded: a layer under the digest of another', async () => {
    const zip = await buildPackage({ ...options, runtimeLayer: true });
    writeFileSync(zip.layer?.path ?? '', forge(readFileSync(zip.layer?.path ?? '')));
    expect(await cachedPackage(options.cacheDir, zip.sha256)).toBeUndefined();
  });

  it('does not decide what loads a model on this machine', async () => {
    const dir = await prepareTools(options);
    writeFileSync(join(dir, 'libx.so.1'), evil);
    expect(sha256(readFileSync(join(await prepareTools(options), 'libx.so.1')))).toBe(sha256(library));
  });

  it.each<[string, string, Record<string, Buffer>]>([
    ['compressed file', `${deflateKey}-${sha256(library)}`, { deflated: deflateRawSync(evil) }],
    ['native runtime', 'x-node-9.9.9-linux-x64', { 'libx.so.1': evil }],
    ['native runtime and a file beside it', 'x-node-9.9.9-linux-x64', { 'libx.so.1': library, 'more.node': evil }],
  ])('does not decide what is deployed, though the runner restored it: %s', async (_name, key, files) => {
    const sharedCache = new SharedCache();
    sharedCache.saved.set(key, files);
    expect(await deployed({ sharedCache })).toBe(sha256(library));
  });
});

describe('the Node that is brought', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coldgate-node-'));
    mkdirSync(join(folder, 'bin'));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  const name = `node-${process.platform}-${process.arch}`;
  const binary = () => join(folder, 'node-24.21.0', 'node_modules', name, 'bin', 'node');
  const find = () => findNewerNode(join(folder, 'dist'), folder, silentLogger);
  const script = (path: string, text: string) => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
  };
  /** The only npm there is; `{}` in its words is the folder of the package that it brings. */
  const npm = (text: string) => {
    script(join(folder, 'bin', 'npm'), text.replaceAll('{}', join('node_modules', name, 'bin')));
    vi.stubEnv('PATH', [join(folder, 'bin'), '/usr/bin', '/bin'].join(delimiter));
  };

  it('is not what somebody put into the cache', async () => {
    script(binary(), 'echo not Node');
    npm('exit 1');
    await expect(find()).rejects.toMatchObject({ code: 'old-node', exit: 2 });
  });

  it('is not what a registry hands out in its place, which is not kept either', async () => {
    npm('mkdir -p {} && echo other > {}/node');
    await expect(find()).rejects.toMatchObject({ code: 'node-integrity', exit: 3 });
    expect(existsSync(join(folder, 'node-24.21.0'))).toBe(false);
  });

  it('is the pinned one, in place of what lay there', async () => {
    const pinned = sha256(readFileSync(process.execPath));
    script(binary(), 'echo not Node');
    npm(`mkdir -p {} && cp ${process.execPath} {}/node`);
    // Where the tests run on another build of Node, that one is refused.
    const found = await find().catch((error: { data?: { got?: string } }) => error);
    if (typeof found === 'string') expect(sha256(readFileSync(found))).toBe(pinned);
    else expect(found).toMatchObject({ code: 'node-integrity', data: { got: pinned } });
  });

  it('is the one that the user names', async () => {
    vi.stubEnv('COLDGATE_NODE', '/opt/node/bin/node');
    expect(await find()).toBe('/opt/node/bin/node');
  });
});
