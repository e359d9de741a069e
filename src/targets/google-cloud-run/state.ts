import type { Deployed, FunctionView } from '../../rollout/platform.ts';
import type { GatewayResource } from './gateway-steps.ts';
import type { Purpose } from './names.ts';
import type { Service } from './resources.ts';

/** A revision; its id is its short name. */
export interface RunRevision extends Deployed {
  /** Undefined where someone else has made it. */
  purpose: Purpose | undefined;
  /** When a sample may be removed by any run, ISO 8601. */
  until: string | undefined;
  createdAt: Date;
  /** What the function reports as its revision. */
  reports: string | undefined;
  /** It was live before: a failed proof takes its tag away and leaves it. */
  kept?: boolean | undefined;
  /** It could not be started. */
  failed: boolean;
  /** Cloud Run has finished with making it. */
  ready: boolean;
  /** Instances that Cloud Run keeps warm for it. */
  warmInstances: number;
}

/** A service as it was found by two reading calls. */
export interface RunState extends FunctionView<RunRevision> {
  /** As it was read last: every change stores its result here, with the etag that the next one carries. */
  service: Service;
  /** Its gateway, where the settings ask for one and there is one. */
  gateway: GatewayResource | undefined;
  /** All of its revisions. */
  all: RunRevision[];
}
