import { createHash } from 'node:crypto';
import { recycle } from '../chunk-pool.ts';
import { leaveBody } from '../leave-body.ts';
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
    await leaveBody(body);
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
  const sending = new Sending(upload);
  try {
    for (const piece of begun) await sending.add(piece);
    for await (const piece of rest) await sending.add(piece);
    return await upload.commit(when, meta, await sending.end());
  } catch (thrown) {
    upload.stop.abort();
    await sending.settle();
    throw thrown;
  }
}

/** The blocks on their way: a few of the first size, fewer of larger ones, so that memory stays bounded. */
class Sending {
  readonly #upload: BlockUpload;
  readonly #flight = new Set<Promise<void>>();
  readonly #md5 = createHash('md5');
  #index = 0;
  #failure: { thrown: unknown } | undefined;

  constructor(upload: BlockUpload) {
    this.#upload = upload;
  }

  /** Waits until there is room, then lets the piece go. Throws what an earlier one failed with. */
  async add(piece: Uint8Array): Promise<void> {
    const { blockBytes, parallel } = this.#upload.context.limits;
    const room = Math.max(1, Math.floor((parallel * blockBytes) / piece.byteLength));
    while (this.#flight.size >= Math.min(room, parallel)) await Promise.race(this.#flight);
    if (this.#failure) throw this.#failure.thrown;
    const block = this.#send(this.#index, piece).catch((thrown) => {
      this.#failure ??= { thrown };
    });
    this.#index += 1;
    this.#flight.add(block);
    block.finally(() => this.#flight.delete(block));
    // While it is on its way.
    this.#md5.update(piece);
  }

  /** Waits for all; the MD5 of the whole. */
  async end(): Promise<Uint8Array> {
    await this.settle();
    if (this.#failure) throw this.#failure.thrown;
    return this.#md5.digest();
  }

  async settle(): Promise<void> {
    await Promise.all(this.#flight);
  }

  async #send(index: number, piece: Uint8Array): Promise<void> {
    await this.#upload.stage(index, piece);
    recycle(piece);
  }
}
