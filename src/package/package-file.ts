/** The package to run: a zip made by `src/package/`, with its digest. */
export interface PackageFile {
  path: string;
  sha256: string;
  size: number;
  /** URI with digest of the container image that runs instead of a zip; `sha256` is that digest, `path` empty. */
  image?: string | undefined;
  /** Bytes that it unpacks to, its layer included, where they are known. */
  unzipped?: number | undefined;
  /** The native runtime in a zip of its own, which the package itself then does without. */
  layer?: LayerFile | undefined;
}

/** A zip that lies under functions of many packages. */
export interface LayerFile {
  path: string;
  sha256: string;
  size: number;
}
