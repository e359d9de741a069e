/** Where an image is: registry and repository, and which one of it. */
export interface ImageName {
  /** Host, with a port where it has one: `europe-west1-docker.pkg.dev`. */
  registry: string;
  /** Path in it: `acme/models/digits`. */
  repository: string;
  /** `sha256:` and 64 hex digits. */
  digest: string | undefined;
}

const form =
  /^([a-z0-9.-]+(?::\d{1,5})?)\/([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::[\w][\w.-]{0,127})?(?:@(sha256:[0-9a-f]{64}))?$/;
const loopback = /^(?:localhost|127(?:\.\d{1,3}){3})(?::\d+)?$/;

/**
 * Reads `registry/repository[:tag][@digest]`; a tag beside a digest says nothing. Throws RangeError for what names no
 * registry: there is no default one.
 */
export function parseImageName(text: string): ImageName {
  const [, registry, repository, digest] = form.exec(text) ?? [];
  if (!registry || !repository || !(/[.:]/.test(registry) || registry === 'localhost')) {
    throw new RangeError(`no image name with its registry: ${text}`);
  }
  return { registry, repository, digest };
}

export const isLoopback = (registry: string): boolean => loopback.test(registry);

/** `https://registry`, and plain HTTP on this machine alone. */
export const registryUrl = (registry: string): string => `${isLoopback(registry) ? 'http' : 'https'}://${registry}`;
