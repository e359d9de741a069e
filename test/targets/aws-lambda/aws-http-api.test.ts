import { AwsClient } from 'aws4fetch';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';
import { ServiceError } from '../../lambda/service-error.ts';

const signer = new AwsClient({
  ...{ accessKeyId: 'test', secretAccessKey: 'test' },
  ...{ service: 'execute-api', region: 'eu-west-1' },
});
const viaApi = { endpoint: 'http-api', auth: 'none' };
const jwt = { auth: 'jwt', jwt: { issuer: 'https://login.example/', audience: ['digits'] } };

/** The HTTP API of a function, as the stand-in for API Gateway has and serves it. */
describe('the http-api endpoint of the aws-lambda target', () => {
  let bench: FunctionBench;
  const apis = () => [...bench.lambda.neighbours.apis.apis.values()];
  const parts = (kind: 'Route' | 'Integration' | 'Authorizer' | 'Stage') => [
    ...(apis()[0]?.parts[kind].values() ?? []),
  ];
  const route = async (more: Record<string, unknown> = {}, version = '1.0.0') =>
    (await bench.target({ ...viaApi, ...more })).route(bench.request('live', version));
  const status = async (url: string, init?: RequestInit) => (await fetch(url, init)).status;
  beforeAll(async () => {
    bench = await FunctionBench.open();
  });
  beforeEach(async () => {
    await (await bench.target(viaApi)).remove({ name: functionName }, 'all');
    bench.group.pointer = '1.0.0';
    bench.lambda.take();
  });
  afterAll(() => bench.close());

  it('serves the paths of the handler by payload 2.0, with the permission on the alias for this API alone', async () => {
    const { revision } = await route({ throttle: { rate: 5, burst: 10 } });
    expect(await status(`${revision.url}/v1/health?warm=true`)).toBe(200);
    expect(await status(`${revision.url}/v2`)).toBe(200);
    expect(await status(`${revision.url}/v2/models/digits/infer`, { method: 'POST', body: '{}' })).toBe(200);
    expect(await status(`${revision.url}/other`)).toBe(404);
    expect(parts('Integration')).toMatchObject([
      { payloadFormatVersion: '2.0', integrationUri: expect.stringMatching(/:digits-production:live$/) },
    ]);
    expect(parts('Stage')).toMatchObject([
      {
        ...{ stageName: '$default', autoDeploy: true },
        defaultRouteSettings: { throttlingRateLimit: 5, throttlingBurstLimit: 10 },
        accessLogSettings: { destinationArn: expect.stringContaining(':log-group:/aws/http-api/digits-production') },
      },
    ]);
    expect(bench.lambda.neighbours.logs.days.get('/aws/http-api/digits-production')).toBe(30);
    const found = bench.lambda.account.find(functionName);
    const id = String(apis()[0]?.fields['apiId']);
    expect(found.policies.get('live')).toMatchObject([
      { Condition: { ArnLike: { 'AWS:SourceArn': `arn:aws:execute-api:eu-west-1:123456789012:${id}/*/*` } } },
    ]);
    expect(found.urls.size).toBe(0);
  });

  it('reads five times and changes nothing when all is as it was', async () => {
    await route();
    bench.lambda.take();
    expect(await route()).toMatchObject({ changed: false });
    const { reading, mutating } = bench.lambda.take();
    expect(mutating).toEqual([]);
    expect(reading).toHaveLength(5);
  });

  it('keeps its address over a new package, and gives candidates a URL of their own', async () => {
    const { revision } = await route();
    const target = await bench.target(viaApi);
    const rebuilt = await target.route(bench.request('live', '1.0.0', bench.package('export const other = 1')));
    expect(rebuilt).toMatchObject({ changed: true, revision: { url: revision.url } });
    const candidate = await target.deploy(bench.request('candidate', '1.1.0'));
    expect(candidate.revision.url).toContain('/url/digits-production/candidate-1_1_0');
    expect((await target.describe({ name: functionName })).live?.url).toBe(revision.url);
    expect(apis()).toHaveLength(1);
  });

  it('asks for signed calls', async () => {
    const { revision } = await route({ auth: 'iam' });
    expect(await status(`${revision.url}/v1/health`)).toBe(403);
    expect((await signer.fetch(`${revision.url}/v1/health`)).status).toBe(200);
  });

  it('asks for a token, proves the function by Lambda’s own call and that the API turns others away', async () => {
    const { revision } = await route(jwt);
    expect(await status(`${revision.url}/v1/health`)).toBe(401);
    expect(await status(`${revision.url}/v1/health`, { headers: { authorization: 'Bearer good' } })).toBe(200);
    expect(parts('Authorizer')).toMatchObject([
      { authorizerType: 'JWT', jwtConfiguration: { issuer: 'https://login.example/', audience: ['digits'] } },
    ]);
    const target = await bench.target({ ...viaApi, ...jwt });
    const candidate = await target.deploy(bench.request('candidate', '1.1.0'));
    expect(await status(`${candidate.revision.url}/v1/health`)).toBe(403);
  });

  it('answers preflights of the origins of handler.cors without a token', async () => {
    const request = bench.request('live', '1.0.0');
    const settings = { ...request.settings, handlerVariables: { COLDGATE_CORS: 'https://app.example' } };
    const { revision } = await (await bench.target({ ...viaApi, ...jwt })).route({ ...request, settings });
    expect(apis()[0]?.fields['corsConfiguration']).toMatchObject({ allowOrigins: ['https://app.example'] });
    expect(await status(`${revision.url}/v1/infer`, { method: 'OPTIONS' })).toBe(204);
    await route();
    expect(apis()[0]?.fields).not.toHaveProperty('corsConfiguration');
    expect(parts('Route').map((one) => one['routeKey'])).not.toContain('OPTIONS /{proxy+}');
  });

  it('goes from one way to another and back, and leaves nothing of the other behind', async () => {
    await route(jwt);
    await route();
    expect(parts('Authorizer')).toEqual([]);
    const byUrl = await (await bench.target()).route(bench.request('live', '1.0.0'));
    expect(apis()).toEqual([]);
    expect(await status(`${byUrl.revision.url}/v1/health`)).toBe(200);
    bench.lambda.take();
    expect(await (await bench.target()).route(bench.request('live', '1.0.0'))).toMatchObject({ changed: false });
    expect(bench.lambda.take().reading).toHaveLength(5);
    await route();
    expect(bench.lambda.account.find(functionName).urls.size).toBe(0);
  });

  it('puts back what someone took out of the API', async () => {
    const { revision } = await route();
    apis()[0]?.parts.Route.clear();
    expect(await route()).toMatchObject({ changed: true, revision: { url: revision.url } });
    expect(await status(`${revision.url}/v1/health`)).toBe(200);
  });

  it('is removed with the function, and where the function is gone already', async () => {
    const target = await bench.target(viaApi);
    await route();
    const api = { action: 'delete', what: `the HTTP API ${apis()[0]?.fields['apiId']} of ${functionName}` };
    expect(await target.besides?.({ name: functionName })).toEqual([api]);
    expect(await target.remove({ name: functionName }, 'all')).toContainEqual(api);
    expect(await target.besides?.({ name: functionName })).toEqual([]);
    expect(apis()).toEqual([]);
    await route();
    bench.lambda.account.functions.clear();
    await target.remove({ name: functionName }, 'all');
    expect(apis()).toEqual([]);
  });

  it('names the action and the resource that API Gateway refuses', async () => {
    const message =
      'User: arn:aws:sts::123456789012:assumed-role/pipeline/run is not authorized to perform: apigateway:POST on resource: arn:aws:apigateway:eu-west-1::/apis because no identity-based policy allows it';
    const denied = new ServiceError('AccessDeniedException', 403, message);
    bench.lambda.fault = (name) => (name === 'CreateApi' ? denied : undefined);
    await expect(route()).rejects.toMatchObject({
      ...{ code: 'permission-denied', exit: 8 },
      data: { action: 'apigateway:POST', resource: 'arn:aws:apigateway:eu-west-1::/apis' },
    });
    bench.lambda.fault = () => undefined;
  });

  it('makes one API where two runs make it at once', async () => {
    const targets = await Promise.all([bench.target(viaApi), bench.target(viaApi)]);
    await route({ endpoint: 'none' });
    await Promise.all(targets.map((target) => target.route(bench.request('live', '1.0.0'))));
    expect(apis()).toHaveLength(1);
    expect(await route()).toMatchObject({ changed: false });
  });
});
