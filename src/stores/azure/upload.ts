import { createHash } from 'node:crypto';
import { cancelBody } from '../cancel-body.ts';
import { recycle } from '../chunk-pool.ts';
import { InFlight } from '../in-flight.ts';
import { pieces } from '../pieces.ts';
import type { Body, ObjectMeta, Precondition, Token } from '../store.ts';
import { BlockUpload } from './blocks.ts';
import type { AzureContext } from './context.ts';
import { lookEarly } from './look.ts';
import { conditionsOf } from './token.ts';
import { writeWhole } from './write.ts';

/** The service takes 50,000 blocks. So that they carry its 190 TiB whatever the size, blocks double from time to time. */
const blocksOfOneSize = 4000;

/** Sends a body: in one request if it fits into a block, else in blocks, several at a time. Returns what it does not read. */
export async function putObject(
  context: AzureContext,
  key: string,
  body: Body,
  when: Precondition,
  meta: ObjectMeta,
): Promise<Token> {
  const { blockBytes } = context.limits;
  const cut = pieces(body, (before) => blockBytes * 2 ** Math.min(8, Math.floor(before / blocksOfOneSize)));
  try {
    conditionsOf(context, key, when);
    const first = await cut.next();
    const second = first.done ? first : await cut.next();
    if (second.done) return await writeWhole(context, key, first.value ?? new Uint8Array(0), when, meta);
    return await uploadBlocks(context, key, [first.value as Uint8Array, second.value], cut, when, meta);
  } catch (thrown) {
    await cut.return(undefined);
    // A generator that was not begun does not return its body.
    await cancelBody(body);
    throw thrown;
  }
}

async function uploadBlocks(
  context: AzureContext,
  key: string,
  begun: Uint8Array[],
  rest: AsyncGenerator<Uint8Array>,
  when: Precondition,
  meta: ObjectMeta,
): Promise<Token> {
  await lookEarly(context, key, when);
  const upload = new BlockUpload(context, key);
  const { blockBytes: pieceBytes, parallel } = context.limits;
  const blocks = new InFlight({ pieceBytes, parallel }, async (index, piece) => {
    await upload.stage(index, piece);
    recycle(piece);
  });
  const md5 = createHash('md5');
  const add = async (piece: Uint8Array) => {
    md5.update(piece);
    await blocks.add(piece);
  };
  try {
    for (const piece of begun) await add(piece);
    for await (const piece of rest) await add(piece);
    await blocks.end();
    return await upload.commit(when, meta, md5.digest());
  } catch (thrown) {
    upload.stop.abort();
    await blocks.settle();
    throw thrown;
  }
}
