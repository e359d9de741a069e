/** What puts messages into a platform's queue. */
export interface Queue {
  /** Most bytes of one message. */
  readonly limit: number;
  /** Rejects where it was not taken; it may have been, where no answer came. */
  send(message: Uint8Array): Promise<void>;
}

/** One message as its platform has delivered it. */
export interface Delivery {
  /** How often it was delivered, this time included: from 1. */
  attempt: number;
}

/** `done`: acknowledge it. `again`: do not, so that it is delivered again, or put where dead messages go. */
export type Outcome = 'done' | 'again';

/** Does the work of a message. Never rejects. */
export type Work = (message: Uint8Array, delivery: Delivery) => Promise<Outcome>;
