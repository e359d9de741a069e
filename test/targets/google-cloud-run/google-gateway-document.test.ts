import { describe, expect, it } from 'vitest';
import { camelKeys } from '../../../src/config/camel-keys.ts';
import { googleCloudRunTarget as settingsSchema } from '../../../src/config/schema/google-cloud-run.ts';
import { describeApi } from '../../../src/handler/http/openapi/document.ts';
import { routes } from '../../../src/handler/http/routes.ts';
import { type GatewayRequest, wantedGateway } from '../../../src/targets/google-cloud-run/gateway-wanted.ts';
import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';
import { compileDocument, operationsOf } from '../../google/gateway/document.ts';

const address = 'https://digits-production-1a2b3c-ew.a.run.app';

/** The gateway as models.yaml asks for it. */
function wantedOf(gateway: Record<string, unknown> = {}, more: Record<string, unknown> = {}, origins: string[] = []) {
  const own = { provider: 'google-cloud-run', project: 'acme-models', region: 'europe-west1' };
  const account = { 'service-account': 'digits@acme-models.iam.gserviceaccount.com' };
  const settings = camelKeys(settingsSchema.parse({ ...own, ...account, gateway, ...more }));
  return wantedGateway({ settings, name: 'digits-production', address, origins } as GatewayRequest);
}

const contentsOf = (wanted: ReturnType<typeof wantedOf>): string =>
  wanted.config.openapiDocuments[0]?.document.contents ?? '';
const documentOf = (wanted: ReturnType<typeof wantedOf>): Fields =>
  JSON.parse(Buffer.from(contentsOf(wanted), 'base64').toString('utf8'));
const managementOf = (document: Fields): Fields => fieldsOf(document['x-google-api-management']);
const schemeOf = (document: Fields): Fields => fieldsOf(fieldsOf(document['components'])['securitySchemes']);

/** All paths that the function answers, but its page. */
const paths = [...new Set(routes.map(({ pattern }) => pattern.replace(':predict', '')))]
  .filter((pattern) => pattern !== '/')
  .sort();

const jwt = { issuer: 'https://login.example/', audience: ['digits'] };

