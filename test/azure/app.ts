import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { writeZip } from '../../src/package/zip.ts';
import type { Azure } from './azure.ts';
import { Client, type Reply } from './client.ts';
import type { Site } from './web/record.ts';

/** A zip of some files: equal bytes for equal files. */
export const zipOf = (files: Record<string, string>): Buffer =>
  writeZip(
    Object.entries(files).map(([name, text]) => {
      const bytes = Buffer.from(text);
      return { name, bytes, deflated: deflateRawSync(bytes) };
    }),
  );

/** What a package needs to register functions. */
export const modelFile = readFileSync(join(import.meta.dirname, '..', 'fakes', 'handler', 'azure-model.cjs'), 'utf8');

/** Answers what it is, and how often it was asked. */
const greeter = `
const { register } = require('./azure-model.cjs');
let requests = 0;
register('greeter', process.env.LEVEL ?? 'function', async ({ url, headers }) => {
  requests++;
  if (url.startsWith('/exit')) process.exit(1);
  if (url.startsWith('/slow')) await new Promise((resolve) => setTimeout(resolve, 60_000));
  if (url.startsWith('/write')) try { require('node:fs').writeFileSync('mine.txt', 'x'); } catch {}
  console.log(JSON.stringify({ requests: url }));
  const said = { requests, pid: process.pid, cwd: process.cwd(), variables: process.env, headers };
  return { status: 200, headers: { 'content-type': 'application/json' }, text: JSON.stringify(said) };
});
`;

/** What the greeter says. */
export interface Greeting {
  requests: number;
  pid: number;
  cwd: string;
  variables: Record<string, string>;
  headers: Record<string, string>;
}

/** A package of the greeter; a file that is undefined is left out. */
export function greeterZip(files: Record<string, string | undefined> = {}): Buffer {
  const all = {
    'package.json': JSON.stringify({ main: 'main.cjs' }),
    'host.json': JSON.stringify({ version: '2.0', extensions: { http: { routePrefix: '' } } }),
    'main.cjs': greeter,
    'azure-model.cjs': modelFile,
    ...files,
  };
  const there = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return zipOf(Object.fromEntries(there));
}

/** What every app of these tests is given to reach its storage. */
export const hostSettings = {
  AzureWebJobsStorage__accountName: 'coldgatetest',
  AzureWebJobsStorage__credential: 'managedidentity',
};

export const dataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b';

/** One app, made by the calls of a hand-written client. */
export class App {
  readonly azure: Azure;
  readonly client: Client;
  readonly name: string;

  constructor(azure: Azure, name = 'digits') {
    this.azure = azure;
    this.client = new Client(azure);
    this.name = name;
  }

  get path(): string {
    return `${this.client.group}/providers/Microsoft.Web/sites/${this.name}`;
  }

  get planPath(): string {
    return `${this.client.group}/providers/Microsoft.Web/serverfarms/${this.name}-plan`;
  }

  get site(): Site {
    return this.azure.web.sites.get(this.name)!;
  }

  get accountPath(): string {
    return `${this.client.group}/providers/Microsoft.Storage/storageAccounts/coldgatetest`;
  }

  get container(): string {
    return `${this.accountPath}/blobServices/default/containers/${this.name}?api-version=2023-05-01`;
  }

  /** The plan's body. */
  readonly plan = {
    ...{ location: 'westeurope', kind: 'functionapp', properties: { reserved: true } },
    sku: { name: 'FC1', tier: 'FlexConsumption', size: 'FC', family: 'FC' },
  };

