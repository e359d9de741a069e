import { randomUUID } from 'node:crypto';
import { camelKeys } from '../../../src/config/camel-keys.ts';
import { googleCloudRunTarget as settingsSchema } from '../../../src/config/schema/google-cloud-run.ts';
import { type GoogleCredentials, openCredentials } from '../../../src/google/credentials.ts';
import { endpointOf } from '../../../src/google/endpoints.ts';
import { silentLogger } from '../../../src/log.ts';
import { call } from '../../../src/rollout/proof/http.ts';
import type { Endpoint } from '../../../src/rollout/proof/prove.ts';
import { ensureGateway } from '../../../src/targets/google-cloud-run/gateway.ts';
import type { GatewayAccess } from '../../../src/targets/google-cloud-run/gateway-client.ts';
import { removeGateway } from '../../../src/targets/google-cloud-run/gateway-remove.ts';
import { gatewayEndpoint } from '../../../src/targets/google-cloud-run/gateway-routes.ts';
import {
  type GatewayRequest,
  gatewayFacts,
  wantedGateway,
} from '../../../src/targets/google-cloud-run/gateway-wanted.ts';
import { LoopbackServer, readAll } from '../../fakes/clouds/loopback.ts';
import { type GatewayProject, openGatewayProject } from './open.ts';

export const functionName = 'digits-production';
export const gatewayAccount = 'gateway@coldgate-test.iam.gserviceaccount.com';

/** A request as the function got it. */
export interface Seen {
  method: string;
  path: string;
  headers: Record<string, string | string[] | undefined>;
}

/** The gateway of a function on the stand-in: a service that lets in whom Cloud Run would, and answers at once. */
export class GatewayHarness {
  readonly project: GatewayProject;
  readonly seen: Seen[] = [];
  /** How long the function takes, ms. */
  delayMs = 0;
  readonly #service: LoopbackServer;
  /** Logged in once, as one run is. */
  readonly #credentials: GoogleCredentials;

  private constructor(project: GatewayProject, service: LoopbackServer) {
    this.project = project;
    this.#service = service;
    this.#credentials = openCredentials(project.google.environment, new AbortController().signal);
  }

  static async open(): Promise<GatewayHarness> {
    const project = await openGatewayProject();
    Object.assign(process.env, project.google.environment);
    const { context } = project.google;
    const instance = randomUUID();
    const service: LoopbackServer = await LoopbackServer.open(async (request, response) => {
      await readAll(request);
      const token = context.iam.tokenOf(request.headers.authorization);
      const isIn =
        token?.kind === 'id' &&
        token.audience === service.url &&
        context.iam.allows(token.principal, 'run.routes.invoke', `services/${functionName}`);
      const { method = '', url: path = '', headers } = request;
      if (!isIn) return void response.writeHead(403, { 'content-type': 'text/html' }).end('<h1>Forbidden</h1>');
      harness.seen.push({ method, path, headers });
      await new Promise((resolve) => setTimeout(resolve, harness.delayMs));
      const status = method === 'OPTIONS' ? 204 : 200;
      const own = { 'content-type': 'application/json', 'x-coldgate-instance': instance };
      response.writeHead(status, own).end(status === 204 ? '' : JSON.stringify({ status: 'ok', path }));
    });
    const harness = new GatewayHarness(project, service);
    context.iam.grant(gatewayAccount, ['run.routes.invoke'], '*', 0);
    return harness;
  }

  /** Address of the service. */
  get address(): string {
    return this.#service.url;
  }

  access(signal = new AbortController().signal): GatewayAccess {
    const variables = this.project.google.environment;
    return {
      ...{ log: silentLogger, signal, pollMs: 2, settlingMs: 2000 },
      api: (name) => endpointOf(name, variables),
      credentials: this.#credentials,
    };
  }

  settings(gateway: Record<string, unknown> = {}, more: Record<string, unknown> = {}): GatewayRequest['settings'] {
    const own = { provider: 'google-cloud-run', project: 'coldgate-test', region: 'europe-west1' };
    const account = { 'service-account': 'digits@coldgate-test.iam.gserviceaccount.com' };
    const of = { auth: 'none', 'service-account': gatewayAccount, ...gateway };
    const parsed = camelKeys(settingsSchema.parse({ ...own, ...account, gateway: of, ...more }));
    return parsed as GatewayRequest['settings'];
  }

  wanted(gateway: Record<string, unknown> = {}, origins: readonly string[] = [], more: Record<string, unknown> = {}) {
    const settings = this.settings(gateway, more);
    return wantedGateway({ settings, name: functionName, address: this.address, origins });
  }

  /** The gateway as a route makes it. */
  ensure(gateway: Record<string, unknown> = {}, access = this.access(), recheck = false) {
    return ensureGateway(access, this.wanted(gateway), { recheck });
  }

  remove(access = this.access()) {
    return removeGateway(access, this.wanted().names, functionName);
  }

  /** How the pipeline proves the gateway. */
  endpoint(gateway: Record<string, unknown>, url: string, changed = false): Endpoint {
    const inside = {
      url: this.address,
      send: async (path: string, options: Parameters<Endpoint['send']>[1]) => {
        const { iam, now } = this.project.google.context;
        const authorization = `Bearer ${iam.idToken(gatewayAccount, this.address, now())}`;
        return call(`${this.address}${path}`, { ...options, headers: { authorization } });
      },
    };
    const facts = gatewayFacts(this.settings(gateway), functionName);
    return gatewayEndpoint(this.access(), { url, changed, facts, inside });
  }

  /** Names of the calls since the last time: those that change something, and those that do not. */
  take(): { reading: string[]; mutating: string[] } {
    const calls = this.project.google.calls().filter(({ method }) => /^(?:apigateway|serviceusage)\./.test(method));
    const named = (mutating: boolean) =>
      calls.filter((one) => one.mutating === mutating).map(({ method }) => method.split('.').slice(-2).join('.'));
    return { reading: named(false), mutating: named(true) };
  }

  async close(): Promise<void> {
    await this.#service.close();
    await this.project.close();
  }
}
