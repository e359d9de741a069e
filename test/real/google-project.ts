import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { openCredentials } from '../../src/google/credentials.ts';
import { endpointOf, type GoogleApi } from '../../src/google/endpoints.ts';
import { GoogleFailure } from '../../src/google/failure.ts';
import { send } from '../../src/google/http.ts';

export type Fields = Record<string, unknown>;

/** Answers what it is and where it runs. `/exit` ends it after the answer. */
const probe = `
const began = performance.now();
const { createServer } = require('node:http');
const { accessSync, constants } = require('node:fs');
const id = require('node:crypto').randomUUID();
let loadedMs, requests = 0;
const load = () => {
  const from = performance.now();
  for (let x = 1, i = 0; i < 3e8; i++) x = Math.imul(x ^ i, 2654435761);
  loadedMs = performance.now() - from;
};
const writable = () => { try { accessSync('.', constants.W_OK); return true; } catch { return false; } };
if (process.env.PROBE_LOAD === 'before') load();
createServer((request, response) => {
  if (loadedMs === undefined && process.env.PROBE_LOAD === 'first') load();
  const { version, env, uptime } = process;
  const report = { id, requests: requests++, loadedMs, beganMs: began, node: version, cwd: process.cwd(), uid: process.getuid(),
    writable: writable(), revision: env.K_REVISION, uptimeMs: process.uptime() * 1000 };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(report), () => request.url === '/exit' && process.exit(0));
}).listen(Number(process.env.PORT), '0.0.0.0');
`;

export interface InstanceReport {
  id: string;
  requests: number;
  loadedMs?: number;
  node: string;
  cwd: string;
  uid: number;
  writable: boolean;
  revision: string;
}

async function archiveOf(files: Record<string, string>): Promise<Buffer> {
  const packing = pack();
  for (const [name, text] of Object.entries(files)) packing.entry({ name, mode: 0o444, mtime: new Date(0) }, text);
  packing.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of packing) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

/** The variable of the run. Throws where it is not set. */
function setting(name: string): string {
  const value = process.env[`COLDGATE_REAL_GOOGLE_${name}`];
  if (!value) throw new Error(`COLDGATE_REAL_GOOGLE_${name} is not set: see docs/google.md.`);
  return value;
}

/** A real project, spoken to by plain requests, with one service of this run in it. */
export class RealProject {
  readonly id = setting('PROJECT');
  readonly region = setting('REGION');
  readonly bucket = setting('BUCKET');
  readonly runtime = setting('RUNTIME');
  readonly service = `probe-${randomUUID().slice(0, 8)}`;
  readonly parent = `projects/${this.id}/locations/${this.region}`;
  readonly #signal = new AbortController().signal;
  readonly #credentials = openCredentials(process.env, this.#signal);
  readonly #found: Fields = {};
  readonly #objects: string[] = [];

  /** Keeps what was found for a point of the list, prints it, and writes all of it to real-google.json. */
  note(point: number, found: Fields): void {
    this.#found[`${point}`] = { ...(this.#found[`${point}`] as Fields | undefined), ...found };
    console.info(`${point}. ${JSON.stringify(found)}`);
    writeFileSync('real-google.json', `${JSON.stringify(this.#found, null, 2)}\n`);
  }

