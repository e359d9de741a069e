import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpProxy } from '../fakes/processes/proxy.ts';
import { runNode } from '../fakes/processes/runner.ts';

const root = join(import.meta.dirname, '..', '..');
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const listening = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

/** Every client that the product has, each with one request whose path names it; what comes back is of no interest. */
const script = (port: number) => `
  const { useProxies } = await import(${JSON.stringify(join(root, 'src/proxy.ts'))});
  useProxies(process.env);
  const { openStore } = await import(${JSON.stringify(join(root, 'src/stores/open.ts'))});
  const { openCalls } = await import(${JSON.stringify(join(root, 'src/targets/aws-lambda/calls.ts'))});
  const { send } = await import(${JSON.stringify(join(root, 'src/handler/readers/transport.ts'))});
  const { call } = await import(${JSON.stringify(join(root, 'src/rollout/proof/http.ts'))});
  const { GetFunctionCommand } = await import('@aws-sdk/client-lambda');
  const endpoint = 'http://127.0.0.1:${port}';
  const stop = AbortSignal.timeout(60000);
  const log = { info() {}, debug() {}, warn() {}, progress() {}, mask() {}, group: (_t, work) => work() };
  const head = async (settings) => (await openStore(settings)).head('key').catch(() => {});
  await head({ url: 's3://from-s3', endpoint });
  await head({ url: 'gs://from-gs', endpoint });
  await head({ url: 'azure://fromazure/container', endpoint: endpoint + '/fromazure' });
  await openCalls('eu-west-1', { signal: stop, log }).once(new GetFunctionCommand({ FunctionName: 'from-lambda' }), stop).catch(() => {});
  await send({ method: 'GET', origin: new URL(endpoint), path: '/from-reader', headers: {} }).then((a) => a.drop(), () => {});
  await call(endpoint + '/from-proof', { timeoutMs: 20000 }).catch(() => {});
  await fetch(endpoint + '/from-fetch').catch(() => {});
  process.exit(0);
`;
const clients = ['from-s3', 'from-gs', 'fromazure', 'from-lambda', 'from-reader', 'from-proof', 'from-fetch'];

describe('proxies', () => {
  const direct: string[] = [];
  const server = createServer((connected, answer) => {
    direct.push(connected.url ?? '');
    answer.writeHead(404).end();
  });
  let proxy: HttpProxy;
  beforeAll(async () => {
    proxy = await HttpProxy.open();
    await listening(server);
  });
  afterAll(() => {
    proxy.close();
    server.close().closeAllConnections();
  });

  /** The clients whose request went through the proxy, and those whose came to the server at all. */
  async function ways(variables: Record<string, string>): Promise<{ through: string[]; came: string[] }> {
    direct.length = 0;
    proxy.seen.length = 0;
    const address = proxy.url;
    const key = Buffer.from('key').toString('base64');
    const base = `http://127.0.0.1:${portOf(server)}`;
    const env = {
      ...{ HTTP_PROXY: address, HTTPS_PROXY: address, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y' },
      ...{ AWS_ENDPOINT_URL_LAMBDA: base, NO_PROXY: '', no_proxy: '', NODE_USE_ENV_PROXY: '' },
      AZURE_STORAGE_CONNECTION_STRING: `DefaultEndpointsProtocol=http;AccountName=fromazure;AccountKey=${key};BlobEndpoint=${base}/fromazure;`,
      ...variables,
    };
    const { exit, stderr } = await runNode(['--input-type=module', '-e', script(portOf(server))], root, env);
    expect([exit, stderr]).toEqual([0, expect.any(String)]);
    const among = (paths: string[]) => clients.filter((name) => paths.some((path) => path.includes(name)));
    return { through: among(proxy.seen), came: among(direct) };
  }

  it('are taken by every client alike, as Node itself takes them', async () => {
    expect(await ways({ NODE_USE_ENV_PROXY: '1' })).toEqual({ through: clients, came: clients });
  });

  it('are taken without being asked, but for this machine', async () => {
    expect(await ways({})).toEqual({ through: [], came: clients });
    expect(await ways({ NO_PROXY: 'elsewhere.example' })).toEqual({ through: clients, came: clients });
  });
});
