import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Fields } from '../fakes/clouds/fields.ts';
import type { Google } from './google.ts';
import type { Service, Template } from './run/record.ts';

/** A gzipped tar of some files: equal bytes for equal files. */
export async function tarOf(files: Record<string, string>): Promise<Buffer> {
  const packing = pack();
  for (const [name, text] of Object.entries(files)) packing.entry({ name, mode: 0o444, mtime: new Date(0) }, text);
  packing.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of packing) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

/** Answers what it is, and how often it was asked. */
export const greeter = `
const { createServer } = require('node:http');
const fs = require('node:fs');
let requests = 0, ticks = 0;
setInterval(() => ticks++, 10);
const variables = process.env;
createServer(async (request, response) => {
  requests++;
  if (request.url === '/exit') process.exit(1);
  const [, ms = 700] = /^\\/slow(?:\\/(\\d+))?$/.exec(request.url) ?? [0, 0];
  if (ms) await new Promise((resolve) => setTimeout(resolve, Number(ms)));
  if (request.url === '/write') try { fs.writeFileSync('mine.txt', 'x'); } catch {}
  console.log(JSON.stringify({ severity: 'INFO', message: 'requests', url: request.url }));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ requests, ticks, pid: process.pid, cwd: process.cwd(), variables, headers: request.headers }));
}).listen(Number(process.env.PORT), process.env.HOST || '0.0.0.0');
`;

/** The requests of a hand-written client, for tests of the stand-in itself. */
export class Client {
  readonly google: Google;
  readonly parent: string;
  token: string;

  constructor(google: Google, region = 'europe-west1') {
    this.google = google;
    this.parent = `projects/${google.project.id}/locations/${region}`;
    this.token = google.context.iam.accessToken(google.pipeline);
  }

  /** Status and answer of any request. */
  async ask(method: string, path: string, body?: unknown, surface = 'RUN'): Promise<{ status: number; json: Fields }> {
    const answer = await fetch(`${this.google.urlOf(surface)}/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? {} : (JSON.parse(text) as Fields) };
  }

  /** A request that changes something, and the operation's end. */
  async change(method: string, path: string, body?: unknown): Promise<Fields> {
    const { status, json } = await this.ask(method, path, body);
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(json)}`);
    return this.wait(json);
  }

  async wait(operation: Fields): Promise<Fields> {
    for (let one = operation; ; ) {
      if (one['done'] === true) return one;
      one = (await this.ask('POST', `v2/${String(one['name'])}:wait`, { timeout: '30s' })).json;
    }
  }

  service = async (id: string): Promise<Fields & Pick<Service, 'uri' | 'spec'>> =>
    (await this.ask('GET', `v2/${this.parent}/services/${id}`)).json as never;

  /** A template of the greeter, whose archive is in the bucket. */
  async template(revision: string, more: Template = {}, files = { 'main.cjs': greeter }): Promise<Template> {
    const object = `packages/${revision}.tar.gz`;
    const bytes = await tarOf(files);
    const there = this.google.buckets.find('models', object);
    const { generation } = there?.bytes.equals(bytes)
      ? there
      : this.google.buckets.put('models', object, bytes, {}, new URLSearchParams());
    return {
      revision,
      ...more,
      containers: [
        {
          image: 'scratch',
          baseImageUri: 'europe-west1-docker.pkg.dev/serverless-runtimes/google-24/runtimes/nodejs24',
          sourceCode: { cloudStorageSource: { bucket: 'models', object, generation } },
          command: ['node'],
          args: ['main.cjs'],
          resources: { limits: { cpu: '1', memory: '512Mi' }, cpuIdle: true, startupCpuBoost: true },
          ...more.containers?.[0],
        },
      ],
    };
  }
}

/** All traffic to one revision, by name. */
export const allTo = (revision: string, tags: Record<string, string> = {}): object[] => [
  { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision, percent: 100 },
  ...Object.entries(tags).map(([tag, of]) => ({ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: of, tag })),
];
