import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { ApiGatewayV2Client, GetApisCommand, GetRoutesCommand, GetStagesCommand } from '@aws-sdk/client-apigatewayv2';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { camelKeys } from '../../../src/config/camel-keys.ts';
import { type AwsLambdaSettings, awsLambdaTarget } from '../../../src/config/schema/aws-lambda.ts';
import { silentLogger } from '../../../src/log.ts';
import { contextOf, type LambdaContext } from '../../../src/targets/aws-lambda/context.ts';
import { ensureApi, findApi, removeApis } from '../../../src/targets/aws-lambda/http-api.ts';
import { wantedApi } from '../../../src/targets/aws-lambda/http-api-wanted.ts';
import type { FunctionState } from '../../../src/targets/aws-lambda/state.ts';
import { itOn } from '../../emulators/gaps.ts';
import { describeWith } from '../../emulators/servers.ts';

const region = 'eu-west-1';

/** The HTTP API of a function on a server that others have written; what it cannot do is in test/emulators/gaps.ts. */
describeWith('moto', 'an HTTP API', (server) => {
  const client = () => new ApiGatewayV2Client({ region });
  let name: string;
  let simulation: LambdaContext;
  let state: FunctionState;
  const stop = new AbortController();
  beforeEach(() => {
    const access = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: region };
    for (const [key, value] of Object.entries({ AWS_ENDPOINT_URL: server().endpoint, ...access }))
      vi.stubEnv(key, value);
    name = `digits-${randomUUID().slice(0, 8)}`;
    const role = 'arn:aws:iam::123456789012:role/coldgate';
    const basics = { provider: 'aws-lambda', region, role, endpoint: 'http-api', auth: 'none' };
    const settings = camelKeys(awsLambdaTarget.parse(basics)) as AwsLambdaSettings;
    const deps = { log: silentLogger, stateDir: tmpdir(), now: () => new Date(), signal: stop.signal };
    const whole = contextOf(settings, deps);
    // Its tags lie with the function, which is not here. A failure is not tried again for minutes.
    const withRetry: LambdaContext['calls']['withRetry'] = (work) => work({ abortSignal: stop.signal });
    simulation = { ...whole, calls: { ...whole.calls, withRetry, send: async () => ({}) as never } };
    state = { name, arn: `arn:aws:lambda:${region}:123456789012:function:${name}`, tags: {} } as FunctionState;
  });
  afterEach(() => vi.unstubAllEnvs());
  const wanted = () => wantedApi(simulation.settings, state, ['https://app.example']);
  const make = () => ensureApi(simulation, state, wanted(), async () => {});

  it('is made with the CORS of the model, found by its tag, and removed', async () => {
    await make().catch(() => undefined);
    expect(await findApi(simulation, name)).toMatchObject({
      ...{ Name: name, ProtocolType: 'HTTP', CorsConfiguration: { AllowOrigins: ['https://app.example'] } },
    });
    expect(await removeApis(simulation, name)).toHaveLength(1);
    expect(await findApi(simulation, name)).toBeUndefined();
    const { Items = [] } = await client().send(new GetApisCommand({}));
    expect(Items.filter((api) => api.Name === name)).toEqual([]);
  });

  /** Answers the listing of authorizers, without which nothing is made, and passes all else on. */
  async function openFront(): Promise<{ url: string; close(): void }> {
    const front = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = 'GET', url = '/', headers } = request;
      const json = { 'content-type': 'application/json' };
      if (method === 'GET' && /\/authorizers/.test(url)) return response.writeHead(200, json).end('{"items":[]}');
      const kept = Object.entries(headers).filter(([key]) => !/^(?:connection|content-length|expect)$/.test(key));
      const sent = Object.fromEntries(kept.map(([key, value]) => [key, String(value)]));
      const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
      const reply = await fetch(new URL(url, server().endpoint), { method, headers: sent, ...body });
      return response.writeHead(reply.status, json).end(await reply.text());
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const { port } = front.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, close: () => void front.close() };
  }

  it('has its routes and its stage', async () => {
    const front = await openFront();
    vi.stubEnv('AWS_ENDPOINT_URL', front.url);
    const { ApiId } = await make();
    const { Items: routes = [] } = await client().send(new GetRoutesCommand({ ApiId }));
    const keys = (all: { RouteKey?: string | undefined }[]) => all.map(({ RouteKey }) => RouteKey).sort();
    expect(keys(routes)).toEqual(keys(wanted().routes));
    const { Items: stages = [] } = await client().send(new GetStagesCommand({ ApiId }));
    expect(stages).toMatchObject([{ StageName: '$default', AutoDeploy: true }]);
    expect(await removeApis(simulation, name)).toHaveLength(1);
    front.close();
  });

  itOn('moto', 'lists the authorizers of an API', async () => {
    await make();
  });
});
