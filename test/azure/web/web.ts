import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LoopbackServer } from '../../fakes/clouds/loopback.ts';
import { busy, notFound } from '../arm-error.ts';
import type { Azure } from '../azure.ts';
import type { AzureContext } from '../context.ts';
import { serveApp } from '../edge/front.ts';
import { Generation } from '../edge/generation.ts';
import { HostError } from '../edge/instance.ts';
import { Placeholders } from '../edge/placeholders.ts';
import type { Principal } from '../iam.ts';
import { environmentOf, hostProblem } from './host.ts';
import { Keys } from './keys.ts';
import { Packages } from './packages.ts';
import { serveScm } from './publish.ts';
import { QueueHost } from './queue-host.ts';
import { isFlex, type Plan, type Site } from './record.ts';

/** App Service: plans, apps and slots, and what runs of them. */
export class Web {
  readonly azure: Azure;
  readonly context: AzureContext;
  readonly keys: Keys;
  readonly packages: Packages;
  /** What calls functions with messages, where queues hold any. */
  readonly queues: QueueHost | undefined;
  /** By group and name in lower case. */
  readonly plans = new Map<string, Plan>();
  /** By key in lower case; names are one for all. */
  readonly sites = new Map<string, Site>();
  /** Names that others have. */
  readonly takenNames = new Set<string>();
  /** What workers have written. */
  readonly log: { site: string; stream: 'stdout' | 'stderr'; line: string }[] = [];
  readonly #placeholders: Placeholders;
  /** What still answers after an update, or the requests that nothing answers. */
  readonly #after = new Map<Site, { stale: Generation | undefined; staleLeft: number; deadLeft: number }>();
  readonly #variables = new Map<Site, Record<string, string>>();

  constructor(azure: Azure) {
    this.azure = azure;
    this.context = azure.context;
    this.keys = new Keys(this.context);
    this.packages = new Packages(join(this.context.scratch, 'packages'));
    this.#placeholders = new Placeholders(this.context.scratch);
    this.queues = azure.queues && new QueueHost(this, azure.queues);
    azure.onClose(() => this.close());
  }

  planId({ group, name }: Pick<Plan, 'group' | 'name'>): string {
    return `${this.context.groupId(group)}/providers/Microsoft.Web/serverfarms/${name}`;
  }

  siteId({ group, key }: Pick<Site, 'group' | 'key'>): string {
    return `${this.context.groupId(group)}/providers/Microsoft.Web/sites/${key}`;
  }

  planById(id: string): Plan | undefined {
    return [...this.plans.values()].find((plan) => this.planId(plan).toLowerCase() === id.toLowerCase());
  }

  sitesOf(plan: Plan): Site[] {
    return [...this.sites.values()].filter((site) => site.plan === plan);
  }

  /** The site or slot that a request names. Throws ArmError. */
  siteOf(labels: Record<string, string>): Site {
    const { name = '', slot, resourceGroupName = '' } = labels;
    const key = slot === undefined || slot === 'production' ? name : `${name}/slots/${slot}`;
    const found = this.sites.get(key.toLowerCase());
    if (found && found.group.toLowerCase() === resourceGroupName.toLowerCase() && !this.isNew(found)) return found;
    throw notFound(this.siteId({ group: resourceGroupName, key }));
  }

  /** Whether something that was just made is not seen yet. */
  isNew(one: { unread: number }): boolean {
    return one.unread > 0 && one.unread-- > 0;
  }

  /** As `siteOf`, for a change: one runs at a time. Throws ArmError. */
  changing(labels: Record<string, string>): Site {
    const site = this.siteOf(labels);
    this.checkBusy(site);
    return site;
  }

  checkBusy({ operation }: Site): void {
    if (operation !== undefined && this.azure.operations.isRunning(operation)) throw busy(operation);
  }

  /** The two addresses of an app, at ports that nobody can tell beforehand. */
  async openServers(site: () => Site): Promise<Site['servers']> {
    const app = await LoopbackServer.open((request, response) => serveApp(this, site(), request, response));
    const scm = await LoopbackServer.openSurface({
      name: 'SCM',
      serve: (incoming) => serveScm(this, site(), incoming),
    });
    return { app, scm };
  }

