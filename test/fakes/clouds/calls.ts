import type { Reply } from './loopback.ts';

/** What an API answers instead of a result; anything else that is thrown is a mistake of the stand-in. */
export class Refusal extends Error {}

/** What goes wrong at a call. `lost`: it is done, and its answer never comes. `unheard`: it is not done, and nothing comes. */
export type Fault<R extends Refusal> = R | 'lost' | 'unheard';

/** A call as it came, for the tests to look at. */
export interface RecordedCall {
  /** What the description of the API calls it. */
  method: string;
  /** Path labels and query parameters. */
  parameters: Record<string, string>;
  body: unknown;
  /** Who asked. */
  principal: string;
  /** Whether it may change something. */
  mutating: boolean;
  /** HTTP status of the answer; 0 while there is none. */
  status: number;
}

/** The part of a context that a call passes. */
export interface Watched<C extends RecordedCall, R extends Refusal> {
  /** Called before each call: what goes wrong at it. */
  fault(call: C): Fault<R> | undefined;
  /** Called with each call once it is done, before its answer goes out. */
  onDone(call: C): void | Promise<void>;
  /** A mistake of the product, or of the stand-in itself: the test that sees it fails. */
  violation(text: string): void;
}

/**
 * Runs a call between the fault that a test wants and those who watch.
 * @param failure what is answered to what was thrown
 */
export async function finishCall<C extends RecordedCall, R extends Refusal>(
  context: Watched<C, R>,
  call: C,
  work: () => Promise<Reply>,
  failure: (thrown: unknown) => Reply,
): Promise<Reply | undefined> {
  const fault = context.fault(call);
  let reply: Reply;
  try {
    if (fault === 'unheard') return undefined;
    if (fault instanceof Refusal) throw fault;
    reply = await work();
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) context.violation(`${call.method}: ${String((thrown as Error).stack)}`);
    reply = failure(thrown);
  }
  call.status = reply.status;
  await context.onDone(call);
  return fault === 'lost' ? undefined : reply;
}
