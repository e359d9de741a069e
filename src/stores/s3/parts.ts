import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
} from '@aws-sdk/client-s3';
import { commitWrite, type Failure } from '../commit-write.ts';
import { type ObjectMeta, type Precondition, type Token, UnavailableError } from '../store.ts';
import { causeOf, readFailure } from './answer.ts';
import { type Condition, conditionHeaders, withEtagForm } from './condition.ts';
import type { S3Context } from './context.ts';
import type { RequestContext } from './denial.ts';
import { judgeWrite } from './fault.ts';
import { explained } from './send.ts';
import { tokenOf } from './token.ts';
import { objectHeaders, writtenToken } from './write.ts';

/** An object that is put together from parts; no reader sees it, and no list, until it is completed. */
export interface PartedUpload {
  context: S3Context;
  key: string;
  /** What every request of this upload names. */
  target: { Bucket: string; Key: string; UploadId: string };
  parts: CompletedPart[];
  /** Bytes of all parts. */
  size: number;
  /** Cuts the requests of this upload that are still on their way. */
  stop: AbortController;
}

/** Begins an upload whose parts carry our checksums, or are copied by the server, which then makes its own. */
export async function beginUpload(
  context: S3Context,
  key: string,
  meta: ObjectMeta,
  bytes: 'sent' | 'copied',
): Promise<PartedUpload> {
  const object = objectHeaders(context, key, meta);
  const command = new CreateMultipartUploadCommand({
    ...object,
    ...(bytes === 'sent' ? { ChecksumAlgorithm: 'SHA256' } : {}),
  });
  const requestContext = { action: 'CreateMultipartUpload', key } as const;
  const { UploadId } = await explained(context, requestContext, () => context.retrying.send(command));
  if (!UploadId)
    throw new UnavailableError(`${key} in ${context.place.url}: the server gave the upload no id.`, {
      store: context.place.url,
      key,
    });
  const target = { Bucket: object.Bucket, Key: object.Key, UploadId };
  return { context, key, target, parts: [], size: 0, stop: new AbortController() };
}

/** Makes the object of its parts, if the condition holds now. */
export async function completeUpload(upload: PartedUpload, condition: Condition): Promise<Token> {
  const { context, key, target, parts, size } = upload;
  const MultipartUpload = { Parts: parts.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0)) };
  const send = () => {
    const headers = conditionHeaders(context, condition);
    return context.once.send(new CompleteMultipartUploadCommand({ ...target, ...headers, MultipartUpload }));
  };
  const { attempts } = context.limits;
  const judge = judgeCompletion(context, { action: 'CompleteMultipartUpload', key }, condition);
  const { ETag } = await withEtagForm(context, key, condition, () => commitWrite(send, judge, { attempts }));
  return writtenToken(context, key, ETag, size);
}

/** A completion can be sent again only while the upload is there. */
function judgeCompletion(
  context: S3Context,
  requestContext: RequestContext & { key: string },
  condition: Condition,
): (thrown: unknown) => Failure {
  const when: Precondition = condition === 'absent' ? condition : { unchanged: tokenOf(condition.etag) };
  const judge = judgeWrite(context, requestContext, when);
  const fields = {
    store: context.place.url,
    key: requestContext.key,
    hint: 'Run this again: the upload has to start over.',
  };
  const { url } = context.place;
  return (thrown) => {
    const failure = readFailure(thrown);
    const { name, status } = failure;
    const all = { ...fields, cause: causeOf(failure) };
    if (name === 'NoSuchUpload') {
      // After a lost answer this means that the upload was completed, or aborted; `commitWrite` knows which case it is.
      const message = `The upload of ${requestContext.key} in ${url} is no longer there: something aborted it.`;
      return { kind: 'refused', error: new UnavailableError(message, all) };
    }
    if (status === 409 || name === 'ConditionalRequestConflict') {
      // S3 then wants the parts again and not the completion alone (docs/facts.md P4).
      const message = `${requestContext.key} in ${url}: another write of it came in between, and S3 gave up the upload.`;
      return { kind: 'final', error: new UnavailableError(message, all) };
    }
    return judge(thrown);
  };
}

/** Cuts what is on its way and removes the parts. Never throws: a bucket's lifecycle rule takes what is left. */
export async function abandonUpload({ context, target, stop }: PartedUpload): Promise<void> {
  stop.abort();
  await context.retrying.send(new AbortMultipartUploadCommand(target)).catch(() => {});
}
