/**
 * A stand-in for Azure's host and worker: `node this <azure.mjs>`. It gives the real @azure/functions its
 * `@azure/functions-core` as the worker does, and turns HTTP into the worker's calls and back. Prints its port.
 */
import { createServer, type IncomingMessage } from 'node:http';
import Module from 'node:module';
import type { AddressInfo } from 'node:net';
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

await import(pathToFileURL(process.argv[2]!).href);

let count = 0;
async function invoke(request: IncomingMessage, body: Buffer): Promise<RpcHttp> {
  const { metadata, callback } = registered!;
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
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
  try {
    const { statusCode, headers, body } = await invoke(request, Buffer.concat(chunks));
    response.writeHead(Number(statusCode), headers).end(body?.bytes ?? body?.string);
  } catch (error) {
    response.writeHead(599).end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ event: 'port', port: (server.address() as AddressInfo).port }));
});
