import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { commitWrite } from '../commit-write.ts';
import type { Token } from '../store.ts';
import { readFailure } from './answer.ts';
import { comparedEtag, etagConditionOf, withEtagForm } from './condition.ts';
import type { S3Context } from './context.ts';
import { judgeWrite } from './fault.ts';

/** Removes the object if it has the token still; one that is gone already is fine. */
export async function removeObject(context: S3Context, key: string, token: Token): Promise<void> {
  const { place, once, limits } = context;
  const condition = etagConditionOf(context, key, token);
  const send = async () => {
    const IfMatch = comparedEtag(context, condition.etag);
    try {
      await once.send(new DeleteObjectCommand({ Bucket: place.bucket, Key: place.nameOf(key), IfMatch }));
    } catch (thrown) {
      const { status, name } = readFailure(thrown);
      if (status !== 404 || name === 'NoSuchBucket') throw thrown;
    }
  };
  const judge = judgeWrite(context, { action: 'DeleteObject', key }, { unchanged: token });
  await withEtagForm(context, key, condition, () => commitWrite(send, judge, { attempts: limits.attempts }));
}
