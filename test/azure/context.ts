import { randomUUID } from 'node:crypto';
import type { Fault as CallFault, RecordedCall } from '../fakes/clouds/calls.ts';
import { CloudContext } from '../fakes/clouds/context.ts';
import type { ArmError } from './arm-error.ts';
import { Iam, type Need } from './iam.ts';
import { defaultKnobs, type Knobs } from './knobs.ts';
import { Tokens } from './tokens.ts';

/**
 * Its method is `webApps_createOrUpdate` as the client's description has it; `scm_publish`, `blobs_lease` where there is none.
 * Its principal is an object id.
 */
export interface Call extends RecordedCall {
  /** Path of the request. */
  path: string;
  /** All that was held against the principal. */
  needs: Need[];
}

export type Fault = CallFault<ArmError>;

/** What all surfaces share: one subscription of one directory. */
export class AzureContext extends CloudContext<Call, ArmError, Knobs> {
  readonly subscription = '11111111-aaaa-4bbb-8ccc-222222222222';
  readonly tenant = '33333333-dddd-4eee-8fff-444444444444';
  readonly iam: Iam;
  readonly tokens: Tokens;
  /** Resource groups by name, with their location. */
  readonly groups = new Map<string, string>();
  /** Providers that the subscription is not registered for: `Microsoft.Web`. */
  readonly unregistered = new Set<string>();

  constructor(scratch: string, knobs: Partial<Knobs>, now: () => Date = () => new Date()) {
    super(scratch, { ...structuredClone(defaultKnobs), ...knobs }, now);
    this.iam = new Iam(() => this.knobs.roleLag);
    this.tokens = new Tokens(this);
  }

  /** Id of a resource group. */
  groupId(group: string): string {
    return `/subscriptions/${this.subscription}/resourceGroups/${group}`;
  }

  newId(): string {
    return randomUUID();
  }
}
