import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoreSettings } from '../../src/config/types.ts';
import type { Recorded } from '../emulators/fault.ts';
import { FaultProxy } from '../emulators/fault-proxy.ts';
import type { Server } from '../emulators/servers.ts';
import { runNode, testCache } from '../fakes/processes/runner.ts';
import { seededRandom } from '../fixtures/onnx.ts';
import { Project } from '../fixtures/project.ts';
import { push } from '../github/payloads.ts';
import { NameTap } from './name-tap.ts';

/** Larger than a part of an upload: a version that goes in parts. All others go in one. */
const largeBytes = 20 * 1024 * 1024;
const smallBytes = 50_000;

/** The command line from its sources, so that what is compared with the policies is what stands in src/. */
const commandLine = join(import.meta.dirname, '..', 'fakes', 'processes', 'source-cli.ts');

/** Where functions run, as models.yaml has it, and further variables of the command line. */
export interface RecordingOptions {
  target?: string;
  env?: Record<string, string>;
}

/** A project whose store lies behind a proxy that writes down what each verb asks of it. */
export class RecordedProject {
  readonly project = new Project();
  readonly proxy: FaultProxy;
  readonly #env: Record<string, string>;
  readonly #store: string;
  readonly #target: string;
  /** Verb to the requests of all its runs. */
  readonly pipeline = new Map<string, Recorded[]>();
  /** Told of each verb that has run. */
  onRan: (verb: string) => void = () => {};
  /** What functions asked of the store: their client does not say who it is, as every SDK does. */
  readonly functions: Recorded[] = [];

  readonly #tap: NameTap | undefined;

  private constructor(proxy: FaultProxy, tap: NameTap | undefined, options: Required<RecordingOptions>, store: string) {
    this.proxy = proxy;
    this.#tap = tap;
    this.#env = options.env;
    this.#target = options.target;
    this.#store = store;
  }

  static async open(server: Server, store: StoreSettings, options: RecordingOptions = {}): Promise<RecordedProject> {
    const { target = '{ provider: local }', env = {} } = options;
    const proxy = await FaultProxy.before(server.endpoint);
    const tap = server.name === 'fake-gcs' ? await NameTap.before(proxy.endpoint, server.endpoint) : undefined;
    const { endpoint } = tap ?? proxy;
    const seen = Object.entries(proxy.inFrontOf(server).env).map(([k, v]) => [
      k,
      v.replaceAll(proxy.endpoint, endpoint),
    ]);
    const fields = Object.entries({ ...store, endpoint }).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key.replace(/[A-Z]/g, (l) => `-${l.toLowerCase()}`)}: "${value}"`],
    );
    const all = { ...(Object.fromEntries(seen) as Record<string, string>), ...env };
    return new RecordedProject(proxy, tap, { target, env: all }, fields.join(', '));
  }

  /** The project's models.yaml with its functions elsewhere. */
  yamlWith(target: string): string {
    const yaml = readFileSync(this.project.path('models.yaml'), 'utf8');
    return yaml.replace(`target: ${this.#target} }`, `target: ${target} }`);
  }

  /** Writes a version's files and models.yaml; no two versions have the same companion. */
  release(version: string, bias: number): void {
    const { project } = this;
    project.release({
      version,
      bias,
      files: 'model.onnx: models/digits.onnx, labels.bin: models/labels.bin',
      gate: 'max-samples: 7, discard: 0, min-effect-ms: 2000, on-inconclusive: pass',
      quality: 'data: models/eval.jsonl, on-inconclusive: pass',
    });
    const items = Array.from({ length: 20 }, (_, at) => ({ inputs: [[at + 1, 1]], expected: 0 }));
    writeFileSync(project.path('models', 'eval.jsonl'), items.map((item) => JSON.stringify(item)).join('\n'));
    const random = seededRandom(bias * 1000 + 1);
    const bytes = version === '1.0.0' ? largeBytes : smallBytes;
    writeFileSync(project.path('models', 'labels.bin'), Buffer.alloc(bytes, Math.floor(random() * 255)));
    const path = project.path('models.yaml');
    const environment = `  production: { store: { ${this.#store} }, target: ${this.#target} }`;
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^ {2}local: .*$/m, environment));
  }

  /** Runs a verb through the command line and keeps what it asked. Throws where it does not end well. */
  async run(verb: string, ...flags: string[]): Promise<Record<string, unknown>> {
    this.proxy.forget();
    const { exit, stdout, stderr } = await this.#command([verb, ...flags, '--json']);
    const [own, foreign] = [this.pipeline.get(verb) ?? [], this.functions];
    for (const request of this.proxy.requests) {
      if (request.headers['user-agent'] === undefined) foreign.push(request);
      else own.push(request);
    }
    this.pipeline.set(verb, own);
    this.onRan(verb);
    // The emulator of Google does not mind conditions of deletions, which doctor says.
    const ended = exit === 0 || (verb === 'doctor' && exit === 8);
    if (!ended) throw new Error(`coldgate ${verb} ended with ${exit}:\n${stderr}\n${stdout.slice(0, 2000)}`);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  #command(args: string[]) {
    return runNode([commandLine, ...args], this.project.folder, { COLDGATE_CACHE: testCache, ...this.#env });
  }

  async close(): Promise<void> {
    await this.#command(['destroy']);
    await this.#tap?.close();
    await this.proxy.close();
    this.project.remove();
  }
}

/** Every verb once at least, in an order in which each has something to do. */
export async function runEveryVerb(recorded: RecordedProject): Promise<void> {
  recorded.release('1.0.0', 0.5);
  await recorded.run('validate');
  await recorded.run('publish');
  await recorded.run('verify');
  await recorded.run('url');
  await recorded.run('evaluate');
  await recorded.run('evaluate', '--fresh');
  await recorded.run('deploy');
  await recorded.run('warmup');
  await recorded.run('warmup', '--fresh');
  await recorded.run('promote');
  recorded.release('1.1.0', 0.25);
  await recorded.run('ship');
  await recorded.run('preview', '--pull-request', '12', '--sha', '1a2b3c4d');
  await recorded.run('preview', '--pull-request', '12', '--sha', '2b3c4d5e');
  await recorded.run('destroy', '--preview', '12');
  await recorded.run('rollback');
  await recorded.run('promote');
  await recorded.run('rollback');
  await recorded.run('release', '--version', '1.1.0');
  for (const [at, version] of ['1.2.0', '1.3.0', '1.4.0'].entries()) {
    recorded.release(version, at + 2);
    await recorded.run('publish');
  }
  await recorded.run('status');
  await recorded.run('advise');
  await recorded.run('ping');
  await recorded.run('history');
  writeFileSync(recorded.project.path('event.json'), JSON.stringify(push({ ref: 'refs/heads/main' })));
  await recorded.run('event', '--event', 'push', '--payload', 'event.json');
  await recorded.run('sweep', '--open', 'none');
  await recorded.run('prune', '--retain', '1');
  await recorded.run('destroy');
  await recorded.run('doctor');
  await recorded.run('doctor');
}
