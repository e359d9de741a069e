import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Fields } from '../../fakes/clouds/fields.ts';
import type { GoogleContext } from '../context.ts';
import type { Edge, Routes } from '../edge/edge.ts';
import { RevisionPool, startReasons } from '../edge/pool.ts';
import { StartError } from '../edge/source.ts';
import { timeOf } from './etag.ts';
import { byLatest } from './limits.ts';
import type { Operation, Revision, Service } from './record.ts';
import { resolveTraffic, routesMessage } from './traffic.ts';
import { serviceView } from './views.ts';

/** What a container starts with: where its files are, and what it runs when the template does not say. */
export interface Files {
  folder: string;
  command?: string[];
  env?: Record<string, string>;
}

/** Finds the files of a template's container. Throws StartError for what cannot be taken. */
export type FilesOf = (revision: Revision) => Promise<Files>;

const typeOfService = 'type.googleapis.com/google.cloud.run.v2.Service';

/** The services of a project, and how what is asked for comes to be. */
export class CloudRun {
  readonly context: GoogleContext;
  readonly edge: Edge;
  readonly services = new Map<string, Service>();
  readonly operations = new Map<string, Operation>();
  readonly #filesOf: FilesOf;
  readonly #log: (revision: Revision, service: Service, instanceId: string, stream: string, line: string) => void;

  constructor(
    context: GoogleContext,
    edge: Edge,
    filesOf: FilesOf,
    log: (revision: Revision, service: Service, instanceId: string, stream: string, line: string) => void,
  ) {
    this.context = context;
    this.edge = edge;
    this.#filesOf = filesOf;
    this.#log = log;
  }

  /**
   * A change that was taken: its operation is done after its work, in the order of the service's changes, and after as many
   * looks as the knobs say. Until then requests go where they went before.
   */
  begin(service: Service, made: Revision | undefined): Operation {
    const before = service.pending.at(-1)?.work ?? Promise.resolve();
    const { generation } = service;
    const operation: Operation = {
      name: `projects/${this.context.project}/locations/${service.region}/operations/${randomUUID()}`,
      ...{ service, generation, looks: this.context.knobs.looks, worked: false, outcome: undefined },
      work: Promise.resolve(),
      settle: () => this.#settle(operation, made),
      metadata: () => ({ '@type': typeOfService, ...serviceView(service) }),
    };
    service.pending.push(operation);
    this.operations.set(operation.name, operation);
    operation.work = before.then(async () => {
      if (made) await this.#launch(service, made);
      await this.#keepMinimum(service);
      operation.worked = true;
    });
    return operation;
  }

  /** An operation that has nothing to do any more. */
  done(service: Service, response: Fields, type = typeOfService): Operation {
    const operation: Operation = {
      name: `projects/${this.context.project}/locations/${service.region}/operations/${randomUUID()}`,
      ...{ service, generation: service.generation, looks: this.context.knobs.looks, worked: true },
      work: Promise.resolve(),
      settle: () => {},
      metadata: () => ({ '@type': type, ...response }),
      outcome: undefined,
    };
    operation.settle = () => {
      operation.outcome = { response: { '@type': type, ...response } };
    };
    this.operations.set(operation.name, operation);
    return operation;
  }

  /** One look at an operation, which brings it on. */
  look(operation: Operation): void {
    if (operation.outcome) return;
    // Changes of a service are done in their order, whoever looks.
    const [oldest] = operation.service.pending;
    if (oldest && oldest !== operation) this.look(oldest);
    if (operation.looks > 0) operation.looks--;
    const earlier = operation.service.pending.indexOf(operation) > 0;
    if (operation.looks === 0 && operation.worked && !earlier) operation.settle();
  }

  /** One look at a service: its oldest change comes on. */
  lookAt(service: Service): void {
    const [oldest] = service.pending;
    if (oldest) this.look(oldest);
  }

  /** Removes a revision and ends its instances. */
  async drop(service: Service, revision: Revision): Promise<void> {
    service.revisions.delete(revision.short);
    service.deletedRevisions.add(revision.short);
    await revision.pool?.stop();
  }

  async close(): Promise<void> {
    const all = [...this.services.values()].flatMap(({ revisions }) => [...revisions.values()]);
    await Promise.all([...this.operations.values()].map(({ work }) => work));
    await Promise.all(all.map(({ pool }) => pool?.stop(true)));
  }

