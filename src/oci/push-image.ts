import { join } from 'node:path';
import { IntegrityError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { readPackage } from '../package/package-cache.ts';
import type { PackageFile } from '../package/package-file.ts';
import type { RegistryLogin } from './authorization.ts';
import { assembleImage, type ContainerSettings, type Image, type ImagePlatform } from './image.ts';
import { type ImageName, parseImageName } from './image-name.ts';
import { pushBlob } from './push-blob.ts';
import { readBase, readByDigest } from './read-base.ts';
import { Registry } from './registry.ts';
import type { RegistryHints } from './registry-error.ts';

export interface PushOptions {
  /** `registry/repository`: where the image goes. */
  to: string;
  /** A package of the form `{root}`, such as `buildPackage` makes with `archive`. */
  layer: PackageFile;
  /** `name@sha256:…`; without it the image is our layer alone. */
  base?: string | undefined;
  platform: ImagePlatform;
  settings: ContainerSettings;
  /** Who pushes. */
  login(): Promise<RegistryLogin>;
  /** Who pulls the base, where its registry is another one; nobody by default. */
  baseLogin?: (() => Promise<RegistryLogin>) | undefined;
  hints: RegistryHints;
  /** Absolute folder for what can be made again. */
  cacheDir: string;
  log: Logger;
  signal: AbortSignal;
  /** Describes what the image would be, and pushes nothing. */
  dryRun?: boolean | undefined;
}

export interface PushedImage {
  /** `registry/repository@sha256:…` */
  reference: string;
  /** The digest alone, hexadecimal. */
  sha256: string;
  /** False where the registry had it. */
  pushed: boolean;
}

/**
 * Assembles an image of our layer and pushes it, without Docker. The image is named by its digest, which the same package,
 * base and settings always have; it gets a tag of the package besides, so that no rule for untagged images takes it away.
 * A base is read once and kept; of its layers only those are fetched that the registry has not got.
 * Throws ColdgateError `registry-denied`, `registry-failed` (exit 8), `no-repository`, `base-not-usable` (exit 2) and
 * IntegrityError `wrong-image`.
 */
export async function pushImage(options: PushOptions): Promise<PushedImage> {
  const { layer, platform, settings, signal, hints, cacheDir, log, login } = options;
  const documents = join(cacheDir, 'images');
  const base = options.base === undefined ? undefined : baseRegistry(options, options.base);
  const found = base && (await readBase(base, platform, documents));
  const { sha256, size, tarSha256 = '' } = layer;
  const image = assembleImage({ sha256, size, tarSha256 }, settings, platform, found);
  const name = parseImageName(options.to);
  const pushed = { reference: referenceOf(name, image), sha256: image.digest.slice('sha256:'.length) };
  if (options.dryRun) return { ...pushed, pushed: false };
  const registry = new Registry({ name, access: 'push', login, hints, signal });
  const head = await registry.send({ method: 'HEAD', path: `manifests/${image.digest}`, headers: acceptOf(image) });
  if (head.ok) return { ...pushed, pushed: false };
  if (head.status !== 404) throw await registry.refusal(head, 'looking for the image');
  log.info(`Pushing the image ${pushed.reference}.`);
  await pushBlobs(registry, image, options, base);
  await putManifest(registry, image, sha256);
  return { ...pushed, pushed: true };
}

const referenceOf = ({ registry, repository }: ImageName, { digest }: Image): string =>
  `${registry}/${repository}@${digest}`;

const acceptOf = ({ manifest }: Image) => ({ accept: manifest.descriptor.mediaType });

function baseRegistry({ to, login, baseLogin, signal }: PushOptions, base: string): Registry {
  const name = parseImageName(base);
  const isSame = name.registry === parseImageName(to).registry;
  return new Registry({
    ...{ name, access: 'pull', signal, login: isSame ? login : baseLogin },
    hints: {
      denied: `A base image that needs a login must be in the registry that the image is pushed to.`,
      missing: 'Check base-image under target.',
    },
  });
}

async function pushBlobs(registry: Registry, image: Image, options: PushOptions, base: Registry | undefined) {
  const { layer, cacheDir, log, signal } = options;
  const config = image.config;
  await pushBlob(registry, { descriptor: config.descriptor, bytes: async () => config.bytes });
  for (const descriptor of image.layers) {
    signal.throwIfAborted();
    const { digest, size } = descriptor;
    if (digest === `sha256:${layer.sha256}`) {
      await pushBlob(registry, { descriptor, bytes: () => readPackage(layer) });
    } else if (base) {
      const mountFrom = base.name.registry === registry.name.registry ? base.name.repository : undefined;
      const bytes = () => {
        log.info(`Copying a layer of the base image (${Math.ceil(size / 1e6)} MB).`);
        return readByDigest(base, 'blobs', digest, join(cacheDir, 'images'));
      };
      await pushBlob(registry, { descriptor, mountFrom, bytes });
    }
  }
}

/** Throws IntegrityError `wrong-image` where the registry has got something else. */
async function putManifest(registry: Registry, { manifest, digest }: Image, packageSha256: string): Promise<void> {
  const { bytes, descriptor } = manifest;
  const path = `manifests/coldgate-${packageSha256.slice(0, 12)}-${digest.slice(7, 19)}`;
  const headers = { 'content-type': descriptor.mediaType };
  const answer = await registry.send({ method: 'PUT', path, headers, bytes });
  if (!answer.ok) throw await registry.refusal(answer, 'pushing the image');
  await answer.body?.cancel();
  const got = answer.headers.get('docker-content-digest') ?? digest;
  if (got === digest) return;
  throw new IntegrityError('wrong-image', `${registry.name.registry} has the image as ${got}, not as ${digest}.`, {
    hint: 'Run this again; a proxy on the way may have changed it.',
  });
}
