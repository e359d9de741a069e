import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { isKey } from '../key.ts';
import type { ObjectInfo } from '../store.ts';
import type { S3Context } from './context.ts';
import { infoOf } from './info.ts';
import { named } from './principal.ts';
import { explained } from './send.ts';

/** Objects in key order, page by page. What others put there under names that no key can have is left out. */
export async function* listObjects(context: S3Context, prefix: string): AsyncGenerator<ObjectInfo> {
  const { place, retrying, limits } = context;
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      Bucket: place.bucket,
      Prefix: place.nameOf(prefix),
      MaxKeys: limits.pageKeys,
      ContinuationToken: token,
      // XML cannot carry every character that a key may have.
      EncodingType: 'url',
    });
    const send = () => explained(context, { action: 'ListObjectsV2' }, () => retrying.send(command));
    const page = await named(context, send);
    yield* objectsOf(context, page);
    token = page.NextContinuationToken;
  } while (token !== undefined);
}

function* objectsOf(context: S3Context, page: ListObjectsV2CommandOutput): Generator<ObjectInfo> {
  for (const item of page.Contents ?? []) {
    const name = page.EncodingType === 'url' ? decoded(item.Key ?? '') : (item.Key ?? '');
    const key = name.slice(context.place.root.length);
    if (isKey(key)) yield infoOf(context, { action: 'ListObjectsV2', key }, item);
  }
}

/** S3 writes a space as "+", and "+" as %2B. */
const decoded = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));
