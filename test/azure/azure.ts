import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LoopbackServer, type Surface } from '../fakes/clouds/loopback.ts';
import { removeTree } from '../fakes/clouds/read-only-folders.ts';
import { type ArmApi, armSurface } from './arm.ts';
import { authorizationApi } from './authorization.ts';
import { AzureContext, type Call } from './context.ts';
import { EventGrid } from './event-grid.ts';
import type { Principal } from './iam.ts';
import { Identities } from './identities.ts';
import { insightsApi, insightsSurface } from './insights.ts';
import type { Knobs } from './knobs.ts';
import { Operations } from './operations.ts';
import { resourcesApi } from './resources.ts';
import { Accounts } from './storage/accounts.ts';
import type { AzuriteQueues } from './storage/azurite-queues.ts';
import { queueOperations, queueSurface } from './storage/queues.ts';
import { blobSurface } from './storage/surface.ts';
import { identitySurface } from './tokens.ts';
import { webApis } from './web/api.ts';
import { Web } from './web/web.ts';

/*
 * A stand-in for Azure, not an emulator of it: stricter than the real one, so that what passes here has a chance there. What
 * it cannot tell is in docs/testing.md.
 *
 * All providers are below one address, Azure Resource Manager, to which COLDGATE_AZURE_ENDPOINT points. To add one:
 *   1. put its description into contracts/, reduced as contracts/README.md says;
 *   2. write `(azure: Azure) => ArmApi`: `{ contract, operations }`, by the description's operation ids. Requests are held
 *      to the description, the action that method and path name is demanded of the caller (`needs` where it takes more),
 *      calls are recorded; faults and denials come by themselves. `answer` throws ArmError;
 *   3. add it to `usual` below, or give it to `openAzure({ apis: [mine] })`.
 * A change that takes its time is begun with `azure.operations.begin` and answered with `azure.operations.accepted`.
 * What has a host of its own (publishing sites, functions, blobs, a gateway) is a LoopbackServer.
 */
export type ApiMaker = (azure: Azure) => ArmApi | ArmApi[];

export interface AzureOptions {
  knobs?: Partial<Knobs>;
  /** Resource groups that are there. Default `models`. */
  groups?: string[];
  /** Storage accounts of the first group. Default `coldgatetest`. */
  accounts?: string[];
  /** What holds messages of queues; without it queues are made and removed, and hold none. */
  queues?: AzuriteQueues;
  /** More providers. */
  apis?: ApiMaker[];
  now?: () => Date;
}

const usual: ApiMaker[] = [
  ({ operations }) => operations.api(),
  ({ accounts, queues }) => accounts.api(queueOperations(accounts, queues)),
  ({ identities }) => identities.api(),
  ({ context }) => authorizationApi(context),
  ({ web }) => webApis(web),
  resourcesApi,
  insightsApi,
  ({ events }) => events.api(),
];

/** One subscription on Azure, on loopback. */
export class Azure {
  readonly context: AzureContext;
  readonly operations: Operations;
  /** The identity of the pipeline, which may do everything until a test says otherwise. */
  readonly pipeline: Principal;
  readonly accounts: Accounts;
  /** Identities that were made beforehand. */
  readonly identities: Identities;
  readonly web: Web;
  readonly events: EventGrid;
  readonly queues: AzuriteQueues | undefined;
  /** Ids of Application Insights components in lower case. */
  readonly components = new Set<string>();
  readonly #servers = new Map<string, LoopbackServer>();
  readonly #identities = new Map<string, (clientId: string | undefined) => Principal | undefined>();
  readonly #closing: (() => void | Promise<void>)[] = [];

  private constructor({ knobs = {}, groups = ['models'], accounts = ['coldgatetest'], queues, now }: AzureOptions) {
    this.context = new AzureContext(mkdtempSync(join(tmpdir(), 'coldgate-azure-')), knobs, now);
    const { context } = this;
    this.queues = queues;
    for (const group of groups) context.groups.set(group, 'westeurope');
    this.operations = new Operations(context, () => this.urlOf('ARM'));
    this.accounts = new Accounts(context);
    this.identities = new Identities(context);
    this.web = new Web(this);
    this.events = new EventGrid(this);
    for (const account of accounts) this.accounts.create(account, groups[0] ?? '');
    this.pipeline = context.iam.create('coldgate-pipeline');
    context.iam.grant(this.pipeline.oid, { actions: ['*'], dataActions: ['*'] }, '/');
  }

  static async open(options: AzureOptions = {}): Promise<Azure> {
    const azure = new Azure(options);
    await azure.serve(identitySurface(azure.context, azure.#identities));
    azure.accounts.base = (await azure.serve(blobSurface(azure.context, azure.accounts))).url;
    const queues = queueSurface(azure.context, azure.accounts, azure.queues);
    azure.accounts.queueBase = (await azure.serve(queues)).url;
    await azure.serve(insightsSurface(azure));
    const apis = [...usual, ...(options.apis ?? [])].flatMap((make) => make(azure));
    await azure.serve(armSurface(azure.context, apis));
    return azure;
  }

  /** Opens an address of its own for a surface; it is closed with the rest. */
  async serve(surface: Surface): Promise<LoopbackServer> {
    const server = await LoopbackServer.openSurface(surface);
    this.#servers.set(surface.name, server);
    return server;
  }

  get subscription(): string {
    return this.context.subscription;
  }

  get knobs(): Knobs {
    return this.context.knobs;
  }

  /** The address of a surface, without a slash at its end. */
  urlOf(surface: string): string {
    const found = this.#servers.get(surface);
    if (!found) throw new Error(`no surface ${surface}`);
    return found.url;
  }

  /** Variables by which a machine gets tokens of an identity. */
  identityOf(find: (clientId: string | undefined) => Principal | undefined): Record<string, string> {
    const secret = this.context.newId();
    this.#identities.set(secret, find);
    return { IDENTITY_ENDPOINT: `${this.urlOf('IDENTITY')}/msi/token`, IDENTITY_HEADER: secret };
  }

  /** What points the product and its processes here. */
  get environment(): Record<string, string> {
    return this.environmentAs(this.pipeline);
  }

  /** As `environment`, logged in as someone else. */
  environmentAs(principal: Principal): Record<string, string> {
    return {
      ...this.identityOf(() => principal),
      COLDGATE_AZURE_ENDPOINT: this.urlOf('ARM'),
      AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
    };
  }

  /** The calls since the last time this was asked. */
  calls(): Call[] {
    return this.context.calls.splice(0);
  }

  /** What broke a description since the last time this was asked; `close` throws where any is left. */
  violations(): string[] {
    return this.context.violations.splice(0);
  }

  /** Whoever asks, this action is refused, until it is allowed again. */
  deny(action: string): void {
    this.context.iam.denied.add(action);
  }

  allow(action: string): void {
    this.context.iam.denied.delete(action);
  }

  /** Has something done when this is closed. */
  onClose(work: () => void | Promise<void>): void {
    this.#closing.push(work);
  }

  /** Throws for violations that nobody has asked for. */
  async close(): Promise<void> {
    for (const work of this.#closing) await work();
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
    removeTree(this.context.scratch);
    const left = this.violations();
    if (left.length > 0) throw new Error(`Azure would not have taken this:\n${left.join('\n')}`);
  }
}

/** Opens a subscription; `close` it. */
export const openAzure = (options: AzureOptions = {}): Promise<Azure> => Azure.open(options);
