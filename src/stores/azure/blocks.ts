import { randomUUID } from 'node:crypto';
import { commitWrite } from '../commit-write.ts';
import { type ObjectMeta, type Precondition, StoreError, type Token, UnavailableError } from '../store.ts';
import { type AzureContext, blobOf, scopeOf } from './context.ts';
import { RequestFailure } from './failure.ts';
import { judgeWrite } from './fault.ts';
import { lookEarly } from './look.ts';
import { type RequestOptions, repeat, request } from './request.ts';
import { conditionsOf } from './token.ts';
import { askedFor, headersOf, md5Of, sending, writtenToken } from './write.ts';

/**
 * A blob that is put together from blocks; no reader sees it before the list of them is committed. Blocks belong to the
 * blob's name and not to a writer, so each upload names its own after an id that it alone has: no commit can take
 * another's. What a dead writer left, the service drops after a week, or at the next commit.
 */
export class BlockUpload {
  readonly context: AzureContext;
  readonly key: string;
  /** Cuts the requests of this upload that are still on their way. */
  readonly stop = new AbortController();
  readonly #id = randomUUID();
  readonly #names = new Map<number, string>();

  constructor(context: AzureContext, key: string) {
    this.context = context;
    this.key = key;
  }

  /** Sends a block, with a checksum that the service compares. `index` is its place, from 0. */
  async stage(index: number, bytes: Uint8Array): Promise<void> {
    const fixed = { ...scopeOf(this.context), transactionalContentMD5: md5Of(bytes) };
    await this.#place(index, this.context.limits.stallMs, (name, options) =>
      blobOf(this.context, this.key).stageBlock(name, sending(bytes), bytes.byteLength, { ...fixed, ...options }),
    );
  }

  /** Has the service fetch a block from the URL of another blob. */
  async stageFrom(url: string, index: number, from: number, to: number, bearer: string | undefined): Promise<void> {
    const fixed = {
      ...scopeOf(this.context),
      ...(bearer === undefined ? {} : { sourceAuthorization: { scheme: 'Bearer', value: bearer } }),
    };
    await this.#place(index, this.context.limits.copyMs, (name, { abortSignal }) =>
      blobOf(this.context, this.key).stageBlockFromURL(name, url, from, to - from, { ...fixed, abortSignal }),
    );
  }

  /** Makes the blob of its blocks, if the condition holds now. */
  async commit(when: Precondition, meta: ObjectMeta, md5: Uint8Array | undefined): Promise<Token> {
    const { context, key } = this;
    const names = Array.from({ length: this.#names.size }, (_, index) => this.#names.get(index) as string);
    const fixed = {
      ...scopeOf(context),
      conditions: conditionsOf(context, key, when),
      blobHTTPHeaders: headersOf(meta, md5),
    };
    const send = () =>
      request(context, askedFor(key, when), ({ abortSignal }) =>
        blobOf(context, key).commitBlockList(names, { ...fixed, abortSignal }),
      );
    const judge = judgeWrite(context, key, when);
    const { attempts } = context.limits;
    const judgeCommit = (thrown: unknown) =>
      isBlockLost(thrown) ? { kind: 'refused' as const, error: this.#blocksGone(thrown) } : judge(thrown);
    try {
      return writtenToken(context, key, await commitWrite(send, judgeCommit, { attempts }));
    } catch (thrown) {
      // A commit drops the uncommitted blocks of all other writers, which then see the object they lost against.
      if (thrown instanceof UnavailableError && isBlockLost(thrown.cause)) await lookEarly(context, key, when);
      throw thrown;
    }
  }

  async #place(
    index: number,
    silence: number,
    send: (name: string, options: RequestOptions) => Promise<unknown>,
  ): Promise<void> {
    const name = blockName(this.#id, index);
    const requestContext = { verb: 'create', key: this.key } as const;
    await repeat(this.context, requestContext, (options) => send(name, options), { stop: this.stop.signal, silence });
    this.#names.set(index, name);
  }

  #blocksGone(cause: unknown): UnavailableError {
    const { url } = this.context.place;
    const message = `${this.key} in ${url}: another write of it came in between and dropped the blocks of this one.`;
    const hint = 'Run this again: the upload has to start over.';
    return new UnavailableError(message, { store: url, key: this.key, hint, cause });
  }
}

/** 48 bytes, as the SDKs name theirs: all names of one blob must be of one length, those of others included. */
const blockName = (id: string, index: number): string =>
  Buffer.from(id + String(index).padStart(48 - id.length, '0')).toString('base64');

const isBlockLost = (thrown: unknown): boolean =>
  thrown instanceof StoreError && thrown.cause instanceof RequestFailure && thrown.cause.code === 'InvalidBlockList';
