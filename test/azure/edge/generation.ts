import { Pool } from '../../fakes/clouds/pool.ts';
import type { AzureContext } from '../context.ts';
import { FunctionsInstance, type InstancePlan } from './instance.ts';
import type { Placeholders } from './placeholders.ts';
import type { FunctionInfo } from './worker-protocol.ts';

export interface GenerationPlan extends InstancePlan {
  concurrency: number;
  max: number;
  /** Instances that run without a request. */
  alwaysReady: number;
}

/** What an app is between two updates: one package with one set of settings, and its instances. */
export class Generation {
  readonly pool: Pool<FunctionsInstance>;
  readonly #plan: GenerationPlan;
  /** The functions that its last instance has registered. */
  functions: FunctionInfo[] | undefined;

  constructor(context: AzureContext, placeholders: Placeholders, plan: GenerationPlan) {
    this.#plan = plan;
    this.pool = new Pool({
      scaling: 'a request',
      begin: () => {
        const one = new FunctionsInstance(placeholders.take(), plan);
        one.ready.then(
          () => {
            this.functions = one.functions;
          },
          () => {},
        );
        return one;
      },
      concurrency: () => plan.concurrency,
      max: () => plan.max,
      queueMs: () => context.knobs.queueMs,
    });
    // A start that fails is seen by whoever asks.
    this.pool.keep(plan.alwaysReady, 'always ready').catch(() => {});
  }

  /** What the package registers; starts an instance where none has told. Rejects with HostError. */
  async index(): Promise<FunctionInfo[]> {
    this.#plan.checkHost();
    if (!this.functions) await this.pool.start('sync of triggers');
    return this.functions ?? [];
  }
}
