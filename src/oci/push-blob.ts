import { addressFrom } from './addresses.ts';
import { registryUrl } from './image-name.ts';
import type { Descriptor } from './media-types.ts';
import type { Registry } from './registry.ts';

export interface BlobSource {
  descriptor: Descriptor;
  /** Another repository of the same registry that has it. */
  mountFrom?: string | undefined;
  /** Read only where the registry has not got it. */
  bytes(): Promise<Uint8Array>;
}

/** Uploads that break off are begun again. */
const attempts = 3;

/** The answer that ended an upload. */
interface Ended {
  answer: Response;
  /** Whether the registry had begun one: then it does not know it any more where it says 404, or has got other bytes (416). */
  begun: boolean;
}

const isAgain = ({ answer: { status }, begun }: Ended): boolean =>
  status >= 500 || (begun && (status === 404 || status === 416));

/**
 * Has the repository hold the blob: found there, mounted, or uploaded. Returns whether it had to be sent. Throws what
 * `Registry` throws. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
 */
export async function pushBlob(registry: Registry, { descriptor, mountFrom, bytes }: BlobSource): Promise<boolean> {
  const { digest } = descriptor;
  const head = await registry.send({ method: 'HEAD', path: `blobs/${digest}` });
  if (head.ok) return false;
  if (head.status !== 404) throw await registry.refusal(head, `looking for ${digest}`);
  if (mountFrom !== undefined) {
    const mounted = await begin(registry, `?mount=${digest}&from=${encodeURIComponent(mountFrom)}`);
    if (mounted.status === 201) return false;
    // Whatever it says to a mount, an upload may do: some refuse mounts where they mean that they know of none.
    await mounted.body?.cancel();
  }
  const content = await bytes();
  for (let attempt = 1; ; attempt++) {
    const ended = await upload(registry, digest, content);
    if (!ended) return true;
    if (attempt === attempts || !isAgain(ended)) throw await registry.refusal(ended.answer, `uploading ${digest}`);
    await ended.answer.body?.cancel();
  }
}

const begin = (registry: Registry, query = ''): Promise<Response> =>
  registry.send({ method: 'POST', path: `blobs/uploads/${query}`, headers: { 'content-length': '0' } });

/** Returns what ended it, or nothing where the blob is there. */
async function upload(registry: Registry, digest: string, bytes: Uint8Array): Promise<Ended | undefined> {
  const begun = await begin(registry);
  if (begun.status !== 202) return { answer: begun, begun: false };
  const first = locationOf(begun, new URL(registryUrl(registry.name.registry)));
  const headers = {
    'content-type': 'application/octet-stream',
    'content-range': `0-${bytes.byteLength - 1}`,
  };
  const sent = await registry.send({ method: 'PATCH', path: first, headers, bytes });
  if (!sent.ok) return { answer: sent, begun: true };
  const last = locationOf(sent, first);
  last.searchParams.set('digest', digest);
  const done = await registry.send({ method: 'PUT', path: last, headers: { 'content-length': '0' } });
  return done.status === 201 || done.status === 204 ? undefined : { answer: done, begun: true };
}

/** Where the next request goes: relative or whole, perhaps with a query that must stay. */
const locationOf = (answer: Response, requested: URL): URL =>
  addressFrom(answer.headers.get('location') ?? requested.href, requested);
