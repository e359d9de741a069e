import { UploadPartCopyCommand } from '@aws-sdk/client-s3';
import { DeniedError, type ObjectInfo, type ObjectMeta, type Token, UnsupportedError } from '../store.ts';
import { comparedEtag, etagConditionOf, lookEarly } from './condition.ts';
import type { S3Context } from './context.ts';
import { abandonUpload, beginUpload, completeUpload, type PartedUpload } from './parts.ts';
import { explained } from './send.ts';

/** S3 copies ranges side by side; 5 MiB at least, 5 GiB at most, and 10,000 of them. Bytes. */
const leastRange = 256 * 1024 * 1024;

/**
 * Copies one state of an object into a key that is free, from bucket to bucket. As an upload of copied parts: unlike
 * CopyObject its completion takes the condition that the key is free. Nothing where the two buckets cannot: they are of
 * different servers, or these credentials may not read the source there.
 */
export async function copyObject(
  from: S3Context,
  key: string,
  to: S3Context,
  { key: name, info, meta }: { key: string; info: ObjectInfo; meta: ObjectMeta },
): Promise<Token | undefined> {
  // An empty object has no range to copy.
  if (from.endpoint !== to.endpoint || info.size === 0) return undefined;
  const { etag } = etagConditionOf(from, key, info.token);
  await lookEarly(to, name, 'absent');
  const upload = await beginUpload(to, name, meta, 'copied');
  try {
    await copyParts(upload, { from, key, etag, size: info.size });
    return await completeUpload(upload, 'absent');
  } catch (thrown) {
    await abandonUpload(upload);
    if (thrown instanceof CannotCopy) return undefined;
    throw thrown;
  }
}

/** The server would not read the source for us; its bytes can be carried through this machine. */
class CannotCopy extends Error {}

interface Source {
  from: S3Context;
  key: string;
  etag: string;
  size: number;
}

async function copyParts(upload: PartedUpload, source: Source): Promise<void> {
  const { size } = source;
  const range = Math.max(leastRange, Math.ceil(size / 10_000));
  const starts = Array.from({ length: Math.ceil(size / range) }, (_, index) => index * range);
  const numbered = starts.entries();
  const work = async () => {
    for (const [index, start] of numbered) {
      await copyPart(upload, source, index + 1, start, Math.min(size, start + range));
    }
  };
  await Promise.all(Array.from({ length: upload.context.limits.parallel }, work));
  upload.size = size;
}

async function copyPart(
  upload: PartedUpload,
  source: Source,
  number: number,
  start: number,
  end: number,
): Promise<void> {
  const { context, target, parts, stop } = upload;
  const { place } = source.from;
  const command = new UploadPartCopyCommand({
    ...target,
    PartNumber: number,
    CopySource: [place.bucket, ...place.nameOf(source.key).split('/')].map(encodeURIComponent).join('/'),
    CopySourceIfMatch: comparedEtag(source.from, source.etag),
    CopySourceRange: `bytes=${start}-${end - 1}`,
  });
  try {
    // What can be refused is the source: its state, or that we may read it.
    const requestContext = { action: 'UploadPartCopy', key: source.key } as const;
    const send = () => context.retrying.send(command, { abortSignal: stop.signal });
    const { CopyPartResult } = await explained(source.from, requestContext, send);
    parts.push({ PartNumber: number, ETag: CopyPartResult?.ETag });
  } catch (thrown) {
    stop.abort();
    if (thrown instanceof DeniedError || thrown instanceof UnsupportedError) throw new CannotCopy();
    throw thrown;
  }
}
