import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { camelKeys } from '../../src/config/camel-keys.ts';
import { awsLambdaTarget as settingsSchema } from '../../src/config/schema/aws-lambda.ts';
import { silentLogger } from '../../src/log.ts';
import type { DeployRequest, Target } from '../../src/rollout/target.ts';
import { openTarget } from '../../src/targets/open.ts';
import type { Server } from '../emulators/servers.ts';
import { zipOf } from './bench.ts';
import { quickFunctions, type StoreGroup } from './quick-function.ts';
import type { Fields, FunctionVersion } from './state.ts';

let made = 0;
const trust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

/** An execution role, which an emulator may look up as the service does; by IAM's query interface. */
export async function makeRole({ endpoint }: Server): Promise<string> {
  const RoleName = `coldgate-${process.pid}-${++made}`;
  const scope = 'Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=00';
  const form = { Action: 'CreateRole', Version: '2010-05-08', RoleName };
  const reply = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `AWS4-HMAC-SHA256 ${scope}` },
    body: new URLSearchParams({ ...form, AssumeRolePolicyDocument: JSON.stringify(trust) }),
  });
  if (!reply.ok) throw new Error(`no role is made here: ${await reply.text()}`);
  return /<Arn>([^<]+)<\/Arn>/.exec(await reply.text())?.[1] ?? '';
}

export const lambdaOf = ({ endpoint }: Pick<Server, 'endpoint'>): LambdaClient =>
  new LambdaClient({ region: 'eu-west-1', endpoint, maxAttempts: 1 });

/** The driver as a release opens it; AWS_ENDPOINT_URL says where the services are. */
export async function targetOn(role: string, more: Record<string, unknown>): Promise<[Target, () => void]> {
  const folder = mkdtempSync(join(tmpdir(), 'coldgate-emulator-'));
  const settings = settingsSchema.parse({ provider: 'aws-lambda', region: 'eu-west-1', role, ...more });
  const { signal } = new AbortController();
  const deps = { log: silentLogger, stateDir: folder, now: () => new Date(), signal, env: process.env };
  const target = await openTarget(camelKeys(settings), deps);
  return [target, () => rmSync(folder, { recursive: true, force: true })];
}

interface OnRequest {
  name: string;
  role?: DeployRequest['role'];
  /** Of its module. */
  text: string;
  /** Where its package is put. */
  folder: string;
  settings?: Partial<DeployRequest['settings']>;
}

/** A release of version 1.0.0 whose package is one module. */
export function requestOn({ name, role = 'live', text, folder, settings }: OnRequest): DeployRequest {
  const zip = zipOf(text);
  const sha256 = createHash('sha256').update(zip).digest('hex');
  const path = join(folder, `${sha256}.zip`);
  writeFileSync(path, zip);
  const storeVariables = { MODEL_STORE: 's3', MODEL_BUCKET: 'models' };
  return {
    settings: { name, model: 'digits', storeVariables, handlerVariables: {}, ...settings },
    ...{ package: { path, sha256, size: zip.byteLength }, role, version: '1.0.0', sha256: 'a'.repeat(64) },
    sample: undefined,
  };
}

const functions = '/2015-03-31/functions/';

/**
 * What stands between the driver and an emulator: it answers the two calls that the driver cannot do without and that one of
 * them does not have (test/emulators/gaps.ts), and passes everything else on as it is. No function has a URL here, and an invocation is
 * answered by a quick function with the variables that the emulator keeps for the version.
 */
export async function openFront({ endpoint }: Server, group: StoreGroup): Promise<{ url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = 'GET', headers } = request;
    const target = new URL(request.url ?? '/', endpoint);
    const send = (status: number, text: string, more: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...more }).end(text);
    if (/\/functions\/[^/]+\/urls$/.test(target.pathname)) send(200, '{"FunctionUrlConfigs":[]}');
    else if (target.pathname.endsWith('/invocations')) {
      const [, name = ''] = /functions\/([^/]+)\/invocations$/.exec(target.pathname) ?? [];
      const place = `${endpoint}${functions}${name}/configuration${target.search}`;
      const configuration = (await (await fetch(place, { headers: plain(headers) })).json()) as Fields;
      const version = { configuration, folder: '', pending: 0, inProgress: 0 } satisfies FunctionVersion;
      const quick = await quickFunctions(group)(version, '');
      const { payload, log } = await quick.invoke({});
      send(200, JSON.stringify(payload), { 'x-amz-log-result': Buffer.from(log).toString('base64') });
    } else {
      const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
      const reply = await fetch(target, { method, headers: plain(headers), ...body });
      const type = reply.headers.get('x-amzn-errortype');
      send(reply.status, await reply.text(), type ? { 'x-amzn-errortype': type } : {});
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() };
}

/** Headers that a second request may carry. */
function plain(headers: IncomingHttpHeaders): Record<string, string> {
  const own = ['host', 'connection', 'content-length', 'transfer-encoding', 'expect'];
  const kept = Object.entries(headers).filter(([name]) => !own.includes(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}
