import type { ImagePlatform } from './image.ts';
import { type ImageName, parseImageName } from './image-name.ts';
import { isIndex, type Manifest, readable } from './media-types.ts';
import { Registry, type RegistryOptions } from './registry.ts';

/**
 * Compressed bytes of the image with this name and digest, for one platform: its layers and configuration, as its manifest
 * has them. Throws what `Registry` throws, and RangeError for what is no name with a digest.
 */
export async function imageBytes(
  text: string,
  { os, architecture }: ImagePlatform,
  options: Omit<RegistryOptions, 'name' | 'access'>,
): Promise<number> {
  const name = parseImageName(text);
  const registry = new Registry({ ...options, name, access: 'pull' });
  const found = await readManifest(registry, name.digest);
  if (!isIndex(found)) return sizeOf(found as Manifest);
  const wanted = found.manifests.find(({ platform: one }) => one?.os === os && one.architecture === architecture);
  if (!wanted) throw new RangeError(`${name.repository} has no image for ${os}/${architecture}`);
  return sizeOf((await readManifest(registry, wanted.digest)) as Manifest);
}

async function readManifest(registry: Registry, digest: ImageName['digest']): Promise<object> {
  if (digest === undefined) throw new RangeError(`${registry.name.repository} is named without a digest`);
  const answer = await registry.send({ method: 'GET', path: `manifests/${digest}`, headers: { accept: readable } });
  if (!answer.ok) throw await registry.refusal(answer, `reading ${digest}`);
  return (await answer.json()) as object;
}

const sizeOf = ({ config, layers }: Manifest): number => [config, ...layers].reduce((sum, { size }) => sum + size, 0);
