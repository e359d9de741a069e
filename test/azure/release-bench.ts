import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessResult, testCache } from '../fakes/processes/runner.ts';
import { runWatched } from '../fakes/processes/watched.ts';
import { Project, type ProjectOptions } from '../fixtures/project.ts';
import { type Azure, type AzureOptions, openAzure } from './azure.ts';
import type { Site } from './web/record.ts';

const cli = join(import.meta.dirname, '..', 'fakes', 'processes', 'source-cli.ts');

/**
 * A user's project with a folder as its store and functions on the stand-in for Azure, worked by the command line as a
 * process; what runs there is the real handler in the published package.
 */
export class ReleaseBench {
  readonly project = new Project();
  readonly azure: Azure;
  /** Further settings of the target, as in YAML; for the next release. */
  target = 'always-ready: 0';
  /** Variables of the processes that are run from now on. */
  env: Record<string, string> = {};

  private constructor(azure: Azure) {
    this.azure = azure;
    this.release({});
  }

  static async open(options: AzureOptions = {}): Promise<ReleaseBench> {
    return new ReleaseBench(await openAzure(options));
  }

  /** With a first version live. @param target further settings of it, as in YAML */
  static async openLive(target: string, options: AzureOptions = {}): Promise<ReleaseBench> {
    const bench = await ReleaseBench.open(options);
    bench.target = target;
    bench.release({});
    await bench.json('ship');
    return bench;
  }

  /** As Project.release, on Azure. */
  release(release: ProjectOptions): void {
    this.project.release({ gate: 'max-samples: 7, discard: 0, min-effect-ms: 4000', ...release });
    const path = this.project.path('models.yaml');
    const place = `subscription: ${this.azure.subscription}, resource-group: models, location: westeurope`;
    const target = `{ provider: azure-functions, ${place}, storage-account: coldgatetest, ${this.target} }`;
    writeFileSync(path, readFileSync(path, 'utf8').replace('{ provider: local }', target));
  }

  /** @param name of the function */
  site(role: 'live' | 'candidate', name = 'digits-local'): Site | undefined {
    return [...this.azure.web.sites.values()].find(
      ({ tags }) => tags['coldgate-function'] === name && tags['coldgate-role'] === role,
    );
  }

  get url(): string {
    return this.site('live')?.servers.app.url ?? '';
  }

  /** All that exists, by what it is and not by the digests in its names. */
  inventory(): string[] {
    const { web, accounts } = this.azure;
    return [
      ...[...web.sites.values()].map(({ name }) => `app ${kindOf(name)}`),
      ...[...web.plans.values()].map(({ name }) => `plan ${kindOf(name)}`),
      ...[...(accounts.find('coldgatetest')?.containers.keys() ?? [])].map((name) => `container ${kindOf(name)}`),
    ].sort();
  }

  /**
   * Runs a verb as a process; `watch` gets all that it has written to standard error, whenever there is more, and may kill
   * it. Rejects where it says the key of an app.
   */
  async run(args: string[], watch?: (stderr: string, kill: () => void) => void): Promise<ProcessResult> {
    const env = { ...process.env, ...this.azure.environment, COLDGATE_CACHE: testCache, ...this.env };
    const result = await runWatched([cli, ...args], { cwd: this.project.folder, env, onOutput: watch });
    const output = result.stdout + result.stderr;
    if (this.keys().some((key) => output.includes(key))) throw new Error(`${args.join(' ')} has printed a key`);
    return result;
  }

  /** Keys of all apps, which nobody may read in a log. */
  keys(): string[] {
    const { web } = this.azure;
    return [...web.sites.values()].flatMap((site) => {
      const { masterKey, functionKeys } = web.keys.of(site);
      return [masterKey, ...Object.values(functionKeys)];
    });
  }

  /** The document of a verb. Throws where it does not end well. */
  async json(...args: string[]) {
    const { exit, stdout, stderr } = await this.run([...args, '--json']);
    if (exit !== 0) throw new Error(`${args.join(' ')} ended with ${exit}:\n${stderr}`);
    return JSON.parse(stdout);
  }

  /** What a client with a key gets for the golden sample. */
  async infer(url: string, inputs: unknown) {
    const site = [...this.azure.web.sites.values()].find(({ servers }) => servers.app.url === url);
    const key = site ? (this.azure.web.keys.of(site).functionKeys['default'] ?? '') : '';
    const headers = { 'content-type': 'application/json', 'x-functions-key': key };
    const reply = await fetch(`${url}/v1/infer`, { method: 'POST', body: JSON.stringify({ inputs }), headers });
    return { status: reply.status, version: reply.headers.get('x-coldgate-version'), text: await reply.text() };
  }

  /** Calls that change something since the last time this was asked. */
  writes(): string[] {
    return this.azure.calls().flatMap(({ method, mutating }) => (mutating ? [method] : []));
  }

  async close(): Promise<void> {
    await this.azure.close();
    this.project.remove();
  }
}

/** `digits-local candidate` of `digits-local-0a1b2c-c-0a1b2c3d`. */
function kindOf(name: string): string {
  const [, of = name, letter = ''] = /^(.+)-[0-9a-f]{6}(?:-([cs])-[0-9a-f]{8})?(?:-plan)?$/.exec(name) ?? [];
  return `${of}${{ c: ' candidate', s: ' sample' }[letter] ?? ''}`;
}