  /** The app changes: all that runs of it ends, or is replaced step by step where the app says so. */
  update(site: Site): void {
    site.updates++;
    const before = site.generation;
    const { knobs } = this.context;
    site.generation = site.content ? this.#generation(site) : undefined;
    if (!before) return;
    const isRolling = site.properties.functionAppConfig?.siteUpdateStrategy?.type === 'RollingUpdate';
    const staleLeft = isRolling ? Math.max(1, knobs.staleRequests) : knobs.staleRequests;
    const stale = staleLeft > 0 ? before : undefined;
    void this.#after.get(site)?.stale?.pool.stop(true);
    this.#after.set(site, { stale, staleLeft, deadLeft: knobs.unavailable });
    if (stale) return;
    void before.pool.stop(true);
    site.servers.app.cut();
  }

  /** Two slots change places: what is warm in the first goes on in the second, and what is running there ends first. */
  exchange(slot: Site, production: Site): void {
    const before = production.generation;
    production.generation = slot.generation;
    slot.generation = slot.content ? this.#generation(slot) : undefined;
    const drain = async (): Promise<void> => {
      while ((before?.pool.taken ?? 0) > 0) await pause(20);
      await before?.pool.stop(true);
    };
    void drain();
  }

  /** Whether an app can be started and answers anything. */
  async answers({ generation }: Site): Promise<boolean> {
    try {
      const instance = await generation?.pool.take();
      if (instance) generation?.pool.give(instance);
      return instance !== undefined;
    } catch {
      return false;
    }
  }

  /** What a request to an app is for; undefined where there is nothing. */
  generationFor(site: Site): Generation | 'unavailable' | undefined {
    const after = this.#after.get(site);
    if (after?.stale) {
      const { stale } = after;
      if (after.staleLeft-- > 0) return stale;
      after.stale = undefined;
      const isRolling = site.properties.functionAppConfig?.siteUpdateStrategy?.type === 'RollingUpdate';
      void stale.pool.stop(!isRolling);
    }
    if (after && after.deadLeft > 0) {
      after.deadLeft--;
      return 'unavailable';
    }
    return site.generation;
  }

  #generation(site: Site): Generation {
    const { scaleAndConcurrency: scale = {} } = site.properties.functionAppConfig ?? {};
    const alwaysReady = (scale.alwaysReady ?? []).reduce((sum, { instanceCount = 0 }) => sum + instanceCount, 0);
    return new Generation(this.context, this.#placeholders, {
      folder: site.content?.folder ?? '',
      env: { ...environmentOf(this, site), ...this.variablesOf(site) },
      checkHost: () => {
        const problem = hostProblem(this, site);
        if (problem !== undefined) throw new HostError(problem);
      },
      log: (stream, line) => this.log.push({ site: site.key, stream, line }),
      concurrency: isFlex(site.plan) ? (scale.triggers?.http?.perInstanceConcurrency ?? 16) : 100,
      max: scale.maximumInstanceCount ?? 100,
      alwaysReady: Math.min(alwaysReady, 1),
    });
  }

  /** Variables by which an app gets tokens of its identities. */
  variablesOf(site: Site): Record<string, string> {
    const known = this.#variables.get(site) ?? this.azure.identityOf((clientId) => this.identityOf(site, clientId));
    this.#variables.set(site, known);
    return known;
  }

  /** An identity of an app: its own, or the assigned one of a client id. */
  identityOf({ identity, principal }: Site, clientId?: string): Principal | undefined {
    const assigned = Object.keys(identity.userAssignedIdentities ?? {}).map((id) => this.azure.identities.find(id));
    if (clientId !== undefined) return assigned.find((one) => one?.clientId === clientId);
    return principal === undefined ? undefined : this.context.iam.find(principal);
  }

  /** What `/admin/host/status` says. */
  statusOf(site: Site, error: string | undefined): object {
    const state = error === undefined ? 'Running' : 'Error';
    return {
      ...{
        id: site.name,
        state,
        version: '4.1041.100.0',
        versionDetails: '4.1041.100',
        platformVersion: '',
        processUptime: 1,
      },
      ...(error !== undefined && { errors: [error] }),
    };
  }

  /** Takes an app away. */
  async remove(site: Site): Promise<void> {
    this.sites.delete(site.key.toLowerCase());
    if (site.principal !== undefined) this.context.iam.remove(site.principal);
    await this.#stop(site);
  }

  async #stop(site: Site): Promise<void> {
    await this.#after.get(site)?.stale?.pool.stop(true);
    await site.generation?.pool.stop(true);
    await Promise.all([site.servers.app.close(), site.servers.scm.close()]);
  }

  async close(): Promise<void> {
    await this.queues?.close();
    await Promise.all([...this.sites.values()].map((site) => this.#stop(site)));
    await this.#placeholders.close();
    for (const what of this.packages.changes()) this.context.violation(what);
    this.packages.remove();
  }
}