  async #launch(service: Service, revision: Revision): Promise<void> {
    try {
      const files = await this.#filesOf(revision);
      revision.pool = new RevisionPool(planOf(service, revision, files), {
        context: {
          scratch: join(this.context.scratch),
          timeScale: this.context.knobs.timeScale,
          log: (id, stream, line) => this.#log(revision, service, id, stream, line),
        },
        max: () => maxOf(service, revision),
        queueMs: () => this.context.knobs.queueMs,
        freeze: () => this.context.knobs.freeze,
      });
      if (revision.template.healthCheckDisabled !== true) await revision.pool.start(startReasons.deployment);
      revision.state = 'ready';
    } catch (error) {
      if (!(error instanceof StartError))
        this.context.violation(`the stand-in itself: ${String((error as Error).stack)}`);
      revision.state = 'failed';
      const logs = `https://console.cloud.google.com/logs/viewer?revision_name=${revision.short}`;
      revision.message = `Revision '${revision.short}' is not ready and cannot serve traffic. ${(error as Error).message} Logs for this revision might contain more information.\n\nLogs URL: ${logs}`;
    }
  }

  /** Instances that are to run before a request comes: the revision's minimum wherever it has an address, the service's for live. */
  async #keepMinimum(service: Service): Promise<void> {
    const { traffic = [], scaling } = service.spec;
    for (const revision of service.revisions.values()) {
      if (revision.state !== 'ready') continue;
      const mine = traffic.filter((target) => nameOf(service, target) === revision.short);
      const share = mine.reduce((sum, { percent = 0 }) => sum + percent, 0) / 100;
      const own = mine.length > 0 ? (revision.template.scaling?.minInstanceCount ?? 0) : 0;
      const least = Math.max(own, Math.ceil((scaling?.minInstanceCount ?? 0) * share));
      await revision.pool?.keep(least, startReasons.minimum).catch((error: Error) => {
        revision.message = error.message;
      });
    }
  }

  #settle(operation: Operation, made: Revision | undefined): void {
    const { service } = operation;
    service.pending = service.pending.filter((one) => one !== operation);
    service.observedGeneration = operation.generation;
    if (made?.state === 'ready' && service.latestCreated === made.short) service.latestReady = made.short;
    const problem = routesMessage(service);
    const failed = made?.state === 'failed' ? made.message : undefined;
    service.routesMessage = problem?.message;
    if (!problem) this.#applyRoutes(service);
    const latest = service.revisions.get(service.latestCreated ?? '');
    const blocked = this.context.knobs.latestFailedBlocks && latest?.state === 'failed' ? latest.message : undefined;
    const message = failed ?? problem?.message ?? blocked;
    const code = failed === undefined && problem ? problem.code : 9;
    operation.outcome =
      message === undefined
        ? { response: { '@type': typeOfService, ...serviceView(service) } }
        : { error: { code, message } };
  }

  #applyRoutes(service: Service): void {
    const { statuses, shares, tags } = resolveTraffic(service);
    service.statuses = statuses;
    const routes: Routes = { shares: [], tags: new Map() };
    const poolOf = (short: string): RevisionPool | undefined => service.revisions.get(short)?.pool;
    for (const { percent, revision } of shares) {
      const pool = poolOf(revision);
      if (pool) routes.shares.push({ percent, pool });
    }
    for (const [tag, revision] of tags) {
      const pool = poolOf(revision);
      if (pool) routes.tags.set(tag, pool);
    }
    this.edge.route(service.name, routes);
    const served = new Set([...shares.map(({ revision }) => revision), ...tags.values()]);
    for (const revision of service.revisions.values()) {
      if (!served.has(revision.short)) void revision.pool?.stopIdle();
    }
  }
}

/** The short name of the revision that a target means now. */
export const nameOf = (service: Service, target: { type?: string; revision?: string }): string | undefined =>
  target.type === byLatest ? service.latestReady : target.revision?.split('/').at(-1);

const maxOf = (service: Service, { template }: Revision): number =>
  Math.min(template.scaling?.maxInstanceCount || 100, service.spec.scaling?.maxInstanceCount || 1000);

function planOf(service: Service, revision: Revision, files: Files) {
  const [container = {}] = revision.template.containers ?? [];
  const { command = files.command ?? [], args = [], env = [] } = container;
  const variables = env.map(({ name = '', value = '' }) => [name, value] as const);
  return {
    folder: files.folder,
    command: [...command, ...args],
    env: { ...files.env, ...Object.fromEntries(variables) },
    template: revision.template,
    ...{ service: service.id, revision: revision.short },
  };
}

/** A new version of a service: its etag and time of change move. */
export function touch(context: GoogleContext, service: Service, who: string): void {
  service.version = context.version();
  service.updateTime = timeOf(service.version);
  service.lastModifier = who;
}
