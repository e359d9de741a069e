import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArm } from '../../src/azure/arm.ts';
import { openCredentials } from '../../src/azure/credentials.ts';
import { silentLogger } from '../../src/log.ts';
import { tinyModel, tinySample } from '../fixtures/onnx.ts';

export type Fields = Record<string, unknown>;

/** API version of Microsoft.Web. */
export const web = '2025-05-01';
const root = join(import.meta.dirname, '..', '..');

/** The variable of the run. Throws where it is not set. */
function setting(name: string): string {
  const value = process.env[`COLDGATE_REAL_AZURE_${name}`];
  if (!value) throw new Error(`COLDGATE_REAL_AZURE_${name} is not set: see docs/azure.md.`);
  return value;
}

/** One answer of a function. */
export interface GroupReply {
  status: number;
  body: Fields;
  headers: Headers;
  ms: number;
}

/** A real resource group, with one model of this run in it, shipped by the built command line. */
export class RealGroup {
  readonly model = `m${randomUUID().slice(0, 6)}`;
  readonly group = `/subscriptions/${setting('SUBSCRIPTION')}/resourceGroups/${setting('GROUP')}`;
  readonly signal = new AbortController().signal;
  readonly credentials = openCredentials(process.env, this.signal);
  readonly arm = openArm({
    ...{ log: silentLogger, signal: this.signal, credentials: this.credentials, variables: process.env },
  });
  readonly #folder = mkdtempSync(join(tmpdir(), 'coldgate-real-'));
  readonly #found: Fields = {};

  /** Keeps what was found for a point of the list, prints it, and writes all of it to real-azure.json. */
  note(point: number, found: Fields): void {
    this.#found[`${point}`] = { ...(this.#found[`${point}`] as Fields | undefined), ...found };
    console.info(`${point}. ${JSON.stringify(found)}`);
    writeFileSync('real-azure.json', `${JSON.stringify(this.#found, null, 2)}\n`);
  }

  /** @param more further settings of the target */
  configure(version: string, bias: number, more: readonly string[] = []): void {
    const target = [
      `provider: azure-functions, subscription: ${setting('SUBSCRIPTION')}, resource-group: "${setting('GROUP')}"`,
      `location: ${setting('LOCATION')}, storage-account: ${setting('APPS')}, identity: "${setting('IDENTITY')}"`,
      ...more,
    ].join(', ');
    const yaml = `schema: 1
environments:
  real: { store: "${setting('STORE')}/coldgate-probes/${this.model}", target: { ${target} } }
models:
  ${this.model}:
    version: ${version}
    files: { model.onnx: model.onnx }
    sample: sample.json
    gate: { max-samples: 15, on-inconclusive: pass }
    handler: { cors: ["https://app.example"] }
`;
    writeFileSync(join(this.#folder, 'model.onnx'), tinyModel(bias));
    writeFileSync(join(this.#folder, 'sample.json'), JSON.stringify({ inputs: tinySample.inputs }));
    writeFileSync(join(this.#folder, 'models.yaml'), yaml);
  }

  /** Runs a verb; returns its document and how long it took. */
  run(verb: string, ...args: string[]): { document: Fields; ms: number } {
    const command = [join(root, 'dist', 'cli.js'), verb, ...args, '--environment', 'real', '--json'];
    const from = performance.now();
    const text = execFileSync(process.execPath, command, { cwd: this.#folder, encoding: 'utf8' });
    return { document: JSON.parse(text) as Fields, ms: Math.round(performance.now() - from) };
  }

  /** The live app of the model. */
  async site(): Promise<{ path: string; url: string }> {
    const path = `${this.group}/providers/Microsoft.Web/sites`;
    interface Site {
      name: string;
      tags?: Record<string, string> | null;
      properties?: { defaultHostName?: string };
    }
    const all = await this.arm.list<Site>(path, { apiVersion: web });
    const found = all.find(
      ({ tags }) => tags?.['coldgate-function'] === `${this.model}-real` && tags['coldgate-role'] === 'live',
    );
    if (!found) throw new Error('there is no live app');
    return { path: `${path}/${found.name}`, url: `https://${found.properties?.defaultHostName}` };
  }

  async settings(path: string): Promise<Record<string, string>> {
    const { body } = await this.arm.send<{ properties: Record<string, string> }>(
      'POST',
      `${path}/config/appsettings/list`,
      { apiVersion: web },
    );
    return body.properties;
  }

  async change(path: string, settings: Record<string, string>): Promise<void> {
    await this.arm.send('PUT', `${path}/config/appsettings`, { apiVersion: web, body: { properties: settings } });
  }

  async key(path: string): Promise<string> {
    const { body } = await this.arm.send<{ functionKeys: Record<string, string> }>(
      'POST',
      `${path}/host/default/listkeys`,
      { apiVersion: web },
    );
    return Object.values(body.functionKeys)[0] ?? '';
  }

  /** One call; status 0 where the connection was lost. */
  async call(url: string, init: RequestInit): Promise<GroupReply> {
    const from = performance.now();
    try {
      const answer = await fetch(url, init);
      const text = await answer.text();
      const body = text.startsWith('{') ? (JSON.parse(text) as Fields) : {};
      return { status: answer.status, body, headers: answer.headers, ms: Math.round(performance.now() - from) };
    } catch (error) {
      const body = { lost: (error as Error).message };
      return { status: 0, body, headers: new Headers(), ms: Math.round(performance.now() - from) };
    }
  }

  close(): void {
    try {
      this.run('destroy');
    } finally {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }
}
