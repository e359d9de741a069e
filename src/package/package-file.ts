/**
 * What a platform wants its packages to be: a zip, or a `.tar.gz`, for an image's layer with its files below a folder.
 * @param root such as `var/task`; without it the files lie at the top
 */
export type PackageArchive = 'zip' | { root?: string | undefined };

/** The package to run: an archive made by `src/package/`, with its digest. */
export interface PackageFile {
  path: string;
  sha256: string;
  size: number;
  /** URI with digest of the container image that runs instead of a zip; `sha256` is that digest, `path` empty. */
  image?: string | undefined;
  /** Bytes that it unpacks to, its layer included, where they are known. */
  unzipped?: number | undefined;
  /** sha256 of the tar inside a `.tar.gz`: what an image's configuration names a layer by. */
  tarSha256?: string | undefined;
  /** Digest of its content, which the health of a function on Azure names. */
  contentDigest?: string | undefined;
  /** The native runtime in a separate zip; the package itself then does not contain it. */
  layer?: LayerFile | undefined;
}

/** A zip that functions of many packages share. */
export interface LayerFile {
  path: string;
  sha256: string;
  size: number;
}
