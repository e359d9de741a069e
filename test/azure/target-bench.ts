import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { camelKeys } from '../../src/config/camel-keys.ts';
import { azureFunctionsTarget as settingsSchema } from '../../src/config/schema/azure-functions.ts';
import { type Logger, silentLogger } from '../../src/log.ts';
import { sha256 } from '../../src/model/digest.ts';
import type { PackageFile } from '../../src/package/package-file.ts';
import type { DeployRequest, Target } from '../../src/rollout/target.ts';
import { openTarget } from '../../src/targets/open.ts';
import { type StoredVersion, TargetStore } from '../fakes/targets/store.ts';
import { zipOf } from './app.ts';
import { type Azure, type AzureOptions, openAzure } from './azure.ts';
import type { Site } from './web/record.ts';

export const functionName = 'digits-production';

const sampleFor = (factor: number) => ({ inputs: { x: [1, 2] }, outputs: { y: [factor, 2 * factor] } });

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
export class AzureBench {
  readonly azure: Azure;
  readonly store: TargetStore;
  readonly folder: string;
  readonly versions: StoredVersion[];
  /** Settings of every target, as models.yaml has them. */
  readonly defaults: Record<string, unknown>;

  private constructor(azure: Azure, folder: string, defaults: Record<string, unknown>) {
    this.azure = azure;
    this.defaults = defaults;
    this.folder = folder;
    this.store = new TargetStore(join(folder, 'store'), 'digits');
    this.versions = ['1.0.0', '1.1.0'].map((version, at) => {
      const bytes = Buffer.from(JSON.stringify({ factor: at + 2 }));
      return this.store.add(version, bytes, sampleFor(at + 2) as unknown as StoredVersion['sample'], ['batch', 2]);
    });
    this.store.point('1.0.0');
  }

  static async open({
    settings = {},
    ...options
  }: AzureOptions & { settings?: Record<string, unknown> } = {}): Promise<AzureBench> {
    const azure = await openAzure(options);
    Object.assign(process.env, azure.environment);
    return new AzureBench(azure, realpathSync(mkdtempSync(join(tmpdir(), 'coldgate-flex-'))), settings);
  }

  /** @param more as models.yaml has them */
  targetSettings(more: Record<string, unknown> = {}): Parameters<typeof openTarget>[0] {
    const settings = {
      ...{ provider: 'azure-functions', subscription: this.azure.subscription, 'resource-group': 'models' },
      ...{ location: 'westeurope', 'storage-account': 'coldgatetest', ...this.defaults, ...more },
    };
    return camelKeys(settingsSchema.parse(settings));
  }

  /** @param more settings of the target, as models.yaml has them */
  target(
    more: Record<string, unknown> = {},
    deps: { log?: Logger; now?: () => Date; signal?: AbortSignal } = {},
  ): Promise<Target> {
    return openTarget(this.targetSettings(more), {
      log: silentLogger,
      stateDir: join(this.folder, 'state'),
      now: () => new Date(),
      signal: new AbortController().signal,
      env: this.azure.environment,
      ...deps,
    });
  }

  /** A package of the fake function, with other files where they are given. */
  package(note = '', files: Record<string, string> = {}): PackageFile {
    const bytes = zipOf({ ...fakeFiles(note), ...files });
    const digest = sha256(bytes);
    mkdirSync(this.folder, { recursive: true });
    const path = join(this.folder, `${digest}.zip`);
    writeFileSync(path, bytes);
    return { path, sha256: digest, size: bytes.byteLength };
  }

  get settings(): DeployRequest['settings'] {
    return {
      name: functionName,
      model: 'digits',
      storeVariables: { MODEL_STORE: 'file', MODEL_PREFIX: this.store.root },
      handlerVariables: { MODEL_REFRESH_SECONDS: '1' },
    };
  }

  request(role: 'candidate' | 'live', at: 0 | 1, from: PackageFile = this.package()): DeployRequest {
    return { settings: this.settings, package: from, role, ...this.versions[at]! };
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

  async close(): Promise<void> {
    await this.azure.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
