import { randomUUID } from 'node:crypto';
import { openArm } from '../../../src/azure/arm.ts';
import type { AzureCredentials } from '../../../src/azure/credentials.ts';
import { camelKeys } from '../../../src/config/camel-keys.ts';
import { azureFunctionsTarget as settingsSchema } from '../../../src/config/schema/azure-functions.ts';
import { silentLogger } from '../../../src/log.ts';
import { call } from '../../../src/rollout/proof/http.ts';
import type { Endpoint } from '../../../src/rollout/proof/prove.ts';
import { type ApimOptions, ensureRevision } from '../../../src/targets/azure-functions/apim.ts';
import type { ApimAccess } from '../../../src/targets/azure-functions/apim-client.ts';
import {
  type BackendApp,
  type WantedRevision,
  type WithGateway,
  wantedRevision,
} from '../../../src/targets/azure-functions/apim-wanted.ts';
import { LoopbackServer, readAll } from '../../fakes/clouds/loopback.ts';
import type { Azure } from '../azure.ts';
import type { Gateway } from './gateway.ts';
import { openApim, serviceName } from './open.ts';
import type { ApimState } from './state.ts';

export const functionName = 'digits-production';

/** A request as a function got it. */
interface Seen {
  app: string;
  method: string;
  path: string;
  headers: Record<string, string | string[] | undefined>;
}

/** A function app as the gateway sees it: whoever has its key is let in, and answered at once. */
export class FunctionApp implements BackendApp {
  readonly id: string;
  key = randomUUID();
  /** How long it takes, ms. */
  delayMs = 0;
  /** What it answers instead of 200. */
  status = 200;
  readonly #server: LoopbackServer;

  private constructor(id: string, server: LoopbackServer) {
    this.id = id;
    this.#server = server;
  }

  static async open(id: string, name: string, seen: Seen[]): Promise<FunctionApp> {
    const instance = randomUUID();
    const server = await LoopbackServer.open(async (request, response) => {
      await readAll(request);
      const { method = '', url: path = '', headers } = request;
      if (headers['x-functions-key'] !== app.key) return void response.writeHead(401).end();
      seen.push({ app: name, method, path, headers });
      await new Promise((resolve) => setTimeout(resolve, app.delayMs));
      const own = { 'content-type': 'application/json', 'x-coldgate-instance': instance };
      response.writeHead(app.status, own).end(JSON.stringify({ app: name, path, count: seen.length }));
    });
    const app = new FunctionApp(id, server);
    return app;
  }

  get url(): string {
    return this.#server.url;
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

/** An API Management service on the stand-in in front of two apps: what is live, and a candidate. */
export class ApimHarness {
  readonly azure: Azure;
  readonly state: ApimState;
  readonly gateway: Gateway;
  readonly seen: Seen[];
  readonly live: FunctionApp;
  readonly candidate: FunctionApp;

  private constructor(parts: Pick<ApimHarness, 'azure' | 'state' | 'gateway' | 'seen' | 'live' | 'candidate'>) {
    this.azure = parts.azure;
    this.state = parts.state;
    this.gateway = parts.gateway;
    this.seen = parts.seen;
    this.live = parts.live;
    this.candidate = parts.candidate;
  }

  static async open(): Promise<ApimHarness> {
    // Long operations take a quarter of a second to be looked at: tests that are about them ask for them.
    const made = await openApim({ knobs: { looks: 0 } });
    const seen: Seen[] = [];
    const sites = `${made.azure.context.groupId('models')}/providers/Microsoft.Web/sites`;
    const live = await FunctionApp.open(`${sites}/digits`, 'live', seen);
    const candidate = await FunctionApp.open(`${sites}/digits-c-1`, 'candidate', seen);
    return new ApimHarness({ ...made, seen, live, candidate });
  }

  access(signal = new AbortController().signal): ApimAccess {
    const { environment: variables, pipeline, context } = this.azure;
    // Those of @azure/identity keep tokens for the whole process, which has several stand-ins here.
    const credentials: AzureCredentials = {
      token: async () => context.tokens.give(pipeline, 'https://management.azure.com/').token,
      principal: () => pipeline.oid,
      credential: () => Promise.reject(new Error('no other client is used')),
    };
    const arm = openArm({ log: silentLogger, signal, credentials, variables });
    return { arm, log: silentLogger, signal, pollMs: 2, settlingMs: 1000 };
  }

  settings(gateway: Record<string, unknown> = {}, more: Record<string, unknown> = {}): WithGateway {
    const own = { provider: 'azure-functions', subscription: this.azure.subscription, 'resource-group': 'models' };
    const place = { location: 'westeurope', 'storage-account': 'acmefunctions' };
    const of = { service: serviceName, path: 'digits', ...gateway };
    return camelKeys(settingsSchema.parse({ ...own, ...place, gateway: of, ...more })) as WithGateway;
  }

  /** @param version of a candidate; what is live without it */
  wanted(
    gateway: Record<string, unknown> = {},
    version: string | null = null,
    origins: readonly string[] = [],
  ): WantedRevision {
    const app = version === null ? this.live : this.candidate;
    return wantedRevision({ settings: this.settings(gateway), name: functionName, origins, app, version });
  }

  /** How the pipeline reaches an app past the gateway. */
  inside({ url, key }: FunctionApp): Endpoint {
    const headers = { 'x-functions-key': key };
    return { url, send: (path, options) => call(`${url}${path}`, { ...options, headers }) };
  }

  /** The gateway as a release makes it. */
  ensure(gateway: Record<string, unknown> = {}, options: Partial<ApimOptions> = {}, access = this.access()) {
    return ensureRevision(access, this.wanted(gateway), { inside: this.inside(this.live), ...options });
  }

  /** A candidate's own address. */
  ensureCandidate(version = '1.1.0', gateway: Record<string, unknown> = {}, access = this.access()) {
    const wanted = this.wanted(gateway, version);
    return ensureRevision(access, wanted, { inside: this.inside(this.candidate) });
  }

  /** A caller's subscription to the API. */
  subscribe(scope = `/apis/${functionName}`): Record<string, string> {
    const key = randomUUID();
    const id = `caller-${this.state.subscriptions.size}`;
    this.state.subscriptions.set(id, { scope, state: 'active', properties: {}, keys: [key, key] });
    return { 'ocp-apim-subscription-key': key };
  }

  /** Names of the calls since the last time: those that change something, and those that do not. */
  take(): { reading: string[]; mutating: string[] } {
    const calls = this.azure.calls().filter(({ path }) => path.includes('/Microsoft.ApiManagement/'));
    const named = (mutating: boolean) => calls.filter((one) => one.mutating === mutating).map(({ method }) => method);
    return { reading: named(false), mutating: named(true) };
  }

  async close(): Promise<void> {
    await this.live.close();
    await this.candidate.close();
    await this.azure.close();
  }
}
