/** A blob or manifest as a document names it. */
export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

export interface Manifest {
  schemaVersion: 2;
  mediaType?: string;
  config: Descriptor;
  layers: Descriptor[];
}

export interface Index {
  manifests: (Descriptor & { platform?: { os?: string; architecture?: string; variant?: string } })[];
}

/** What may stand in one manifest: OCI's types, or Docker's where the base has those. */
export interface MediaTypes {
  manifest: string;
  config: string;
  layer: string;
}

export const ociTypes: MediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
};

export const dockerTypes: MediaTypes = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
};

const indexes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** `Accept` of what we can read. */
export const readable: string = [ociTypes.manifest, dockerTypes.manifest, ...indexes].join(', ');

export const isIndex = (document: object): document is Index => 'manifests' in document;
