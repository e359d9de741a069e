import { spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessResult, testCache } from '../fakes/processes/runner.ts';
import { Project, type ProjectOptions } from '../fixtures/project.ts';
import type { Environment, StartEnvironment } from './environment.ts';
import { quickFunctions, type StoreGroup } from './quick-function.ts';
import { LambdaStandIn, type StandInOptions } from './stand-in.ts';
import type { Fields, FunctionVersion } from './state.ts';

const cli = join(import.meta.dirname, '..', 'fakes', 'processes', 'source-cli.ts');

export interface ReleaseOptions extends StandInOptions {
  /** The store as models.yaml has it, and what the command needs to reach it. */
  store?: { yaml: string; env: Record<string, string> };
}

/**
 * A user's project whose function is on the stand-in for Lambda, worked by the command line as a process. What runs
 * answers from the project's own store at once, unless it is started in another way.
 */
export class ReleaseBench {
  readonly project = new Project();
  readonly lambda: LambdaStandIn;
  readonly #options: ReleaseOptions;

  private constructor(lambda: LambdaStandIn, options: ReleaseOptions) {
    this.lambda = lambda;
    this.#options = options;
  }

  static async open(options: ReleaseOptions = {}): Promise<ReleaseBench> {
    let own: ReleaseBench | undefined;
    const start: StartEnvironment = (version, scratch) => own!.#start(version, scratch);
    // With the real runtime client the function finds its own way to the store.
    const lambda = await LambdaStandIn.open({ ...(options.ric === undefined && { start }), ...options });
    own = new ReleaseBench(lambda, options);
    own.release({});
    return own;
  }

  /** Further settings of the target, as in YAML; for the next release. */
  target = 'auth: none';
  /** How long an instance takes for a call, ms. */
  takesMs = 0;
  /** Versions of the model with which the live function fails every call. */
  readonly failing = new Set<string>();

  async #start(version: FunctionVersion, scratch: string): Promise<Environment> {
    const quick = await quickFunctions(this.group)(version, scratch);
    const { Variables = {} } = (version.configuration['Environment'] ?? {}) as { Variables?: Fields };
    const isLive = Variables['MODEL_VERSION'] === undefined;
    return {
      ended: false,
      stop: () => quick.stop(),
      invoke: async (event) => {
        if (this.takesMs > 0) await new Promise((resolve) => setTimeout(resolve, this.takesMs));
        const done = await quick.invoke(event);
        const fails = isLive && this.failing.has(this.group.pointer);
        return fails ? { ...done, payload: { errorMessage: 'It broke after the flip.' }, error: 'Unhandled' } : done;
      },
    };
  }

  /** What the function finds in the project's store, read again each time. */
  readonly group: StoreGroup = this.#group();

  #group(): StoreGroup {
    const pointer = () => this.pointer()?.version ?? '';
    return {
      models: new StoredModels(this.project),
      broken: new Set(),
      get pointer() {
        return pointer();
      },
    };
  }

  pointer(): { version: string; sequence: number; kind: string } | undefined {
    return readJson(this.project.path('store', 'digits', 'current.json'));
  }

  /** As Project.release, on Lambda. */
  release(release: ProjectOptions): void {
    this.project.release({ gate: 'max-samples: 7, discard: 0, min-effect-ms: 2000', ...release });
    const path = this.project.path('models.yaml');
    const { store } = this.#options;
    const role = 'arn:aws:iam::123456789012:role/coldgate';
    const lambda = `{ provider: aws-lambda, region: eu-west-1, role: "${role}", ${this.target} }`;
    const text = readFileSync(path, 'utf8').replace('{ provider: local }', lambda);
    writeFileSync(path, store ? text.replace('"file:store"', store.yaml) : text);
  }

  /** Variables of the processes that are run from now on. */
  env: Record<string, string> = {};

  /** Keeps store, records and account as they are; returns what puts them back. */
  async keep(): Promise<() => Promise<void>> {
    const { account, data, neighbours } = this.lambda;
    const kept = structuredClone(account.functions);
    const layers = new Map(account.layers);
    const days = new Map(neighbours.logs.days);
    const names = ['store', 'models', 'models.yaml', '.coldgate'];
    const [from, to] = [this.project.folder, join(this.project.folder, 'kept')];
    const there = names.filter((name) => existsSync(join(from, name)));
    for (const name of there) cpSync(join(from, name), join(to, name), { recursive: true });
    return async () => {
      await data.stopAll();
      account.functions.clear();
      for (const [name, found] of structuredClone(kept)) account.functions.set(name, found);
      account.layers.clear();
      for (const [arn, one] of layers) account.layers.set(arn, one);
      neighbours.logs.days.clear();
      for (const [name, value] of days) neighbours.logs.days.set(name, value);
      for (const name of names) rmSync(join(from, name), { recursive: true, force: true });
      for (const name of there) cpSync(join(to, name), join(from, name), { recursive: true });
    };
  }

  /** All that exists, by what it is and not by the numbers that versions happen to have. */
  inventory(): string[] {
    const { account, neighbours } = this.lambda;
    const lines = account.inventory();
    const marks = new Map(
      lines.flatMap((line) => {
        const [, number, mark] = /^version [^:]+:(\d+) (.*)$/.exec(line) ?? [];
        return number === undefined ? [] : [[number, (mark ?? '').replace(/ [0-9a-f]{64}/, '')] as const];
      }),
    );
    const named = (number: string) => marks.get(number) ?? number;
    const numberless = lines.map((line) =>
      line
        .replace(/^(version [^:]+):\d+/, '$1')
        // Each bench has a folder, and so settings, of its own.
        .replace(/ [0-9a-f]{64}/, '')
        .replace(/ -> (\d+)$/, (_, number: string) => ` -> ${named(number)}`)
        .replace(/^(provisioned [^:]+):(\d+)/, (_, name: string, number: string) => `${name}:${named(number)}`),
    );
    return [...numberless, ...neighbours.inventory()].sort();
  }

  /** Runs a verb as a process; `during` may kill it when the stand-in or its output says so. */
  run(
    args: string[],
    during: (kill: (signal: NodeJS.Signals) => void, stderr: string) => void = () => {},
  ): Promise<ProcessResult> {
    const access = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    const env = { ...process.env, ...access, AWS_ENDPOINT_URL: this.lambda.url, COLDGATE_CACHE: testCache };
    const all = { ...env, ...this.#options.store?.env, ...this.env };
    const child = spawn(process.execPath, [cli, ...args], { cwd: this.project.folder, env: all });
    const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
    let stdout = '';
    let stderr = '';
    during(kill, stderr);
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
      during(kill, stderr);
    });
    return new Promise<ProcessResult>((resolve) => {
      child.on('close', (exit) => resolve({ exit, stdout, stderr }));
    });
  }

  async close(): Promise<void> {
    await this.lambda.close();
    this.project.remove();
  }
}

class StoredModels extends Map<string, string> {
  readonly #project: Project;

  constructor(project: Project) {
    super();
    this.#project = project;
  }

  override get(version: string): string | undefined {
    const path = this.#project.path('store', 'digits', 'versions', version, 'manifest.json');
    const manifest = readJson<{ files: { path: string; sha256: string }[] }>(path);
    return manifest?.files.find((file) => file.path === 'model.onnx')?.sha256;
  }
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
