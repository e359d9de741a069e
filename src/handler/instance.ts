import { uniqueId } from './unique-id.ts';

/** One process (or platform sandbox) in which the handler runs. */
export class Instance {
  readonly id: string = uniqueId();
  /** Process or platform start to handler code running, ms. */
  readonly initMs: number;
  readonly revision: string | undefined;
  #cold = true;

  constructor(initMs: number, revision: string | undefined) {
    this.initMs = initMs;
    this.revision = revision;
  }

  /** True exactly once: for the first request that needs a model, whether or not it can be loaded. */
  takeCold(): boolean {
    const cold = this.#cold;
    this.#cold = false;
    return cold;
  }
}