describe('the OpenAPI document of a gateway', () => {
  it.each([
    ['api-key', { auth: 'api-key', 'quota-per-minute': 60 }],
    ['jwt', { auth: 'jwt', jwt }],
    ['jwt with its keys', { auth: 'jwt', jwt: { ...jwt, 'jwks-uri': 'https://login.example/keys' } }],
    ['firebase', { auth: 'firebase' }],
    ['google-id-token', { auth: 'google-id-token' }],
    ['none', { auth: 'none', cors: true }],
  ])('is valid OpenAPI 3.1, and what API Gateway takes, with %s', async (_, gateway) => {
    const { document, diagnostics } = await compileDocument(contentsOf(wantedOf(gateway)));
    expect(diagnostics).toEqual([]);
    expect(document['openapi']).toBe('3.1.0');
  });

  it('has all paths and methods that the handler answers, but its page', () => {
    const { probe, ...wanted } = wantedOf();
    const requests = operationsOf(documentOf({ probe, ...wanted }))
      .filter(({ path }) => path !== probe)
      .map(({ path, verb }) => `${verb.toUpperCase()} ${path}`);
    const answered = routes
      .filter(({ pattern }) => pattern !== '/')
      .map(({ method, pattern }) => `${method} ${pattern.replace(':predict', '')}`);
    expect(requests.sort()).toEqual([...answered].sort());
  });

  it('takes what the handler’s own document describes', () => {
    const model = { name: 'digits', version: '1.0.0', inputs: [], outputs: [], queue: true };
    const gateway = operationsOf(documentOf(wantedOf())).map(({ path, verb }) => `${verb} ${path}`);
    for (const prefix of ['/v1', '/v1/models/{name}']) {
      const described = operationsOf(describeApi(model, prefix)).map(({ path, verb }) => `${verb} ${path}`);
      expect(gateway).toEqual(expect.arrayContaining(described));
    }
  });

  it('writes the deadline always: the function’s time-out, at most what a gateway can wait', () => {
    const deadlines = (wanted: ReturnType<typeof wantedOf>) =>
      Object.values(fieldsOf(managementOf(documentOf(wanted))['backends'])).map((one) => fieldsOf(one)['deadline']);
    expect(deadlines(wantedOf())).toEqual([60, 60]);
    expect(deadlines(wantedOf({}, { timeout: 3600 }))).toEqual([600, 600]);
    expect(deadlines(wantedOf({ deadline: 20 }))).toEqual([20, 20]);
  });

  it('asks of callers what the settings say', () => {
    const auth = (gateway: Record<string, unknown>) => schemeOf(documentOf(wantedOf(gateway)))['caller'];
    expect(auth({ auth: 'api-key' })).toEqual({ type: 'apiKey', in: 'header', name: 'x-api-key' });
    expect(auth({ auth: 'jwt', jwt })).toMatchObject({
      openIdConnectUrl: 'https://login.example/.well-known/openid-configuration',
      'x-google-auth': { issuer: 'https://login.example/', audiences: ['digits'] },
    });
    expect(auth({ auth: 'firebase', 'firebase-project': 'acme-app' })).toMatchObject({
      'x-google-auth': { issuer: 'https://securetoken.google.com/acme-app', audiences: ['acme-app'] },
    });
    expect(auth({ auth: 'google-id-token', audience: ['https://digits.example'] })).toMatchObject({
      'x-google-auth': { issuer: 'https://accounts.google.com', audiences: ['https://digits.example'] },
    });
    expect(documentOf(wantedOf({ auth: 'none' }))).not.toHaveProperty('security');
  });

  it('lets preflight requests through without credentials where browsers may call', () => {
    const preflights = (wanted: ReturnType<typeof wantedOf>) =>
      operationsOf(documentOf(wanted)).filter(({ verb }) => verb === 'options');
    expect(preflights(wantedOf())).toEqual([]);
    const open = preflights(wantedOf({}, {}, ['https://app.example']));
    expect(open.map(({ path }) => path).sort()).toEqual(paths);
    expect(open.every(({ operation }) => JSON.stringify(operation['security']) === '[]')).toBe(true);
    expect(preflights(wantedOf({ cors: false }, {}, ['https://app.example']))).toEqual([]);
  });

  it('declares the same metric and limit with every setting, since they are of the API as a whole', () => {
    const declared = (gateway: Record<string, unknown>) => {
      const { metrics, quota } = managementOf(documentOf(wantedOf(gateway)));
      return [metrics, Object.keys(fieldsOf(fieldsOf(quota)['limits']))];
    };
    const all = [{}, { 'quota-per-minute': 60 }, { auth: 'firebase' }, { auth: 'none' }].map(declared);
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(1);
    const counted = (gateway: Record<string, unknown>) =>
      operationsOf(documentOf(wantedOf(gateway))).filter(({ operation }) => 'x-google-quota' in operation).length;
    expect([counted({}), counted({ 'quota-per-minute': 60 })]).toEqual([
      0,
      routes.filter(({ pattern }) => pattern !== '/').length,
    ]);
  });

  it('gives equal settings an equal id, and any other content another one', () => {
    const ids = [
      wantedOf(),
      wantedOf({ 'quota-per-minute': 60 }),
      wantedOf({ deadline: 30 }),
      wantedOf({ auth: 'firebase' }),
      wantedOf({ 'service-account': 'gateway@acme-models.iam.gserviceaccount.com' }),
      wantedOf({}, {}, ['https://app.example']),
    ].map(({ configId }) => configId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(wantedOf({}, { labels: { team: 'a' }, memory: 1024 }).configId).toBe(wantedOf().configId);
    for (const id of ids) expect(id).toMatch(/^c-[0-9a-f]{16}$/);
  });
});

/** The compiler is only worth something if it finds faults. */
describe('what API Gateway does not take', () => {
  const broken: [string, (document: Fields) => void, string][] = [
    ['no backend', (one) => delete one['x-google-api-management'], 'backends is required'],
    ['a negative deadline', (one) => backend(one, { deadline: -1 }), 'is negative'],
    ['both ways to sign', (one) => backend(one, { disableAuth: true }), 'expected jwtAudience or disableAuth'],
    ['a name of OpenAPI 2', (one) => backend(one, { jwt_audience: 'x' }), 'unknown field'],
    ['a backend that is none', (one) => (one['x-google-backend'] = 'other'), 'no backend "other"'],
    ['a scheme that is none', (one) => (one['security'] = [{ other: [] }]), 'no scheme other'],
    ['a key elsewhere', (one) => (fieldsOf(schemeOf(one)['caller'])['name'] = 'key'), 'header key'],
    ['a relative server', (one) => (one['servers'] = [{ url: '..' }]), 'invalid URL ..'],
    ['another document', (one) => (one['info'] = { title: 'x' }), 'is no OpenAPI document'],
    ['half a segment', (one) => (fieldsOf(one['paths'])['/v1/x{name}'] = { get: get('x') }), 'partial segment'],
    ['an id twice', (one) => (fieldsOf(one['paths'])['/x'] = { get: get('get_v2') }), 'not unique'],
  ];
  const get = (operationId: string) => ({ operationId, responses: { default: { description: 'x' } } });
  const backend = (document: Fields, more: Fields): void => {
    const all = fieldsOf(managementOf(document)['backends']);
    Object.assign(fieldsOf(all['function']), more);
  };

  it.each(broken)('is %s', async (_, change, message) => {
    const document = documentOf(wantedOf());
    change(document);
    const contents = Buffer.from(JSON.stringify(document)).toString('base64');
    const { diagnostics } = await compileDocument(contents);
    expect(diagnostics.map((one) => `${one.location} ${one.message}`).join('\n')).toContain(message);
  });
});
