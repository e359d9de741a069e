import { AwsClient } from 'aws4fetch';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';
import { ServiceError, throttled } from '../../lambda/service-error.ts';

const signer = new AwsClient({
  ...{ accessKeyId: 'test', secretAccessKey: 'test' },
  ...{ service: 'execute-api', region: 'eu-west-1' },
});
const partners = { name: 'partners', rate: 5, burst: 10, quota: { limit: 1000, period: 'day' } };
const withKeys = (keys: object[], more: object = {}) => ({
  ...{ endpoint: 'rest-api', auth: 'none' },
  'rest-api': { plans: [{ ...partners, keys }], ...more },
});
const viaApi = withKeys([{ name: 'acme' }]);
const open = { endpoint: 'rest-api', auth: 'none' };

/** The REST API of a function, as the stand-in for API Gateway has and serves it. */
describe('the rest-api endpoint of the aws-lambda target', () => {
  let bench: FunctionBench;
  const rest = () => bench.lambda.neighbours.rest;
  const front = () => bench.lambda.neighbours.front;
  const api = () => [...rest().apis.values()][0];
  const keyOf = (name: string) =>
    [...rest().plans.keys.values()].find(({ fields }) => fields.name === `${functionName}-${name}`)?.fields;
  const route = async (more: Record<string, unknown> = viaApi, version = '1.0.0') =>
    (await bench.target(more)).route(bench.request('live', version));
  const ask = (url: string, key?: string, init: RequestInit = {}) =>
    fetch(url, { ...init, headers: { ...(key && { 'x-api-key': key }), ...init.headers } });
  beforeAll(async () => {
    bench = await FunctionBench.open();
  });
  beforeEach(async () => {
    bench.lambda.fault = () => undefined;
    await (await bench.target(viaApi)).remove({ name: functionName }, 'all');
    bench.group.pointer = '1.0.0';
    bench.lambda.take();
  });
  afterAll(() => bench.close());

  it('lets callers in who have a key, and says to others what API Gateway says', async () => {
    const { revision } = await route();
    expect(revision.url).toMatch(/\/restapis\/\w+\/live\/_user_request_$/);
    const key = keyOf('acme')?.value;
    expect((await ask(`${revision.url}/v1/health?warm=true`, key)).status).toBe(200);
    expect((await ask(`${revision.url}/v2/models/digits/infer`, key, { method: 'POST', body: '{}' })).status).toBe(200);
    const refused = await Promise.all([
      ask(`${revision.url}/v1/health`),
      ask(`${revision.url}/v1/health`, 'another'),
      ask(`${revision.url}/other`, key),
    ]);
    expect(await Promise.all(refused.map(async (one) => [one.status, await one.json()]))).toEqual([
      [403, { message: 'Forbidden' }],
      [403, { message: 'Forbidden' }],
      [403, { message: 'Missing Authentication Token' }],
    ]);
    expect(front().events.at(-1)).toMatchObject({
      resource: '/v2/{proxy+}',
      pathParameters: { proxy: expect.anything() },
    });
    const found = bench.lambda.account.find(functionName);
    expect(found.policies.get('live')).toMatchObject([
      { Condition: { ArnLike: { 'AWS:SourceArn': expect.stringMatching(/:execute-api:.*:\w+\/\*\/\*\/\*$/) } } },
    ]);
    expect(found.urls.size).toBe(0);
    expect(api()?.fields).toMatchObject({ binaryMediaTypes: ['*/*'], endpointConfiguration: { types: ['REGIONAL'] } });
  });

  it('has plans with the limits of models.yaml, which hold', async () => {
    const plan = { ...partners, rate: 0.1, burst: 2, quota: { limit: 3, period: 'day' }, keys: [{ name: 'acme' }] };
    const { revision } = await route({ ...open, 'rest-api': { plans: [plan] } });
    const key = keyOf('acme')?.value;
    const statuses = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await ask(`${revision.url}/v1/health`, key)).status);
    expect(statuses).toEqual([200, 200, 429]);
    await route({ ...open, 'rest-api': { plans: [{ ...plan, rate: 500, burst: 1000 }] } });
    await ask(`${revision.url}/v1/health`, key);
    const last = await ask(`${revision.url}/v1/health`, key);
    expect([last.status, await last.json()]).toEqual([429, { message: 'Limit Exceeded' }]);
    await route({ ...open, 'rest-api': { plans: [{ ...plan, quota: undefined, rate: 500, burst: 1000 }] } });
    expect((await ask(`${revision.url}/v1/health`, key)).status).toBe(200);
  });

  it('reads five times and changes nothing when all is as it was', async () => {
    await route();
    bench.lambda.take();
    expect(await route()).toMatchObject({ changed: false });
    const { reading, mutating } = bench.lambda.take();
    expect(mutating).toEqual([]);
    // Those of the proof by a key are the API's and the keys', once a run.
    expect(reading).toHaveLength(8);
  });

  it('keeps stage and address over new code and new settings, and is deployed for another document alone', async () => {
    const { revision } = await route();
    const stage = api()?.stages.get('live');
    const deployed = stage?.fields.deploymentId;
    const rebuilt = await (await bench.target(viaApi)).route(
      bench.request('live', '1.0.0', bench.package('export const other = 1')),
    );
    expect(rebuilt).toMatchObject({ changed: true, revision: { url: revision.url } });
    await route({ ...viaApi, throttle: { rate: 50, burst: 60 } });
    expect(bench.lambda.take().mutating).not.toContain('DeleteStage');
    expect(api()?.stages.get('live')?.fields.deploymentId).toBe(deployed);
    expect(stage?.methods.get('*/*')).toMatchObject({ 'throttling/rateLimit': '50', 'throttling/burstLimit': '60' });
    await route({ ...viaApi, auth: 'iam' });
    expect(bench.lambda.take().mutating).toContain('CreateDeployment');
    expect(api()?.stages.get('live')).toBe(stage);
    expect(stage?.fields.deploymentId).not.toBe(deployed);
    expect(api()?.deployments.size).toBe(1);
  });

  it('asks for signed calls with a key, and lets nobody go round the key by a candidate', async () => {
    const { revision } = await route({ ...viaApi, auth: 'iam' });
    const key = { headers: { 'x-api-key': String(keyOf('acme')?.value) } };
    expect((await fetch(`${revision.url}/v1/health`, key)).status).toBe(403);
    expect((await signer.fetch(`${revision.url}/v1/health`)).status).toBe(403);
    expect((await signer.fetch(`${revision.url}/v1/health`, key)).status).toBe(200);
    const candidate = await (await bench.target(viaApi)).deploy(bench.request('candidate', '1.1.0'));
    expect((await fetch(`${candidate.revision.url}/v1/health`)).status).toBe(403);
  });

  it('waits for keys, which take minutes to be known, and for a control plane that is busy', async () => {
    rest().plans.unknownFor = 2;
    let busy = 2;
    bench.lambda.fault = (name) => (name === 'CreateDeployment' && busy-- > 0 ? throttled() : undefined);
    expect(await route()).toMatchObject({ changed: true });
    rest().plans.unknownFor = 0;
    expect(busy).toBe(-1);
  });

  it('answers preflights of the origins of handler.cors without a key', async () => {
    const request = bench.request('live', '1.0.0');
    const settings = { ...request.settings, handlerVariables: { COLDGATE_CORS: 'https://app.example' } };
    const { revision } = await (await bench.target(viaApi)).route({ ...request, settings });
    expect((await ask(`${revision.url}/v1/infer`, undefined, { method: 'OPTIONS' })).status).toBe(200);
    await route();
    expect((await ask(`${revision.url}/v1/infer`, undefined, { method: 'OPTIONS' })).status).toBe(403);
  });

  it('goes from one way to another and back, and leaves nothing of the other behind', async () => {
    await route({ endpoint: 'http-api', auth: 'none' });
    await route();
    expect(bench.lambda.neighbours.apis.apis.size).toBe(0);
    await route({ endpoint: 'function-url', auth: 'none' });
    expect(rest().inventory()).toEqual([]);
    await route();
    expect(bench.lambda.account.find(functionName).urls.size).toBe(0);
    await route(open);
    expect([rest().plans.plans.size, rest().plans.keys.size]).toEqual([0, 0]);
  });

  it('is removed with the function, its plans and its keys, and where the function is gone already', async () => {
    const target = await bench.target(viaApi);
    await route();
    const change = { action: 'delete', what: `the REST API ${api()?.fields.id} of ${functionName}` };
    expect(await target.besides?.({ name: functionName })).toEqual([change]);
    expect(await target.remove({ name: functionName }, 'all')).toContainEqual(change);
    expect(rest().inventory()).toEqual([]);
    await route();
    bench.lambda.account.functions.clear();
    await target.remove({ name: functionName }, 'all');
    expect(rest().inventory()).toEqual([]);
  });

  it('names the action and the resource that API Gateway refuses', async () => {
    const message =
      'User: arn:aws:sts::123456789012:assumed-role/pipeline/run is not authorized to perform: apigateway:POST on resource: arn:aws:apigateway:eu-west-1::/apikeys because no identity-based policy allows it';
    const denied = new ServiceError('AccessDeniedException', 403, message);
    bench.lambda.fault = (name) => (name === 'CreateApiKey' ? denied : undefined);
    await expect(route()).rejects.toMatchObject({
      ...{ code: 'permission-denied', exit: 8 },
      data: { action: 'apigateway:POST', resource: 'arn:aws:apigateway:eu-west-1::/apikeys' },
    });
  });

  it('leaves the same where an answer is lost, or a call throttled or failed, at each of its calls in turn', async () => {
    bench.lambda.account.looks = 0;
    const domain = { name: 'api.example.org', certificate: 'arn:aws:acm:eu-west-1:123456789012:certificate/1a2b' };
    const whole = withKeys([{ name: 'acme' }], { domain, cache: {} });
    const failing = new ServiceError('ServiceException', 500, 'An error occurred.');
    await route(whole);
    const left = rest().inventory().sort();
    const calls = bench.lambda.calls.splice(0).filter(({ input }) => 'RestPath' in input);
    const wrong: unknown[] = [];
    for (const [nth, { operation, mutating }] of calls.entries()) {
      await (await bench.target(whole)).remove({ name: functionName }, 'all');
      let count = 0;
      const fault = mutating ? 'lost' : nth % 2 === 0 ? throttled() : failing;
      bench.lambda.fault = (_name, input) => ('RestPath' in input && count++ === nth ? fault : undefined);
      const failure = await route(whole).catch((error: Error) => error.message);
      bench.lambda.fault = () => undefined;
      const now = rest().inventory().sort();
      if (typeof failure === 'string' || now.join() !== left.join()) wrong.push([operation, nth, failure, now]);
    }
    expect(calls.length).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  }, 120_000);

  it('makes one API where two runs make it at once', async () => {
    const targets = await Promise.all([bench.target(open), bench.target(open)]);
    await route({ endpoint: 'none' });
    await Promise.all(targets.map((target) => target.route(bench.request('live', '1.0.0'))));
    expect(rest().apis.size).toBe(1);
    expect(await route(open)).toMatchObject({ changed: false });
  });
});