  /** The app's body; a part of `properties` or `siteConfig` may be other. */
  body(properties: object = {}, siteConfig: object = {}, scale: object = {}): Record<string, unknown> {
    const value = `${this.azure.urlOf('BLOBS')}/coldgatetest/${this.name}`;
    return {
      ...{ location: 'westeurope', kind: 'functionapp,linux', identity: { type: 'SystemAssigned' } },
      properties: {
        serverFarmId: this.planPath,
        httpsOnly: true,
        functionAppConfig: {
          deployment: { storage: { type: 'blobContainer', value, authentication: { type: 'SystemAssignedIdentity' } } },
          runtime: { name: 'node', version: '24' },
          scaleAndConcurrency: { maximumInstanceCount: 40, instanceMemoryMB: 2048, ...scale },
        },
        siteConfig: { minTlsVersion: '1.2', ...siteConfig },
        ...properties,
      },
    };
  }

  /** Follows a long operation to its end. */
  async ended(replies: Reply): Promise<Reply> {
    const url = replies.headers.get('azure-asyncoperation');
    if (replies.status !== 202 || !url) return replies;
    for (;;) {
      const { json } = await this.client.ask('GET', url);
      if (json['status'] !== 'InProgress') return replies;
    }
  }

  async put(body: Record<string, unknown> = this.body()): Promise<Reply> {
    return this.ended(await this.client.ask('PUT', this.path, body));
  }

  /** Plan, container, app, role, settings. */
  async make(settings: Record<string, string> = {}, body = this.body()): Promise<void> {
    const all = await Promise.all([
      this.client.ask('PUT', this.planPath, this.plan),
      this.client.ask('PUT', this.container, { properties: { publicAccess: 'None' } }),
    ]);
    const replies = [...all, await this.put(body), await this.grant(), await this.set(settings)];
    const failed = replies.find(({ status }) => status >= 400);
    if (failed) throw new Error(JSON.stringify(failed.json));
  }

  grant(role = dataOwner, id = this.azure.context.newId()): Promise<Reply> {
    const properties = {
      roleDefinitionId: `/subscriptions/${this.azure.subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
      ...{ principalId: this.site.principal, principalType: 'ServicePrincipal' },
    };
    const path = `${this.accountPath}/providers/Microsoft.Authorization/roleAssignments/${id}?api-version=2022-04-01`;
    return this.client.ask('PUT', path, { properties });
  }

  set(settings: Record<string, string>): Promise<Reply> {
    return this.client.ask('PUT', `${this.path}/config/appsettings`, { properties: { ...hostSettings, ...settings } });
  }

  /** Sends a package to the publishing site. */
  async upload(zip = greeterZip()): Promise<{ status: number; text: string; location: string }> {
    const url = `${this.site.servers.scm.url}/api/publish?RemoteBuild=false&Deployer=test`;
    const headers = { authorization: `Bearer ${this.client.token}`, 'content-type': 'application/zip' };
    const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(zip) });
    return { status: answer.status, text: await answer.text(), location: answer.headers.get('location') ?? '' };
  }

  /** Looks once at a deployment. */
  async look(location: string): Promise<{ status: number; state: unknown }> {
    const headers = { authorization: `Bearer ${this.client.token}` };
    const answer = await fetch(location, { headers });
    const { status } = (await answer.json()) as { status?: number };
    return { status: answer.status, state: status };
  }

  /** Publishes and waits. Returns the last state. */
  async publish(zip = greeterZip()): Promise<unknown> {
    const { location } = await this.upload(zip);
    for (;;) {
      const { state } = await this.look(location);
      if (Number(state) >= 3) return state;
    }
  }

  async functions(): Promise<string[]> {
    const { json } = await this.client.ask('GET', `${this.path}/functions`);
    return (json['value'] as { name: string }[]).map(({ name }) => name);
  }

  async keys(): Promise<{ masterKey: string; functionKeys: Record<string, string> }> {
    return (await this.client.ask('POST', `${this.path}/host/default/listkeys`)).json as never;
  }

  /** Calls the function. */
  async call(path = '/', headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.site.servers.app.url}${path}`, { headers });
  }

  async greeting(path = '/'): Promise<Greeting> {
    const { default: key = '' } = this.azure.web.keys.of(this.site).functionKeys;
    return (await (await this.call(path, { 'x-functions-key': key })).json()) as Greeting;
  }
}
