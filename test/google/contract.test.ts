import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fields } from '../fakes/clouds/fields.ts';
import { allTo, Client } from './client.ts';
import { Contract } from './contract.ts';
import { type Google, openGoogle } from './google.ts';
import type { Container, Template } from './run/record.ts';

let google: Google;
let client: Client;
let good: Fields & { template: Template };
beforeEach(async () => {
  google = await openGoogle();
  client = new Client(google);
  const template = await client.template('digits-one', { healthCheckDisabled: true, timeout: '60s' });
  good = { template, traffic: allTo('digits-one') };
});
afterEach(() => google.close());

const create = (body: unknown, query = 'serviceId=digits') =>
  client.ask('POST', `v2/${client.parent}/services?${query}`, body);
const container = (): Container => good.template.containers?.[0] as Container;

/** Bodies that Google's description does not have, broken one way each. */
const broken: [string, () => unknown][] = [
  ['an unknown field', () => ({ ...good, labelz: {} })],
  ['an unknown field deep inside', () => Object.assign(container(), { comand: ['node'] }) && good],
  ['snake_case', () => Object.assign(good.template, { service_account: 'a@b' }) && good],
  ['a number for a string', () => ({ ...good, description: 7 })],
  ['a string for a number', () => Object.assign(good.template, { maxInstanceRequestConcurrency: '4' }) && good],
  ['a string for a boolean', () => ({ ...good, invokerIamDisabled: 'true' })],
  ['an object for an array', () => ({ ...good, traffic: { percent: 100 } })],
  ['a value that the enumeration has not', () => ({ ...good, ingress: 'ALL' })],
  ['a duration without its unit', () => Object.assign(good.template, { timeout: '60' }) && good],
  ['null', () => ({ ...good, labels: null })],
  [
    'a generation that is no number',
    () => Object.assign(container().sourceCode?.cloudStorageSource ?? {}, { generation: 'new' }) && good,
  ],
  [
    'a generation as a number',
    () => Object.assign(container().sourceCode?.cloudStorageSource ?? {}, { generation: 7 }) && good,
  ],
];

describe('requests are held to Google’s description', () => {
  it('takes what it has', async () => {
    expect((await create(good)).status).toBe(200);
    expect(google.violations()).toEqual([]);
  });

  it.each(broken)('refuses and remembers %s', async (_what, body) => {
    const { status, json } = await create(body());
    expect([status, (json['error'] as Fields)['status']]).toEqual([400, 'INVALID_ARGUMENT']);
    expect(google.violations()).toHaveLength(1);
  });

  it('remembers what only the server gives, and goes on as the server does', async () => {
    expect((await create({ ...good, uid: 'mine', generation: '3' })).status).toBe(200);
    expect(google.violations()).toEqual([
      'run.projects.locations.services.create: uid: is output only: no request may name it',
      'run.projects.locations.services.create: generation: is output only: no request may name it',
    ]);
  });

  it.each([
    ['an unknown query parameter', 'POST', 'services?serviceId=digits&force=true'],
    ['a boolean that is none', 'POST', 'services?serviceId=digits&validateOnly=yes'],
    ['a path that no method has', 'POST', 'services/digits:deploy'],
    ['a method that no path has', 'PUT', 'services/digits'],
  ])('refuses %s', async (_what, method, path) => {
    const { status } = await client.ask(method, `v2/${client.parent}/${path}`, good);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(google.violations()).toHaveLength(1);
  });

  it('refuses a body where none is taken', async () => {
    await client.ask('DELETE', `v2/${client.parent}/services/digits`, {});
    expect(google.violations()).toEqual(['run.projects.locations.services.delete: body: the method takes no body']);
  });

  it('does not close while a violation is unread', async () => {
    const other = await openGoogle();
    const client = new Client(other);
    await client.ask('POST', `v2/${client.parent}/services?serviceId=digits`, { name: 7 });
    await expect(other.close()).rejects.toThrow(/Google would not have taken this:[\s\S]*expected a string, got 7/);
  });
});

describe('answers are held to it, too', () => {
  it('has nothing in an answer that the schema has not', () => {
    const contract = Contract.read('run.v2.json');
    const finding = contract.findings(
      { $ref: 'GoogleCloudRunV2Service' },
      { generation: 1, color: 'red' },
      '',
      'answer',
    );
    expect(finding.map(({ path }) => path)).toEqual(['generation', 'color']);
  });

  it('finds a mistake of the stand-in’s own', async () => {
    const { json } = await create({ ...good });
    await client.wait(json);
    const service = google.run.services.get(`${client.parent}/services/digits`);
    if (service) service.uri = 7 as never;
    await client.ask('GET', `v2/${client.parent}/services/digits`);
    expect(google.violations()).toEqual([
      'the stand-in’s own answer to run.projects.locations.services.get: uri: expected a string, got 7'.replace(
        '’',
        "'",
      ),
    ]);
  });
});

describe('update masks', () => {
  const at = (mask: string): string => `v2/${client.parent}/services/digits?updateMask=${mask}`;
  beforeEach(async () => {
    await client.wait((await create({ ...good, labels: { team: 'models' }, description: 'first' })).json);
  });

  it('change what they name, and nothing else', async () => {
    const { response } = await client.change('PATCH', at('description'), { description: 'second' });
    expect(response).toMatchObject({ description: 'second', labels: { team: 'models' } });
  });

  it('unset what they name and the body has not', async () => {
    const { response } = await client.change('PATCH', at('labels'), {});
    expect((response as Fields)['labels']).toBeUndefined();
  });

  it('replace all without a mask', async () => {
    const path = `v2/${client.parent}/services/digits`;
    const { response } = await client.change('PATCH', path, good);
    expect((response as Fields)['description']).toBeUndefined();
  });

  it.each(['traffics', 'template.containerz', 'uri', 'etag.value'])('refuse the path %s', async (mask) => {
    const { status, json } = await client.ask('PATCH', at(mask), good);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { message: /update_mask/ } });
  });
});
