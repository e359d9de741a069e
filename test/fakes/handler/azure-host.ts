/**
 * A stand-in for Azure's host and worker: `node this <folder of a package> [--direct]`. As the worker does, it waits as a
 * placeholder until app and environment are named, finds the entry by `main` of package.json and by nothing else, gives
 * the real @azure/functions its `@azure/functions-core`, and answers that all went well where a module throws before it
 * has registered a function. It turns HTTP into the worker's calls and back; prints its port and what it found.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import Module from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

interface Model {
  getInvocationModel(context: unknown): {
    getArguments(): Promise<{ context: object; inputs: unknown[] }>;
    invokeFunction(context: object, inputs: unknown[], callback: unknown): Promise<unknown>;
    getResponse(context: object, result: unknown): Promise<{ returnValue: { http: RpcHttp } }>;
  };
}
interface RpcHttp {
  statusCode: string;
  headers: Record<string, string>;
  body?: { bytes?: Uint8Array; string?: string };
}
interface Metadata {
  name?: string;
  bindings: Record<string, { route?: string; methods?: string[]; authLevel?: string }>;
}

let model: Model | undefined;
let registered: { metadata: Metadata; callback: unknown } | undefined;
const core = {
  version: '4.0.0',
  hostVersion: '4.1000.0',
  setProgrammingModel: (given: Model) => {
    model = given;
  },
  registerFunction: (metadata: Metadata, callback: unknown) => {
    registered = { metadata, callback };
    return { dispose: () => {} };
  },
  registerHook: () => ({ dispose: () => {} }),
  log: () => {},
};
const { prototype } = Module as unknown as { prototype: { require(this: unknown, id: string): unknown } };
const original = prototype.require;
prototype.require = function require(id) {
  return id === '@azure/functions-core' ? core : original.call(this, id);
};

const [, , folder = '.', direct] = process.argv;
/** Of the app; a placeholder does not have it. */
const environment = { ...process.env };
const waited = 300;
if (direct !== '--direct') {
  for (const name of Object.keys(process.env)) delete process.env[name];
  await pause(waited);
  Object.assign(process.env, environment, { INITIALIZED_FROM_PLACEHOLDER: 'True' });
}
process.chdir(folder);

const readJson = (name: string): Record<string, unknown> =>
  existsSync(join(folder, name))
    ? (JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, unknown>)
    : {};
const host = readJson('host.json') as { extensions?: { http?: { routePrefix?: string } } };
const prefix = host.extensions?.http?.routePrefix ?? 'api';
const root = prefix === '' ? '/' : `/${prefix}/`;

let failure: string | undefined;
const began = process.uptime();
const { main } = readJson('package.json') as { main?: string };
if (main) {
  await import(pathToFileURL(join(folder, main)).href).catch((error: unknown) => {
    failure = `Worker was unable to load entry point "${main}": ${(error as Error).message}`;
  });
}
/** What the host makes of it: only an error after a registration is one, and one that nothing runs with. */
const found = {
  result: registered && failure !== undefined ? 'Failure' : 'Success',
  functions: registered ? [registered.metadata.name ?? 'coldgate'] : [],
  imported_ms: (process.uptime() - began) * 1000,
  failure,
};

let count = 0;
/** The answer of the host itself where no function is asked. */
function ownAnswer(path: string): number | undefined {
  if (found.result === 'Failure') return 503;
  return registered && path.startsWith(root) ? undefined : 404;
}

async function invoke(request: IncomingMessage, body: Buffer): Promise<RpcHttp> {
  const { metadata, callback } = registered!;
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  if (count === 0) headers['x-ms-coldstart'] = '1';
  const binding = Object.entries(metadata.bindings).find(([, one]) => one.route === '{*path}')!;
  const http = {
    method: request.method,
    url: `http://${request.headers.host}${request.url}`,
    headers,
    ...(body.byteLength > 0 && { body: { bytes: body } }),
  };
  const own = model!.getInvocationModel({
    invocationId: `invocation-${++count}`,
    metadata: { name: 'coldgate', ...metadata },
    request: { inputData: [{ name: binding[0], data: { http } }], triggerMetadata: {} },
    log: (level: string, category: string, line: string) => {
      console.log(line);
      console.log(JSON.stringify({ event: 'host-log', level, category }));
    },
    state: undefined,
  });
  const { context, inputs } = await own.getArguments();
  const result = await own.invokeFunction(context, inputs, callback);
  return (await own.getResponse(context, result)).returnValue.http;
}

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const own = ownAnswer(request.url ?? '/');
  if (own !== undefined) return void response.writeHead(own).end();
  try {
    const { statusCode, headers, body } = await invoke(request, Buffer.concat(chunks));
    response.writeHead(Number(statusCode), headers).end(body?.bytes ?? body?.string);
  } catch (error) {
    response.writeHead(599).end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ event: 'port', port: (server.address() as AddressInfo).port, ...found }));
});
