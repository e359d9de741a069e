import { Pool } from '../../fakes/clouds/pool.ts';
import { Instance, type InstanceWorld, type Plan } from './instance.ts';

export const startReasons = {
  autoscaling: 'AUTOSCALING - Instance started due to increased traffic.',
  deployment:
    'DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between revisions due to deployment, traffic split adjustment, or deployment health check.',
  minimum: 'MANUAL_OR_CUSTOMER_MIN_INSTANCE - Instance started due to minimum instances.',
};

export interface RevisionOptions {
  context: InstanceWorld;
  /** The most instances, as the revision and the service have it now. */
  max(): number;
  queueMs(): number;
  /** Whether idle instances are to be stopped in their tracks. */
  freeze(): boolean;
}

/** The instances of one revision. */
export class RevisionPool extends Pool<Instance> {
  readonly plan: Plan;

  constructor(plan: Plan, { context, max, queueMs, freeze }: RevisionOptions) {
    super({
      ...{ max, queueMs, scaling: startReasons.autoscaling },
      begin: (reason) => new Instance(plan, context, reason),
      concurrency: () => plan.template.maxInstanceRequestConcurrency ?? 80,
      rest: (instance) => {
        if (instance.isReady && freeze() && isCpuIdle(plan)) instance.freeze();
      },
    });
    this.plan = plan;
  }
}

/** Idle with request-based billing: no CPU. True by default, but false once resources are given without it (run.v2.json). */
function isCpuIdle({ template }: Plan): boolean {
  const { resources } = template.containers?.[0] ?? {};
  return resources?.cpuIdle ?? resources === undefined;
}
