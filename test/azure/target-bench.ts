import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { camelKeys } from '../../src/config/camel-keys.ts';
import { azureFunctionsTarget as settingsSchema } from '../../src/config/schema/azure-functions.ts';
import { sha256 } from '../../src/model/digest.ts';
import type { PackageFile } from '../../src/package/package-file.ts';
import type { DeployRequest } from '../../src/rollout/target.ts';
import { CloudTargetBench } from '../fakes/targets/cloud.ts';
import { zipOf } from './app.ts';
import { type Azure, type AzureOptions, openAzure } from './azure.ts';
import type { Site } from './web/record.ts';

export const functionName = 'digits-production';

const fake = (file: string): string => readFileSync(join(import.meta.dirname, '..', 'fakes', 'targets', file), 'utf8');

/** Files of a package of the fake function; another note gives another build. */
export const fakeFiles = (note = ''): Record<string, string> => ({
  'package.json': JSON.stringify({ main: 'azure-entry.cjs' }),
  'host.json': JSON.stringify({ version: '2.0', extensions: { http: { routePrefix: '' } } }),
  'package-digest.txt': sha256(Buffer.from(note)),
  'azure-entry.cjs': fake('azure-entry.cjs'),
  'handler.cjs': `${fake('handler.cjs')}\n// ${note}\n`,
});

/** The driver on the stand-in for Azure, with functions that keep the handler's contract and need no runtime. */
export class AzureBench extends CloudTargetBench {
  readonly azure: Azure;
  /** Settings of every target, as models.yaml has them. */
  readonly defaults: Record<string, unknown>;

  private constructor(azure: Azure, defaults: Record<string, unknown>) {
    super(azure, functionName);
    this.azure = azure;
    this.defaults = defaults;
  }

  static async open({
    settings = {},
    ...options
  }: AzureOptions & { settings?: Record<string, unknown> } = {}): Promise<AzureBench> {
    return new AzureBench(await openAzure(options), settings);
  }

  targetSettings(more: Record<string, unknown> = {}) {
    const settings = {
      ...{ provider: 'azure-functions', subscription: this.azure.subscription, 'resource-group': 'models' },
      ...{ location: 'westeurope', 'storage-account': 'coldgatetest', ...this.defaults, ...more },
    };
    return camelKeys(settingsSchema.parse(settings));
  }

  /** A package of the fake function, with other files where they are given. */
  package(note = '', files: Record<string, string> = {}): PackageFile {
    return this.packageOf(zipOf({ ...fakeFiles(note), ...files }), 'zip');
  }

  request(role: 'candidate' | 'live', at: 0 | 1, from: PackageFile = this.package()): DeployRequest {
    return this.requestOf(role, at, from);
  }

  /** Apps by what they are for. */
  sites(role?: string): Site[] {
    return [...this.azure.web.sites.values()].filter(
      ({ tags }) => role === undefined || tags['coldgate-role'] === role,
    );
  }

  get live(): Site | undefined {
    return this.sites('live')[0];
  }

  /** Header with the key by which a caller may call an app of this address. */
  keyFor(url: string): Record<string, string> {
    const site = this.sites().find(({ servers }) => url.startsWith(servers.app.url));
    return site ? { 'x-functions-key': this.azure.web.keys.of(site).functionKeys['default'] ?? '' } : {};
  }

  /** What is there of the function, whatever it is. */
  leftovers(): string[] {
    const { web, accounts } = this.azure;
    return [
      ...[...web.sites.keys()].map((name) => `app ${name}`),
      ...[...web.plans.keys()].map((name) => `plan ${name}`),
      ...[...(accounts.find('coldgatetest')?.containers.keys() ?? [])].map((name) => `container ${name}`),
    ];
  }
}
