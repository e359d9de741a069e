import type { Fault, RecordedCall, Refusal, Watched } from './calls.ts';

/**
 * What all surfaces of a stand-in share.
 * @typeParam C a call as this cloud records it
 * @typeParam R what its API answers instead of a result
 * @typeParam K how the stand-in behaves where the real service is free to
 */
export abstract class CloudContext<C extends RecordedCall, R extends Refusal, K> implements Watched<C, R> {
  /** Folder for packages, homes of instances and credentials. */
  readonly scratch: string;
  readonly knobs: K;
  readonly now: () => Date;
  readonly calls: C[] = [];
  readonly violations: string[] = [];
  fault: (call: C) => Fault<R> | undefined = () => undefined;
  onDone: (call: C) => void | Promise<void> = () => {};

  protected constructor(scratch: string, knobs: K, now: () => Date) {
    this.scratch = scratch;
    this.knobs = knobs;
    this.now = now;
  }

  violation(text: string): void {
    this.violations.push(text);
  }
}
