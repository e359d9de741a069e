import { createHash } from 'node:crypto';
import { type Descriptor, dockerTypes, type Manifest, type MediaTypes, ociTypes } from './media-types.ts';

/** The files of the function: a `.tar.gz`, and the digest of the tar in it. */
export interface Layer {
  sha256: string;
  size: number;
  tarSha256: string;
}

/** How a container of the image is started; what is left out is the base's. */
export interface ContainerSettings {
  Entrypoint?: string[];
  Cmd?: string[];
  WorkingDir?: string;
  User?: string;
  Env?: string[];
}

export interface ImagePlatform {
  os: 'linux';
  architecture: 'amd64' | 'arm64';
}

/** An image's configuration, as far as it is read here. https://github.com/opencontainers/image-spec/blob/main/config.md */
export interface ImageConfig extends ImagePlatform {
  config?: ContainerSettings & Record<string, unknown>;
  rootfs: { type: 'layers'; diff_ids: string[] };
  history?: object[];
  created?: string;
}

export interface BaseImage {
  manifest: Manifest;
  config: ImageConfig;
}

export interface Blob {
  descriptor: Descriptor;
  bytes: Buffer;
}

/** An image before it is anywhere: the same layer, base and settings give the same digest on every machine. */
export interface Image {
  /** Of the manifest: what names the image. */
  digest: string;
  manifest: Blob;
  config: Blob;
  layers: Descriptor[];
}

/** The moment that everything in it is of: none that a clock could tell. */
const epoch = '1970-01-01T00:00:00Z';

/**
 * Our layer on a base, or by itself where the platform brings the base along. Types are the base's own: registries and
 * Lambda refuse manifests that mix those of OCI and Docker.
 */
export function assembleImage(
  layer: Layer,
  settings: ContainerSettings,
  platform: ImagePlatform,
  base?: BaseImage,
): Image {
  const types = base?.manifest.config.mediaType === dockerTypes.config ? dockerTypes : ociTypes;
  const { rootfs, history = [], config = {}, ...rest } = base?.config ?? scratch(platform);
  const made: ImageConfig = {
    ...rest,
    ...platform,
    ...{ created: epoch },
    config: { ...config, ...settings, Env: mergedVariables(config.Env, settings.Env) },
    rootfs: { type: 'layers', diff_ids: [...rootfs.diff_ids, `sha256:${layer.tarSha256}`] },
    history: [...history, { created: epoch, created_by: 'coldgate', comment: 'the function' }],
  };
  const own = { mediaType: types.layer, digest: `sha256:${layer.sha256}`, size: layer.size };
  const layers = [...(base?.manifest.layers ?? []), own];
  const blob = blobOf(made, types.config);
  const document: Manifest = { schemaVersion: 2, mediaType: types.manifest, config: blob.descriptor, layers };
  const manifest = blobOf(document, types.manifest);
  return { digest: manifest.descriptor.digest, manifest, config: blob, layers };
}

const scratch = (platform: ImagePlatform): ImageConfig => ({
  ...platform,
  rootfs: { type: 'layers', diff_ids: [] },
});

function blobOf(document: object, mediaType: MediaTypes[keyof MediaTypes]): Blob {
  const bytes = Buffer.from(JSON.stringify(document));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { bytes, descriptor: { mediaType, digest, size: bytes.byteLength } };
}

/** `NAME=value`, each name once. */
function mergedVariables(before: readonly string[] = [], more: readonly string[] = []): string[] {
  const byName = new Map([...before, ...more].map((one) => [one.split('=')[0], one]));
  return [...byName.values()];
}
