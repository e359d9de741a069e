import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apimDocument } from '../../src/targets/azure-functions/apim-document.ts';
import { holdingPolicy } from '../../src/targets/azure-functions/apim-policy.ts';
import { type ApimService, openApim, serviceName } from './apim/open.ts';
import type { Azure } from './azure.ts';
import { Client } from './client.ts';

/* The stand-in for API Management itself: it is stricter than the service, and says so. */
let made: ApimService & { azure: Azure };
let client: Client;
let restore: () => void;
beforeAll(async () => {
  made = await openApim({ knobs: { looks: 0 } });
  client = new Client(made.azure);
  restore = made.state.snapshot();
});
beforeEach(() => {
  restore();
  Object.assign(made.azure.knobs, { looks: 0 });
});
afterAll(() => made.azure.close());

const ask = async (method: string, path: string, properties?: object, headers: Record<string, string> = {}) => {
  const [bare, query = ''] = path.split('?');
  const url = `${made.azure.urlOf('ARM')}${made.state.id}/${bare}?api-version=2024-05-01${query && `&${query}`}`;
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${client.token}`, 'content-type': 'application/json', ...headers },
    ...(properties && { body: JSON.stringify({ properties }) }),
  });
  const text = await answer.text();
  const { error = {} } = (text === '' ? {} : JSON.parse(text)) as { error?: { code?: string; message?: string } };
  return { status: answer.status, code: error.code, message: JSON.stringify(error), etag: answer.headers.get('etag') };
};
const any = { 'if-match': '*' };
const fields = (path = 'digits') => ({
  ...{ displayName: 'digits', path, protocols: ['https'], serviceUrl: 'https://digits.example' },
  ...{ format: 'openapi+json', value: JSON.stringify(apimDocument({ title: 'digits', description: 'x' })) },
});
const revisionOf = (number: string) => ({
  ...fields(),
  sourceApiId: `${made.state.id}/apis/digits`,
  apiRevision: number,
});
const create = () => ask('PUT', 'apis/digits', fields());

describe('requests to API Management', () => {
  it.each([
    ['a property that no description has', 'apis/digits', () => ({ ...fields(), tags: [] })],
    ['a property that only the service gives', 'apis/digits', () => ({ ...fields(), isOnline: true })],
    ['a name that is too long', 'apis/digits', () => ({ ...fields(), displayName: 'x'.repeat(301) })],
    ['a name of a named value with a space', 'namedValues/key', () => ({ displayName: 'a key', value: 'x' })],
  ])('with %s are refused, and told to the test', async (_, path, properties) => {
    expect(await ask('PUT', path, properties())).toMatchObject({ status: 400, code: 'InvalidRequestContent' });
    expect(made.azure.violations()).not.toEqual([]);
  });

  it('that remove anything say of which state, and are refused where that is another', async () => {
    await ask('PUT', 'namedValues/key', { displayName: 'key', value: 'x', secret: true });
    expect((await ask('DELETE', 'namedValues/key')).status).toBe(400);
    expect(made.azure.violations()).toEqual([expect.stringContaining('If-Match')]);
    const { etag } = await ask('GET', 'namedValues/key');
    expect((await ask('DELETE', 'namedValues/key', undefined, { 'if-match': '"old"' })).status).toBe(412);
    expect(
      (await ask('PUT', 'namedValues/key', { displayName: 'key', value: 'y' }, { 'if-match': '"old"' })).status,
    ).toBe(412);
    expect((await ask('DELETE', 'namedValues/key', undefined, { 'if-match': etag ?? '' })).status).toBe(200);
  });

  it('for an API that something else changes are refused until that has ended', async () => {
    Object.assign(made.azure.knobs, { looks: 1 });
    expect((await create()).status).toBe(201);
    const policy = { format: 'xml', value: holdingPolicy('d') };
    for (const [method, path, properties] of [
      ['PUT', 'apis/digits', fields()],
      ['PUT', 'apis/digits;rev=2', revisionOf('2')],
      ['PUT', 'apis/digits/policies/policy', policy],
      ['PUT', 'apis/digits/releases/one', { apiId: '/apis/digits;rev=1' }],
    ] as const) {
      expect(await ask(method, path, properties)).toMatchObject({
        status: 409,
        code: 'PessimisticConcurrencyConflict',
      });
    }
  });
});

describe('APIs and their revisions', () => {
  beforeEach(create);

  it('are made current by a release, and not by a release of the same name again', async () => {
    await ask('PUT', 'apis/digits;rev=2', revisionOf('2'));
    await ask('PUT', 'apis/digits;rev=3', revisionOf('3'));
    await ask('PUT', 'apis/digits/releases/one', { apiId: '/apis/digits;rev=2' });
    expect(made.state.apis.get('digits')?.current).toBe('2');
    await ask('PUT', 'apis/digits/releases/one', { apiId: '/apis/digits;rev=3' });
    expect(made.state.apis.get('digits')?.current).toBe('2');
  });

  it.each([
    ['without a source', () => ({ ...revisionOf('2'), sourceApiId: undefined }), /sourceApiId/],
    ['with another number', () => revisionOf('3'), /apiRevision/],
    ['with another path', () => ({ ...revisionOf('2'), path: 'other' }), /same path/],
    ['of a document in 3.1', () => ({ ...revisionOf('2'), value: '{"openapi":"3.1.0"}' }), /not supported/],
  ])('are not made %s', async (_, properties, message) => {
    const reply = await ask('PUT', 'apis/digits;rev=2', properties());
    expect([reply.status, reply.message]).toEqual([400, expect.stringMatching(message)]);
  });

  it('do not share a path with others, and the current one does not go alone', async () => {
    expect((await ask('PUT', 'apis/other', fields())).message).toMatch(/same Path/);
    await ask('PUT', 'apis/digits;rev=2', revisionOf('2'));
    expect((await ask('DELETE', 'apis/digits;rev=1', undefined, any)).message).toMatch(/current revision/);
    expect((await ask('DELETE', 'apis/digits;rev=2', undefined, any)).status).toBe(200);
    expect((await ask('DELETE', 'apis/digits?deleteRevisions=true', undefined, any)).status).toBe(200);
    expect((await ask('GET', 'apis/digits')).status).toBe(404);
  });

  it('have policies that name what is there, and what they name stays', async () => {
    const policy = (backend: string) => ({
      format: 'xml',
      value: `<policies><inbound><set-backend-service backend-id="${backend}" /></inbound></policies>`,
    });
    expect((await ask('PUT', 'apis/digits/policies/policy', policy('digits'))).message).toMatch(/could not be found/);
    const header = { 'x-functions-key': ['{{digits-key}}'] };
    const backend = { url: 'https://digits.example', protocol: 'http', credentials: { header } };
    expect((await ask('PUT', 'backends/digits', backend)).message).toMatch(/Cannot find a property 'digits-key'/);
    await ask('PUT', 'namedValues/digits-key', { displayName: 'digits-key', value: 'x', secret: true });
    await ask('PUT', 'backends/digits', backend);
    expect((await ask('PUT', 'apis/digits/policies/policy', policy('digits'))).status).toBe(201);
    expect((await ask('DELETE', 'namedValues/digits-key', undefined, any)).message).toMatch(/used by .*backends/);
    expect((await ask('DELETE', 'backends/digits', undefined, any)).message).toMatch(/used by .*policies/);
  });

  it('give no secret back, and nothing of another service', async () => {
    await ask('PUT', 'namedValues/digits-key', { displayName: 'digits-key', value: 'secret-value', secret: true });
    const found = await client.ask('GET', `${made.state.id}/namedValues/digits-key?api-version=2024-05-01`);
    expect([found.status, JSON.stringify(found.json)]).toEqual([200, expect.not.stringContaining('secret-value')]);
    const other = made.state.id.replace(serviceName, 'other-apis');
    expect((await client.ask('GET', `${other}?api-version=2024-05-01`)).status).toBe(404);
  });
});
