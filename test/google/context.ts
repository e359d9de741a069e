import type { Fault as CallFault, RecordedCall } from '../fakes/clouds/calls.ts';
import { CloudContext } from '../fakes/clouds/context.ts';
import type { ApiError } from './api-error.ts';
import { Iam } from './iam.ts';
import { defaultKnobs, type Knobs } from './knobs.ts';

/** One permission that a call needs, and on what. */
export interface Need {
  permission: string;
  resource: string;
}

/**
 * Its method is the id of Google's description: `run.projects.locations.services.patch`, `storage.objects.get`. Its principal
 * is an account's e-mail address, or a `principal://`.
 */
export interface Call extends RecordedCall {
  /** All that was held against the principal. */
  needs: Need[];
}

export type Fault = CallFault<ApiError>;

/** What all surfaces share: one project. */
export class GoogleContext extends CloudContext<Call, ApiError, Knobs> {
  readonly project = 'coldgate-test';
  readonly number = '123456789012';
  readonly iam: Iam;
  /** APIs that are switched off in the project: `run.googleapis.com`. */
  readonly disabled = new Set<string>();
  #micros = 0;

  constructor(scratch: string, knobs: Partial<Knobs>, now: () => Date = () => new Date()) {
    super(scratch, { ...defaultKnobs, ...knobs }, now);
    this.iam = new Iam(this.number, () => this.knobs.policyLag);
  }

  /** Now in microseconds since 1970, and never the same twice: what resources are versioned by. */
  version(): number {
    this.#micros = Math.max(this.#micros + 1, this.now().getTime() * 1000);
    return this.#micros;
  }
}
