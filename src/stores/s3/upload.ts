import { UploadPartCommand } from '@aws-sdk/client-s3';
import { cancelBody } from '../cancel-body.ts';
import { recycle } from '../chunk-pool.ts';
import { InFlight } from '../in-flight.ts';
import { pieces } from '../pieces.ts';
import type { Body, ObjectMeta, Precondition, Token } from '../store.ts';
import { type Condition, conditionOf, lookEarly } from './condition.ts';
import type { S3Context } from './context.ts';
import { abandonUpload, beginUpload, completeUpload, type PartedUpload } from './parts.ts';
import { checked, explained } from './send.ts';
import { writeWhole } from './write.ts';

/** S3 takes 10,000 parts. So that they carry its 5 TiB whatever the size, parts double from time to time. */
const partsOfOneSize = 1000;

/** Sends a body: in one request if it fits into a part, else in parts, several at a time. Returns what it does not read. */
export async function putObject(
  context: S3Context,
  key: string,
  body: Body,
  when: Precondition,
  meta: ObjectMeta,
): Promise<Token> {
  const { partBytes } = context.limits;
  const cut = pieces(body, (before) => partBytes * 2 ** Math.floor(before / partsOfOneSize));
  try {
    const condition = conditionOf(context, key, when);
    const first = await cut.next();
    const second = first.done ? first : await cut.next();
    if (second.done) return await writeWhole(context, key, first.value ?? new Uint8Array(0), condition, meta);
    return await uploadParts(context, key, [first.value as Uint8Array, second.value], cut, condition, meta);
  } catch (thrown) {
    await cut.return(undefined);
    // A generator that was not begun does not return its body.
    await cancelBody(body);
    throw thrown;
  }
}

async function uploadParts(
  context: S3Context,
  key: string,
  begun: Uint8Array[],
  rest: AsyncGenerator<Uint8Array>,
  condition: Condition,
  meta: ObjectMeta,
): Promise<Token> {
  await lookEarly(context, key, condition);
  const upload = await beginUpload(context, key, meta, 'sent');
  const { partBytes, parallel } = context.limits;
  const sending = new InFlight({ pieceBytes: partBytes, parallel }, (index, piece) => {
    upload.size += piece.byteLength;
    return sendPart(upload, index + 1, piece);
  });
  try {
    for (const piece of begun) await sending.add(piece);
    for await (const piece of rest) await sending.add(piece);
    await sending.end();
    return await completeUpload(upload, condition);
  } catch (thrown) {
    upload.stop.abort();
    await sending.settle();
    await abandonUpload(upload);
    throw thrown;
  }
}

async function sendPart({ context, key, target, parts, stop }: PartedUpload, number: number, piece: Uint8Array) {
  const bytes = checked(piece);
  const command = new UploadPartCommand({ ...target, PartNumber: number, ...bytes });
  const requestContext = { action: 'UploadPart', key } as const;
  const { ETag } = await explained(context, requestContext, () =>
    context.retrying.send(command, { abortSignal: stop.signal }),
  );
  parts.push({ PartNumber: number, ETag, ChecksumSHA256: bytes.ChecksumSHA256 });
  recycle(piece);
}
