/**
 * A stand-in for Azure's host and worker: `node this <folder of a package> [--direct]`. As the worker does, it waits as a
 * placeholder until app and environment are named. It turns HTTP into the worker's calls and back; prints its port and
 * what it found.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { invoke, loadApp, readJson } from './azure-worker.ts';

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

const host = readJson(folder, 'host.json') as { extensions?: { http?: { routePrefix?: string } } };
const prefix = host.extensions?.http?.routePrefix ?? 'api';
const root = prefix === '' ? '/' : `/${prefix}/`;
const { result, functions, failure, importedMs } = await loadApp(folder);
const [name] = [...functions.keys()];

/** The answer of the host itself where no function is asked. */
function ownAnswer(path: string): number | undefined {
  if (result === 'Failure') return 503;
  return name !== undefined && path.startsWith(root) ? undefined : 404;
}

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const own = ownAnswer(request.url ?? '/');
  if (own !== undefined) return void response.writeHead(own).end();
  try {
    const { statusCode, headers, body } = await invoke(name ?? '', request, Buffer.concat(chunks));
    response.writeHead(Number(statusCode), headers).end(body?.bytes ?? body?.string);
  } catch (error) {
    response.writeHead(599).end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => {
  const found = { result, functions: [...functions.keys()], imported_ms: importedMs, failure };
  console.log(JSON.stringify({ event: 'port', port: (server.address() as AddressInfo).port, ...found }));
});
