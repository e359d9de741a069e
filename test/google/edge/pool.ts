import { Instance, type InstanceWorld, type Plan } from './instance.ts';

export type StartReason = 'AUTOSCALING' | 'DEPLOYMENT_ROLLOUT' | 'MANUAL_OR_CUSTOMER_MIN_INSTANCE';

const reasons: Record<StartReason, string> = {
  AUTOSCALING: 'AUTOSCALING - Instance started due to increased traffic.',
  DEPLOYMENT_ROLLOUT:
    'DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between revisions due to deployment, traffic split adjustment, or deployment health check.',
  MANUAL_OR_CUSTOMER_MIN_INSTANCE: 'MANUAL_OR_CUSTOMER_MIN_INSTANCE - Instance started due to minimum instances.',
};

/** No instance could take the request in time. */
export class NoInstanceError extends Error {}

export interface PoolOptions {
  world: InstanceWorld;
  /** The most instances, as the revision and the service have it now. */
  max(): number;
  queueMs(): number;
  /** Whether idle instances are to be stopped in their tracks. */
  freeze(): boolean;
}

/** The instances of one revision. */
export class Pool {
  readonly plan: Plan;
  readonly #options: PoolOptions;
  readonly #instances = new Set<Instance>();
  #changed: (() => void)[] = [];
  /** How many were started, ever; each is a cold start. */
  started = 0;

  constructor(plan: Plan, options: PoolOptions) {
    this.plan = plan;
    this.#options = options;
  }

  get size(): number {
    return this.#instances.size;
  }

  /** Requests that are being served. */
  get taken(): number {
    return [...this.#instances].reduce((sum, { taken }) => sum + taken, 0);
  }

  /** Starts one instance that no request asks for. Throws StartError. */
  async start(reason: StartReason): Promise<void> {
    const instance = this.#begin(reason);
    await instance.ready;
    this.#rest(instance);
  }

  /** Has at least so many instances. Throws StartError. */
  async keep(count: number): Promise<void> {
    const missing = Math.max(0, count - this.#instances.size);
    await Promise.all(Array.from({ length: missing }, () => this.start('MANUAL_OR_CUSTOMER_MIN_INSTANCE')));
  }

  /**
   * An instance for one request, which waits for a start where it must. Throws StartError, and NoInstanceError when the
   * most instances are busy for longer than a request waits.
   */
  async take(): Promise<Instance> {
    const end = Date.now() + this.#options.queueMs();
    for (;;) {
      const instance = this.#free() ?? (this.#instances.size < this.#options.max() ? this.#begin('AUTOSCALING') : null);
      if (instance) {
        instance.taken++;
        try {
          await instance.ready;
        } catch (error) {
          instance.taken--;
          throw error;
        }
        instance.thaw();
        return instance;
      }
      const left = end - Date.now();
      if (left <= 0) throw new NoInstanceError();
      await this.#change(left);
    }
  }

  give(instance: Instance): void {
    instance.taken--;
    this.#rest(instance);
    this.#tell();
  }

  /** Ends instances that serve nothing, as the platform does when it likes: the next request is a cold start. */
  async stopIdle(): Promise<void> {
    const idle = [...this.#instances].filter(({ taken }) => taken === 0);
    // One that is being stopped takes no more requests.
    for (const one of idle) this.#instances.delete(one);
    await Promise.all(idle.map((one) => one.stop()));
  }

  async stop(now = false): Promise<void> {
    await Promise.all([...this.#instances].map((one) => one.stop(now)));
  }

  /** Kills every process, as running out of memory would. */
  crash(): void {
    for (const instance of this.#instances) instance.kill();
  }

  #free(): Instance | undefined {
    const { maxInstanceRequestConcurrency: most = 80 } = this.plan.template;
    return [...this.#instances].filter(({ taken }) => taken < most).sort((a, b) => a.taken - b.taken)[0];
  }

  #begin(reason: StartReason): Instance {
    this.started++;
    const instance = new Instance(this.plan, this.#options.world, reasons[reason]);
    this.#instances.add(instance);
    const gone = (): void => {
      this.#instances.delete(instance);
      this.#tell();
    };
    void instance.ended.then(gone);
    instance.ready.catch(gone);
    return instance;
  }

  /** Idle with request-based billing: no CPU. */
  #rest(instance: Instance): void {
    if (instance.taken > 0 || !instance.isReady || !this.#options.freeze()) return;
    const { resources } = this.plan.template.containers?.[0] ?? {};
    // True by default, but false once resources are given without it (run.v2.json).
    if (resources?.cpuIdle ?? resources === undefined) instance.freeze();
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#changed.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #tell(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const one of waiting) one();
  }
}
