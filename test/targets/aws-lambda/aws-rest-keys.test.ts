import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Logger, silentLogger } from '../../../src/log.ts';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';
import { ServiceError } from '../../lambda/service-error.ts';

const certificate = 'arn:aws:acm:eu-west-1:123456789012:certificate/1a2b';
const webAcl = 'arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/acme/1a2b';
const given = `given-${'k'.repeat(30)}`;

/** Keys of a REST API that a function has, and what stands before its stage. */
describe('the parts of a rest-api endpoint of the aws-lambda target', () => {
  let bench: FunctionBench;
  const said: string[] = [];
  const masked = new Set<string>();
  const log: Logger = {
    ...silentLogger,
    info: (line) => void said.push(line),
    debug: (line) => void said.push(line),
    warn: (line) => void said.push(line),
    mask: (secret) => void masked.add(secret),
  };
  const rest = () => bench.lambda.neighbours.rest;
  const stage = () => [...rest().apis.values()][0]?.stages.get('live');
  const plan = (name: string, keys: object[]) => ({ name, rate: 50, burst: 100, keys });
  const settings = (api: object) => ({ endpoint: 'rest-api', auth: 'none', 'rest-api': api });
  const target = (api: object) => bench.target(settings(api), undefined, log);
  const route = async (api: object, version = '1.0.0') => (await target(api)).route(bench.request('live', version));
  const keys = () => [...rest().plans.keys.values()].map(({ fields }) => fields);
  const keyOf = (name: string) => keys().find((one) => one.name === `${functionName}-${name}`);
  const members = (name: string) =>
    [...rest().plans.plans.values()].find((one) => one.fields['name'] === `${functionName}-${name}`)?.keys;
  beforeAll(async () => {
    bench = await FunctionBench.open();
  });
  beforeEach(async () => {
    bench.lambda.fault = () => undefined;
    await (await bench.target(settings({}))).remove({ name: functionName }, 'all');
    bench.group.pointer = '1.0.0';
    vi.stubEnv('ACME_KEY', given);
    said.length = 0;
    masked.clear();
    bench.lambda.take();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await bench.close();
  });

  it('are made by AWS, found by a command that is printed, and neither printed themselves nor left unmasked', async () => {
    await route({ plans: [plan('partners', [{ name: 'acme' }, { name: 'globex', 'value-from': 'ACME_KEY' }])] });
    const acme = keyOf('acme');
    expect(said.join('\n')).toContain(
      `aws apigateway get-api-key --region eu-west-1 --api-key ${acme?.id} --include-value`,
    );
    expect(keyOf('globex')?.value).toBe(given);
    for (const { value } of keys()) {
      expect(masked).toContain(value);
      expect(said.join('\n')).not.toContain(value);
    }
    const events = JSON.stringify(bench.lambda.neighbours.front.events);
    expect(events).toContain(String(keyOf('coldgate')?.value));
    expect(bench.lambda.calls.filter(({ input }) => JSON.stringify(input).includes(given))).toMatchObject([
      { operation: 'CreateApiKey' },
    ]);
  });

  it('are made anew where the variable holds another one, change plans, and go with their names', async () => {
    const both = [{ name: 'acme' }, { name: 'globex', 'value-from': 'ACME_KEY' }];
    await route({ plans: [plan('partners', both), plan('others', [])] });
    const [acme, globex] = [keyOf('acme')?.id, keyOf('globex')?.id];
    bench.lambda.take();
    await route({ plans: [plan('partners', both), plan('others', [])] });
    expect(bench.lambda.take().mutating).toEqual([]);
    vi.stubEnv('ACME_KEY', `${given}2`);
    await route({ plans: [plan('partners', both), plan('others', [])] });
    expect(keyOf('globex')).toMatchObject({ value: `${given}2`, id: expect.not.stringContaining(String(globex)) });
    expect(keys()).toHaveLength(3);
    await route({ plans: [plan('others', [{ name: 'acme' }])] });
    expect([...(members('others') ?? [])]).toEqual([acme]);
    expect(members('partners')).toBeUndefined();
    expect(
      keys()
        .map(({ name }) => name)
        .sort(),
    ).toEqual([`${functionName}-acme`, `${functionName}-coldgate`]);
  });

  it('are refused where the variable is not set, holds too little, or another key has its value', async () => {
    const api = { plans: [plan('partners', [{ name: 'acme', 'value-from': 'ACME_KEY' }])] };
    for (const value of ['', 'short-secret']) {
      vi.stubEnv('ACME_KEY', value);
      const failure = await route(api).catch((error: Error) => error);
      expect(failure).toMatchObject({ code: 'bad-api-key', exit: 2, message: expect.stringContaining('ACME_KEY') });
      expect(String(failure)).not.toContain('short-secret');
    }
    vi.stubEnv('ACME_KEY', given);
    rest().plans.keys.set('other', { fields: { id: 'other', name: 'x', value: given }, unknownFor: 0 });
    await expect(route(api)).rejects.toMatchObject({ code: 'api-key-taken', exit: 2 });
    rest().plans.keys.delete('other');
  });

  it('keeps what others have put into a plan', async () => {
    const api = { plans: [plan('partners', [{ name: 'acme' }])] };
    await route(api);
    rest().plans.keys.set('other', { fields: { id: 'other', name: 'x', value: given }, unknownFor: 0 });
    members('partners')?.add('other');
    await route({ plans: [plan('partners', [{ name: 'globex' }])] });
    expect(members('partners')).toContain('other');
    rest().plans.keys.delete('other');
  });

  it('puts a web ACL before the stage, which WAF may not know yet, and takes it away again', async () => {
    rest().unavailable = 1;
    await route({ 'web-acl': webAcl });
    expect([...rest().webAcls.values()]).toEqual([webAcl]);
    await route({});
    expect(rest().webAcls.size).toBe(0);
    const [arn] = [`arn:aws:apigateway:eu-west-1::/restapis/${[...rest().apis.keys()][0]}/stages/live`];
    rest().webAcls.set(arn, 'of others');
    await route({ cache: {} });
    expect(rest().webAcls.get(arn)).toBe('of others');
  });

  it('keeps the OpenAPI document and the list of models until another version is live, and nothing else', async () => {
    const api = { cache: { seconds: 60 } };
    const { revision } = await route(api);
    const invoked = () => bench.lambda.neighbours.front.events.length;
    const get = async (path: string, headers = {}) => {
      const before = invoked();
      await fetch(`${revision.url}${path}`, { headers });
      return invoked() - before;
    };
    expect(stage()?.fields).toMatchObject({ cacheClusterEnabled: true, cacheClusterSize: '0.5' });
    expect([await get('/v1/openapi.json'), await get('/v1/openapi.json')]).toEqual([1, 0]);
    expect(await get('/v1/openapi.json', { 'accept-encoding': 'br' })).toBe(1);
    expect([await get('/v1/health'), await get('/v1/health'), await get('/v1/models/digits/health')]).toEqual([
      1, 1, 1,
    ]);
    bench.group.pointer = '1.1.0';
    await route(api, '1.1.0');
    expect(bench.lambda.take().mutating).toContain('FlushStageCache');
    expect(await get('/v1/openapi.json')).toBe(1);
    expect(await route(api, '1.1.0')).toMatchObject({ changed: false });
    await route({}, '1.1.0');
    expect(stage()?.fields).toMatchObject({ cacheClusterEnabled: false });
    expect([await get('/v1/models'), await get('/v1/models')]).toEqual([1, 1]);
  });

  it('answers below a domain, whose name is told where to point, and leaves it', async () => {
    const api = { domain: { name: 'api.example.org', certificate } };
    const { revision } = await route(api);
    expect(revision.url).toBe(`https://api.example.org/${functionName}`);
    expect(said.join('\n')).toContain('Point api.example.org to d-1a2b.execute-api.eu-west-1.amazonaws.com');
    expect(rest().domains.domains.get('api.example.org')?.mappings.get(functionName)).toMatchObject({ stage: 'live' });
    await route({ domain: { name: 'api.example.org', certificate, path: 'digits' } });
    expect([...(rest().domains.domains.get('api.example.org')?.mappings.keys() ?? [])]).toEqual(['digits']);
    await (await target(api)).remove({ name: functionName }, 'all');
    expect(rest().domains.domains.size).toBe(0);
  });

  it('closes its own host where callers present certificates, and opens it again', async () => {
    const domain = { name: 'api.example.org', certificate };
    const trusting = { domain: { ...domain, 'trust-store': 's3://trust/clients.pem', 'trust-store-version': 'v1' } };
    await route(trusting);
    const [api] = [...rest().apis.keys()];
    const own = `${bench.lambda.url}/restapis/${api}/live/_user_request_/v1/health`;
    expect((await fetch(own)).status).toBe(403);
    expect(rest().domains.domains.get('api.example.org')?.fields['mutualTlsAuthentication']).toEqual({
      ...{ truststoreUri: 's3://trust/clients.pem', truststoreVersion: 'v1' },
    });
    await route({ domain });
    expect((await fetch(own)).status).toBe(200);
    rest().domains.trustWarnings = ['certificate expired'];
    await expect(route(trusting)).rejects.toMatchObject({ code: 'trust-store-unusable', exit: 2 });
    rest().domains.trustWarnings = [];
  });

  it('uses a domain of others as it is, and never changes it', async () => {
    const fields = { domainName: 'api.example.org', regionalCertificateArn: certificate };
    rest().domains.domains.set('api.example.org', { fields, mappings: new Map() });
    const domain = { name: 'api.example.org', certificate };
    await route({ domain });
    const other = { ...domain, certificate: `${certificate}3c` };
    await expect(route({ domain: other })).rejects.toMatchObject({ code: 'foreign-domain', exit: 2 });
    await (await target({ domain })).remove({ name: functionName }, 'all');
    expect([...(rest().domains.domains.get('api.example.org')?.mappings ?? [])]).toEqual([]);
    rest().domains.domains.clear();
  });

  it('fails a function that takes longer than a REST API waits', async () => {
    const { revision } = await route({});
    bench.lambda.neighbours.front.longestMs = 0;
    bench.group.broken.clear();
    const invoke = vi.spyOn(bench.lambda.data, 'invoke').mockReturnValue(new Promise(() => {}));
    const answer = await fetch(`${revision.url}/v1/health`);
    expect([answer.status, await answer.json()]).toEqual([504, { message: 'Endpoint request timed out' }]);
    invoke.mockRestore();
    bench.lambda.neighbours.front.longestMs = 29_000;
  });

  it('is gone on with where the run before was refused in the middle', async () => {
    const api = { plans: [plan('partners', [{ name: 'acme' }])] };
    await route(api);
    const denied = new ServiceError('AccessDeniedException', 403, 'not authorized to perform: apigateway:PATCH');
    bench.lambda.fault = (name) => (name === 'UpdateStage' ? denied : undefined);
    await expect(route({ ...api, cache: {} })).rejects.toMatchObject({ code: 'permission-denied' });
    bench.lambda.fault = () => undefined;
    expect(await route({ ...api, cache: {} })).toMatchObject({ changed: true });
    expect(await route({ ...api, cache: {} })).toMatchObject({ changed: false });
  });
});
