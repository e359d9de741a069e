import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ColdgateError, exitCodes, IntegrityError } from '../errors.ts';
import { writeFileAtomic } from '../package/atomic-file.ts';
import type { BaseImage, ImageConfig, ImagePlatform } from './image.ts';
import { isIndex, type Manifest, readable } from './media-types.ts';
import type { Registry } from './registry.ts';

/** Documents of registries are small; more than this is none. Bytes. */
const maxDocument = 4 * 1024 * 1024;

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/**
 * What is there under a digest, held against it as it comes; from the folder where it was read before.
 * Throws IntegrityError `wrong-image` and what `Registry` throws.
 */
export async function readByDigest(registry: Registry, path: string, digest: string, folder: string): Promise<Buffer> {
  const kept = join(folder, digest.replace(':', '-'));
  const known = await readFile(kept).catch(() => undefined);
  if (known && digestOf(known) === digest) return known;
  const answer = await registry.send({ method: 'GET', path: `${path}/${digest}`, headers: { accept: readable } });
  if (!answer.ok) throw await registry.refusal(answer, `reading ${digest}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const got = digestOf(bytes);
  if (got !== digest) {
    const message = `${registry.name.registry} answers other bytes for ${digest}: ${got}.`;
    throw new IntegrityError('wrong-image', message, { hint: 'Run this again; a proxy on the way may be at fault.' });
  }
  await writeFileAtomic(kept, bytes);
  return bytes;
}

/**
 * Manifest and configuration of a base image for one platform, out of an index where it is one.
 * @param folder where documents of images are kept: with them nothing has to be asked
 * Throws ColdgateError `base-not-usable` (exit 2) where it has nothing for the platform.
 */
export async function readBase(registry: Registry, platform: ImagePlatform, folder: string): Promise<BaseImage> {
  const { digest = '', repository } = registry.name;
  const read = async (kind: 'manifests' | 'blobs', one: string): Promise<object> => {
    const bytes = await readByDigest(registry, kind, one, folder);
    if (bytes.byteLength > maxDocument) throw notUsable(`${repository}@${one} is no document of an image`);
    return JSON.parse(bytes.toString('utf8')) as object;
  };
  let found = await read('manifests', digest);
  if (isIndex(found)) {
    const wanted = found.manifests.find(
      ({ platform: one }) => one?.os === platform.os && one.architecture === platform.architecture,
    );
    if (!wanted) throw notUsable(`${repository} has no image for ${platform.os}/${platform.architecture}`);
    found = await read('manifests', wanted.digest);
  }
  const manifest = found as Manifest;
  const config = (await read('blobs', manifest.config.digest)) as ImageConfig;
  if (config.os === platform.os && config.architecture === platform.architecture) return { manifest, config };
  throw notUsable(`${repository} is for ${config.os}/${config.architecture}, not ${platform.architecture}`);
}

const notUsable = (why: string): ColdgateError =>
  new ColdgateError('base-not-usable', exitCodes.usage, `The base image cannot be built on: ${why}.`, {
    hint: 'Name another base-image under target, by its digest.',
  });