  async ask(api: GoogleApi, method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, json?: unknown, token?: string) {
    const headers = token ? { authorization: `Bearer ${token}` } : await this.#credentials.headers();
    const url = `${endpointOf(api, process.env)}/${path}`;
    return (await send({ method, url, headers, json, signal: this.#signal })) as Fields;
  }

  /** Status and words of a request that may be refused. */
  async attempt(work: () => Promise<Fields>): Promise<Fields> {
    try {
      return { status: 200, answer: await work() };
    } catch (error) {
      if (!(error instanceof GoogleFailure)) throw error;
      return { status: error.status, reason: error.reason, message: error.message };
    }
  }

  /** Waits for the operation's end; returns it, failed or not. */
  async settle(operation: Fields): Promise<Fields> {
    let now = operation;
    while (now['done'] !== true) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      now = await this.ask('run', 'GET', `v2/${String(now['name'])}`);
    }
    return now;
  }

  read = (): Promise<Fields> => this.ask('run', 'GET', `v2/${this.parent}/services/${this.service}`);

  async patch(mask: string, body: Fields): Promise<Fields> {
    const path = `v2/${this.parent}/services/${this.service}?updateMask=${mask}`;
    return this.settle(await this.ask('run', 'PATCH', path, body));
  }

  /** Puts an object into the bucket; returns it as Cloud Run takes it. */
  async upload(name: string, bytes: Buffer): Promise<Fields> {
    const object = `coldgate-probes/${this.service}/${name}`;
    const emulator = process.env['STORAGE_EMULATOR_HOST'];
    const base = emulator ?? 'https://storage.googleapis.com';
    const url = `${base}/upload/storage/v1/b/${this.bucket}/o?uploadType=media&name=${encodeURIComponent(object)}&ifGenerationMatch=0`;
    const headers = { ...(await this.#credentials.headers()), 'content-type': 'application/octet-stream' };
    const made = (await send({ method: 'POST', url, headers, bytes, signal: this.#signal })) as Fields;
    this.#objects.push(object);
    return { bucket: this.bucket, object, generation: made['generation'] };
  }

  archive = async (name = 'source.tar.gz'): Promise<Fields> =>
    this.upload(name, await archiveOf({ 'main.cjs': probe }));

  /** The template of a revision. @param source an archive @param more fields over the usual ones */
  template(revision: string, source: Fields, more: Fields = {}, env: Record<string, string> = {}): Fields {
    const base = `${this.region}-docker.pkg.dev/serverless-runtimes/google-24/runtimes/nodejs24`;
    return {
      revision: `${this.service}-${revision}`,
      scaling: { minInstanceCount: 0, maxInstanceCount: 1 },
      ...{ timeout: '60s', serviceAccount: this.runtime, maxInstanceRequestConcurrency: 1 },
      executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
      containers: [
        {
          ...{ name: 'function', image: 'scratch', baseImageUri: base },
          sourceCode: { cloudStorageSource: source },
          ...{ command: ['node'], args: ['main.cjs'], ports: [{ name: 'http1', containerPort: 8080 }] },
          env: Object.entries(env).map(([name, value]) => ({ name, value })),
          resources: { limits: { cpu: '1', memory: '512Mi' }, cpuIdle: true, startupCpuBoost: true },
        },
      ],
      ...more,
    };
  }

  /** All traffic to a revision, and tags for others. */
  traffic(live: string, tags: Record<string, string> = {}): Fields[] {
    const type = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
    const named = Object.entries(tags).map(([tag, one]) => ({ type, tag, revision: `${this.service}-${one}` }));
    return [{ type, revision: `${this.service}-${live}`, percent: 100 }, ...named];
  }

  /** Where a tag answers, or the service itself. */
  async addressOf(tag?: string): Promise<string> {
    const { uri, trafficStatuses = [] } = (await this.read()) as { uri: string; trafficStatuses?: Fields[] };
    return tag === undefined ? uri : String(trafficStatuses.find((one) => one['tag'] === tag)?.['uri']);
  }

  /** Calls the function with an ID token for the audience, the service's own address unless given. */
  async call(
    url: string,
    path = '/',
    audience?: string,
  ): Promise<{ status: number; report: InstanceReport | undefined }> {
    const token = await this.#credentials.idToken(audience ?? (await this.addressOf()));
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    const text = await answer.text();
    return { status: answer.status, report: text.startsWith('{') ? (JSON.parse(text) as InstanceReport) : undefined };
  }

  /** Calls until the function itself answers; returns what it said, and how many others answered before. */
  async callUntil(url: string, path = '/'): Promise<{ report: InstanceReport; misses: number[]; ms: number }> {
    const misses: number[] = [];
    for (const until = Date.now() + 120_000; Date.now() < until; ) {
      const from = performance.now();
      const { status, report } = await this.call(url, path);
      if (report) return { report, misses, ms: Math.round(performance.now() - from) };
      misses.push(status);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error(`${url} answered ${misses.join(' ')} and nothing else.`);
  }

  /** Lines of Cloud Run itself about a revision. */
  async systemLog(revision: string): Promise<string[]> {
    const filter = `resource.type="cloud_run_revision" resource.labels.revision_name="${this.service}-${revision}" logName:"varlog%2Fsystem"`;
    const json = { resourceNames: [`projects/${this.id}`], filter, orderBy: 'timestamp asc' };
    const { entries = [] } = (await this.ask('logging', 'POST', 'v2/entries:list', json)) as { entries?: Fields[] };
    return entries.map(({ textPayload }) => String(textPayload));
  }

  removeObject = (object: string): Promise<Fields> => {
    const base = process.env['STORAGE_EMULATOR_HOST'] ?? 'https://storage.googleapis.com';
    const url = `${base}/storage/v1/b/${this.bucket}/o/${encodeURIComponent(object)}`;
    return this.#credentials
      .headers()
      .then((headers) => send({ method: 'DELETE', url, headers, signal: this.#signal }) as Promise<Fields>);
  };

  async close(): Promise<void> {
    await this.attempt(() => this.ask('run', 'DELETE', `v2/${this.parent}/services/${this.service}`));
    for (const object of this.#objects) await this.attempt(() => this.removeObject(object));
  }
}
