import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HandlerChild } from '../../fakes/handler/child.ts';
import { addNativeFiles, FunctionProcess } from '../function-process.ts';
import { type HostileCall, hostileCalls, hostileModels, leaksIn } from '../http/hostile.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';
import { openAdapterBed } from './adapter-bed.ts';

const script = pathToFileURL(join(import.meta.dirname, '../../../scripts/build-handler.mjs')).href;
const { buildHandler } = (await import(script)) as { buildHandler(options: { outdir: string }): Promise<void> };

/** The same bodies each time; another seed, or more runs, for whoever looks for what is not known yet. */
const seed = Number(process.env['COLDGATE_FUZZ_SEED'] ?? 20_261_124);
const numRuns = Number(process.env['COLDGATE_FUZZ_RUNS'] ?? 1000);

const store = new ModelStore();
const variables = { COLDGATE_MODELS: hostileModels.map(([name]) => name).join(',') };
beforeAll(() => {
  for (const [name, model] of hostileModels) store.promote(store.publish(name, '1.0.0', { model }));
});
afterAll(() => store.remove());

interface Answered {
  status: number;
  text: string;
}

type Fields = Record<string, unknown>;
const isWord = (part: unknown): boolean => typeof part === 'string' && part !== '';

/** Throws where an answer is our own failure, is not typed, or says what it should not. */
function judge({ url }: HostileCall, { status, text }: Answered): void {
  if (![200, 400, 413, 415, 422].includes(status)) throw new Error(`status ${status}: ${text}`);
  const found = messagesIn(url, status, text).flatMap(leaksIn);
  if (found.length > 0) throw new Error(`says ${found.join(', ')}: ${text}`);
}

function messagesIn(url: string, status: number, text: string): string[] {
  if (status === 200) {
    const { items = [] } = url.endsWith('/batch') ? (JSON.parse(text) as { items: Fields[] }) : {};
    return items.flatMap(({ error }) => (error ? String((error as Fields)['message']) : []));
  }
  const answer = JSON.parse(text) as Fields;
  const reported = url.startsWith('/v2') ? { ...answer, message: answer['error'] } : (answer['error'] as Fields);
  const { code, message, request_id: id } = reported as Fields;
  if (![code, message, id].every(isWord)) throw new Error(`not typed: ${text}`);
  return [String(message)];
}

describe('hostile bodies', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = new TestApp(store.root, variables);
    expect((await app.ask('/v2/health/ready')).status).toBe(200);
  });
  afterAll(() => app.close());

  it.each(Object.entries(hostileCalls))(
    'to %s are all answered, typed, and never as our own failure',
    async (_route, calls) => {
      const statuses = new Map<number, number>();
      const before = app.lines.length;
      const property = fc.asyncProperty(calls, async (call) => {
        const { status, body } = await app.ask(call.url, { method: 'POST', ...call });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        judge(call, { status, text: typeof body === 'string' ? body : '' });
      });
      await fc.assert(property, { seed, numRuns });
      // Good and bad ones were among them, or this would prove nothing.
      expect(statuses.get(200)).toBeGreaterThan(0);
      expect(statuses.get(400)).toBeGreaterThan(numRuns / 10);
      const lines = app.lines.slice(before);
      expect(lines).toHaveLength(numRuns);
      for (const line of lines) expect(JSON.parse(line)).toMatchObject({ event: 'request' });
    },
  );

  it('are told apart from good ones by what their answers say', () => {
    const call = { url: '/v1/infer', headers: {}, body: new Uint8Array() };
    const reported = (message: string, status = 400): Answered => ({
      status,
      text: JSON.stringify({ error: { code: 'bad-input', message, request_id: '1' } }),
    });
    expect(() => judge(call, reported('inputs.x: expected float32, got "../../secret".'))).not.toThrow();
    expect(() => judge(call, reported('no', 500))).toThrow('status 500');
    for (const leak of ['in /tmp/x', 'at run (a.js:1:2)', 'Unexpected token', 'Non-zero status code', 'undefined']) {
      expect(() => judge(call, reported(leak))).toThrow('says');
    }
  });
});

describe('hostile bodies over HTTP', () => {
  const bundle = mkdtempSync(join(tmpdir(), 'coldgate-fuzz-'));
  let one: FunctionProcess;
  beforeAll(async () => {
    await buildHandler({ outdir: bundle });
    addNativeFiles(bundle);
    one = new FunctionProcess(bundle, { MODEL_PREFIX: store.root, MODEL_NAME: 'tiny', ...variables });
    expect((await one.fetch('/v2/health/ready')).status).toBe(200);
  });
  afterAll(async () => {
    await one?.stop();
    rmSync(bundle, { recursive: true, force: true });
  });

  const hammer = async (): Promise<void> => {
    const { port } = await one.listening();
    const calls = fc.oneof(...Object.values(hostileCalls));
    const property = fc.asyncProperty(calls, async (call) => judge(call, await post(port, call)));
    await fc.assert(property, { seed, numRuns: numRuns / 2 });
    expect(await one.json('/v1/infer', { inputs: [[1, 2]] })).toMatchObject({ outputs: { y: [[5.5, 1]] } });
  };

  it('are answered by one process that goes on living', async () => {
    const { pid } = await one.listening();
    await hammer();
    expect(await one.json('/v1/health')).toMatchObject({ status: 'ok', pid });
  });

  it('and by versions that came later, each in a thread of its own', async () => {
    const { pid } = await one.listening();
    for (const [name, model] of hostileModels) {
      store.promote(store.publish(name, '1.1.0', { model }));
      // A look at the pointer is answered from the last one for a second.
      while (!one.lines.some(({ event, model: swapped }) => event === 'swapped' && swapped === name)) {
        await one.json(`/v1/models/${name}/health?warm=true`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    await hammer();
    expect(await one.json('/v1/health')).toMatchObject({ status: 'ok', pid, model: { version: '1.1.0' } });
  });
});

describe.each([
  ['the functions framework', 'google-host.ts', 'google.mjs'],
  ['@azure/functions', 'azure-host.ts', '.'],
])('hostile bodies through %s', (_host, host, entry) => {
  it('are answered by one process that goes on living', async () => {
    const bed = await openAdapterBed();
    const models = { MODEL_PREFIX: store.root, ...variables };
    const child = new HandlerChild([join(import.meta.dirname, '../../fakes/handler', host), join(bed.bundle, entry)], {
      ...bed.variables,
      ...models,
    });
    const port = await child.port();
    const calls = fc.oneof(...Object.values(hostileCalls));
    const property = fc.asyncProperty(calls, async (call) => judge(call, await post(port, call)));
    await fc.assert(property, { seed, numRuns: numRuns / 2 });
    expect(child.process.exitCode).toBeNull();
    expect(child.errors).toEqual([]);
    await child.stop();
    bed.remove();
  });
});

const post = (port: number, { url, headers, body }: HostileCall): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const sent = { ...headers, 'content-length': String(body.byteLength) };
    const request = httpRequest({ host: '127.0.0.1', port, path: url, method: 'POST', headers: sent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const isJson = response.headers['content-type']?.startsWith('application/json');
        const text = isJson ? Buffer.concat(chunks).toString('utf8') : '';
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    request.on('error', reject).end(body);
  });
