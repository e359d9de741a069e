import { randomUUID } from 'node:crypto';
import type { Fault as CallFault, Watched } from '../fakes/clouds/calls.ts';
import type { ArmError } from './arm-error.ts';
import { Iam, type Need } from './iam.ts';
import { defaultKnobs, type Knobs } from './knobs.ts';
import { Tokens } from './tokens.ts';

/** A call as it came, for the tests to look at. */
export interface Call {
  /** `webApps_createOrUpdate` as the client's description has it; `scm_publish`, `blobs_lease` where there is none. */
  method: string;
  /** Path of the request. */
  path: string;
  /** Path labels and query parameters. */
  parameters: Record<string, string>;
  body: unknown;
  /** Object id of who asked. */
  principal: string;
  /** All that was held against the principal. */
  needs: Need[];
  /** Whether it may change something. */
  mutating: boolean;
  /** HTTP status of the answer; 0 while there is none. */
  status: number;
}

export type Fault = CallFault<ArmError>;

/** What all surfaces share: one subscription of one directory. */
export class World implements Watched<Call, ArmError> {
  readonly subscription = '11111111-aaaa-4bbb-8ccc-222222222222';
  readonly tenant = '33333333-dddd-4eee-8fff-444444444444';
  readonly knobs: Knobs;
  readonly iam: Iam;
  readonly tokens: Tokens;
  readonly calls: Call[] = [];
  readonly violations: string[] = [];
  readonly now: () => Date;
  /** Folder for packages and homes of instances. */
  readonly scratch: string;
  /** Resource groups by name, with their location. */
  readonly groups = new Map<string, string>();
  /** Providers that the subscription is not registered for: `Microsoft.Web`. */
  readonly unregistered = new Set<string>();
  /** Asked before each call. */
  fault: (call: Call) => Fault | undefined = () => undefined;
  /** Told of each call once it is done, before its answer goes out. */
  onDone: (call: Call) => void | Promise<void> = () => {};

  constructor(scratch: string, knobs: Partial<Knobs>, now: () => Date = () => new Date()) {
    this.scratch = scratch;
    this.now = now;
    this.knobs = { ...structuredClone(defaultKnobs), ...knobs };
    this.iam = new Iam(() => this.knobs.roleLag);
    this.tokens = new Tokens(this);
  }

  /** A mistake of the product, or of the stand-in itself: the test that sees it fails. */
  violation(text: string): void {
    this.violations.push(text);
  }

  /** Id of a resource group. */
  groupId(group: string): string {
    return `/subscriptions/${this.subscription}/resourceGroups/${group}`;
  }

  newId(): string {
    return randomUUID();
  }
}
