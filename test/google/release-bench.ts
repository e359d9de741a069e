import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessResult, testCache } from '../fakes/processes/runner.ts';
import { runWatched } from '../fakes/processes/watched.ts';
import { Project, type ProjectOptions } from '../fixtures/project.ts';
import { type Google, type GoogleOptions, openGoogle } from './google.ts';
import type { Service } from './run/record.ts';

const cli = join(import.meta.dirname, '..', 'fakes', 'processes', 'source-cli.ts');

/** A user's project on Cloud Run and a bucket, worked by the command line as a process; functions are the real handler. */
export class ReleaseBench {
  readonly project = new Project();
  readonly google: Google;
  /** Further settings of the target, as in YAML; for the next release. */
  target = 'min-instances: 0';
  /** Variables of the processes that are run from now on. */
  env: Record<string, string> = {};

  private constructor(google: Google) {
    this.google = google;
    this.release({});
  }

  static async open(options: GoogleOptions = {}): Promise<ReleaseBench> {
    return new ReleaseBench(await openGoogle(options));
  }

  /** As Project.release, on Google. */
  release(release: ProjectOptions): void {
    this.project.release({ gate: 'max-samples: 7, discard: 0, min-effect-ms: 4000', ...release });
    const path = this.project.path('models.yaml');
    const { id } = this.google.project;
    const account = `digits@${id}.iam.gserviceaccount.com`;
    const target = `{ provider: google-cloud-run, project: ${id}, region: europe-west1, service-account: "${account}", ${this.target} }`;
    const store = `{ url: "gs://models/store", endpoint: "${this.google.urlOf('STORAGE')}" }`;
    const text = readFileSync(path, 'utf8').replace('{ provider: local }', target).replace('"file:store"', store);
    writeFileSync(path, text);
  }

  service(id = 'digits-local'): Service | undefined {
    return [...this.google.run.services.values()].find((one) => one.id === id);
  }

  /** All that exists, by what it is and not by the digests in its names. */
  inventory(): string[] {
    return [...this.google.run.services.values()]
      .flatMap(({ id, spec, revisions, latestCreated }) => [
        `service ${id}`,
        ...(spec.traffic ?? []).map(({ revision = 'latest', percent = 0, tag }) => {
          return `traffic ${kindOf(revision)} ${percent} %${tag === undefined ? '' : ` tagged ${tag.slice(0, 1)}`}`;
        }),
        // What was made last cannot be removed, whatever it is.
        ...[...revisions.keys()].filter((one) => one !== latestCreated).map((one) => `revision ${kindOf(one)}`),
      ])
      .sort();
  }

  /** Runs a verb as a process; `onOutput` gets all that it has written to standard error, whenever there is more, and may kill it. */
  run(args: string[], output?: (stderr: string, kill: () => void) => void): Promise<ProcessResult> {
    const env = { ...process.env, ...this.google.environment, COLDGATE_CACHE: testCache, ...this.env };
    return runWatched([cli, ...args], { cwd: this.project.folder, env, onOutput: output });
  }

  /** The document of a verb. Throws where it does not end well. */
  async json(...args: string[]) {
    const { exit, stdout, stderr } = await this.run([...args, '--json']);
    if (exit !== 0) throw new Error(`${args.join(' ')} ended with ${exit}:\n${stderr}`);
    return JSON.parse(stdout);
  }

  /** What a client who may call gets for the golden sample. */
  async infer(url: string, inputs: unknown, service = 'digits-local') {
    const token = this.google.context.iam.idToken(this.google.pipeline, this.service(service)?.uri ?? '', new Date());
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const reply = await fetch(`${url}/v1/infer`, { method: 'POST', body: JSON.stringify({ inputs }), headers });
    return { status: reply.status, version: reply.headers.get('x-coldgate-version'), text: await reply.text() };
  }

  /** Calls of the Admin API since the last time this was asked. */
  calls(): { writes: string[]; reads: string[] } {
    const calls = this.google.calls().filter(({ method }) => method.startsWith('run.'));
    const named = (mutating: boolean) => calls.filter((one) => one.mutating === mutating).map(({ method }) => method);
    return { writes: named(true), reads: named(false) };
  }

  async close(): Promise<void> {
    await this.google.close();
    this.project.remove();
  }
}

/** `candidate` of `digits-local-c-0a1b2c3d4e`. */
function kindOf(revision: string): string {
  const [, letter = ''] = /-([clsf])-[0-9a-f]{10}$/.exec(revision) ?? [];
  return { c: 'candidate', l: 'live', s: 'sample', f: 'first' }[letter] ?? 'foreign';
}
