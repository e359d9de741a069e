/**
 * What Azure's Node worker does with a package, in this process: the entry is found by `main` of package.json and by nothing
 * else, the real @azure/functions gets its `@azure/functions-core`, and a module that throws before it has registered a
 * function is no failure.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import Module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Model {
  getInvocationModel(context: unknown): {
    getArguments(): Promise<{ context: object; inputs: unknown[] }>;
    invokeFunction(context: object, inputs: unknown[], callback: unknown): Promise<unknown>;
    getResponse(context: object, result: unknown): Promise<{ returnValue?: { http: RpcHttp } }>;
  };
}
interface RpcHttp {
  statusCode: string;
  headers: Record<string, string>;
  body?: { bytes?: Uint8Array; string?: string };
}
export interface Metadata {
  name?: string;
  bindings: Record<
    string,
    { type?: string; route?: string; methods?: string[]; authLevel?: string; queueName?: string; connection?: string }
  >;
}

export interface Loaded {
  /** What the host makes of it: only an error after a registration is one, and one that nothing runs with. */
  result: 'Success' | 'Failure';
  /** By name. */
  functions: Map<string, Metadata>;
  failure: string | undefined;
  importedMs: number;
}

let model: Model | undefined;
const registered = new Map<string, { metadata: Metadata; callback: unknown }>();
const core = {
  version: '4.0.0',
  hostVersion: '4.1000.0',
  setProgrammingModel: (given: Model) => {
    model = given;
  },
  registerFunction: (metadata: Metadata, callback: unknown) => {
    registered.set(metadata.name ?? '', { metadata, callback });
    return { dispose: () => {} };
  },
  registerHook: () => ({ dispose: () => {} }),
  log: () => {},
};

/** A JSON document of a package; empty where there is none. */
export const readJson = (folder: string, name: string): Record<string, unknown> =>
  existsSync(join(folder, name))
    ? (JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, unknown>)
    : {};

/** Imports the entry of a package. */
export async function loadApp(folder: string): Promise<Loaded> {
  const { prototype } = Module as unknown as { prototype: { require(this: unknown, id: string): unknown } };
  const original = prototype.require;
  prototype.require = function require(id) {
    return id === '@azure/functions-core' ? core : original.call(this, id);
  };
  let failure: string | undefined;
  const began = process.uptime();
  const { main } = readJson(folder, 'package.json') as { main?: string };
  if (main) {
    await import(pathToFileURL(join(folder, main)).href).catch((error: unknown) => {
      failure = `Worker was unable to load entry point "${main}": ${(error as Error).message}`;
    });
  }
  const functions = new Map([...registered].map(([name, { metadata }]) => [name, metadata]));
  const result = functions.size > 0 && failure !== undefined ? 'Failure' : 'Success';
  return { result, functions, failure, importedMs: (process.uptime() - began) * 1000 };
}

let count = 0;

/** Calls a function with a request, as the worker is called over gRPC. */
export async function invoke(name: string, request: IncomingMessage, body: Buffer): Promise<RpcHttp> {
  const { metadata, callback } = registered.get(name)!;
  const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]));
  if (count === 0) headers['x-ms-coldstart'] = '1';
  const binding = Object.entries(metadata.bindings).find(([, one]) => one.route !== undefined)!;
  const http = {
    method: request.method,
    url: `http://${request.headers.host}${request.url}`,
    headers,
    ...(body.byteLength > 0 && { body: { bytes: body } }),
  };
  const inputData = [{ name: binding[0], data: { http } }];
  const returned = await call({ name, metadata, callback }, { inputData, triggerMetadata: {} });
  return returned.returnValue!.http;
}

/** The same for a message of a queue, as text: rejects where the function does. */
export async function invokeQueue(name: string, text: string, facts: Record<string, string>): Promise<void> {
  const { metadata, callback } = registered.get(name)!;
  const binding = Object.entries(metadata.bindings).find(([, { type }]) => type === 'queueTrigger')!;
  const triggerMetadata = Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, { string: value }]));
  const inputData = [{ name: binding[0], data: { string: text } }];
  await call({ name, metadata, callback }, { inputData, triggerMetadata });
}

async function call(
  { name, metadata, callback }: { name: string; metadata: Metadata; callback: unknown },
  request: object,
) {
  const own = model!.getInvocationModel({
    invocationId: `invocation-${++count}`,
    metadata: { name, ...metadata },
    request,
    log: (level: string, category: string, line: string) => {
      console.log(line);
      console.log(JSON.stringify({ event: 'host-log', level, category }));
    },
    state: undefined,
  });
  const { context, inputs } = await own.getArguments();
  const result = await own.invokeFunction(context, inputs, callback);
  return own.getResponse(context, result);
}
