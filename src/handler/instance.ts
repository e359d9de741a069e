import { uniqueId } from './unique-id.ts';

/** One process (or platform sandbox) in which the handler runs. */
export class Instance {
  readonly id: string = uniqueId();
  /** Process or platform start to handler code running, ms. */
  readonly initMs: number;
  readonly revision: string | undefined;
  /** What the platform's adapter says of it. */
  readonly facts: Record<string, unknown> | undefined;
  #cold = true;

  constructor(initMs: number, revision: string | undefined, facts?: Record<string, unknown>) {
    this.initMs = initMs;
    this.revision = revision;
    this.facts = facts;
  }

  /** True exactly once: for the first request that needs a model, whether or not it can be loaded. */
  takeCold(): boolean {
    const cold = this.#cold;
    this.#cold = false;
    return cold;
  }
}
