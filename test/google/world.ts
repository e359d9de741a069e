import type { Fault as CallFault, Watched } from '../fakes/clouds/calls.ts';
import type { ApiError } from './api-error.ts';
import { Iam } from './iam.ts';
import { defaultKnobs, type Knobs } from './knobs.ts';

/** One permission that a call needs, and on what. */
export interface Need {
  permission: string;
  resource: string;
}

/** A call as it came, for the tests to look at. */
export interface Call {
  /** The id of Google's description: `run.projects.locations.services.patch`, `storage.objects.get`. */
  method: string;
  /** Path labels and query parameters. */
  parameters: Record<string, string>;
  body: unknown;
  /** Who asked: an account's e-mail address, or a `principal://`. */
  principal: string;
  /** All that was held against the principal. */
  needs: Need[];
  /** Whether it may change something. */
  mutating: boolean;
  /** HTTP status of the answer; 0 while there is none. */
  status: number;
}

export type Fault = CallFault<ApiError>;

/** What all surfaces share. */
export class World implements Watched<Call, ApiError> {
  readonly project = 'coldgate-test';
  readonly number = '123456789012';
  readonly knobs: Knobs;
  readonly iam: Iam;
  readonly calls: Call[] = [];
  readonly violations: string[] = [];
  readonly now: () => Date;
  /** Folder for sources, homes of instances and credentials. */
  readonly scratch: string;
  /** APIs that are switched off in the project: `run.googleapis.com`. */
  readonly disabled = new Set<string>();
  /** Asked before each call. */
  fault: (call: Call) => Fault | undefined = () => undefined;
  /** Told of each call once it is done, before its answer goes out. */
  onDone: (call: Call) => void | Promise<void> = () => {};
  #micros = 0;

  constructor(scratch: string, knobs: Partial<Knobs>, now: () => Date = () => new Date()) {
    this.scratch = scratch;
    this.now = now;
    this.knobs = { ...defaultKnobs, ...knobs };
    this.iam = new Iam(this.number, () => this.knobs.policyLag);
  }

  /** A mistake of the product, or of the stand-in itself: the test that sees it fails. */
  violation(text: string): void {
    this.violations.push(text);
  }

  /** Now in microseconds since 1970, and never the same twice: what resources are versioned by. */
  version(): number {
    this.#micros = Math.max(this.#micros + 1, this.now().getTime() * 1000);
    return this.#micros;
  }
}
