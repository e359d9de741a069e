import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fields } from '../fakes/clouds/fields.ts';
import { unavailable } from './api-error.ts';
import { allTo, Client } from './client.ts';
import { type Google, openGoogle } from './google.ts';

let google: Google;
let client: Client;
let now = Date.parse('2026-11-30T12:00:00Z');
beforeEach(async () => {
  google = await openGoogle({ now: () => new Date(now) });
  client = new Client(google);
});
afterEach(() => google.close());

const off = { healthCheckDisabled: true };
async function created(id = 'digits', revision = `${id}-one`, tags = {}): Promise<void> {
  const body = { template: await client.template(revision, off), traffic: allTo(revision, tags) };
  await client.change('POST', `v2/${client.parent}/services?serviceId=${id}`, body);
}
const patch = (mask: string, body: object) =>
  client.ask('PATCH', `v2/${client.parent}/services/digits?updateMask=${mask}`, body);
const tagsOf = async (id: string): Promise<unknown[]> =>
  ((await client.service(id)).spec ?? (await client.service(id)))['traffic'] as unknown[];

describe('faults', () => {
  it('are answered instead of the call', async () => {
    google.context.fault = ({ mutating }) => (mutating ? unavailable() : undefined);
    const body = { template: await client.template('digits-one', off) };
    const { status } = await client.ask('POST', `v2/${client.parent}/services?serviceId=digits`, body);
    expect([status, google.run.services.size]).toEqual([503, 0]);
  });

  it.each([
    ['lost', 1],
    ['unheard', 0],
  ] as const)('can be an answer that is %s', async (fault, services) => {
    google.context.fault = ({ mutating }) => (mutating ? fault : undefined);
    const body = { template: await client.template('digits-one', off) };
    await expect(client.ask('POST', `v2/${client.parent}/services?serviceId=digits`, body)).rejects.toThrow();
    expect(google.run.services.size).toBe(services);
  });

  it('tells of each call once it is done', async () => {
    const seen: string[] = [];
    google.context.onDone = ({ method, status }) => {
      seen.push(`${method.split('.').slice(-2).join('.')} ${status}`);
    };
    await created();
    expect(seen).toEqual(['services.create 200', 'operations.wait 200']);
  });
});

describe('quotas', () => {
  it('let so many writes pass a minute, and fill again', async () => {
    await created();
    google.knobs.writesPerMinute = 3;
    const write = () => patch('description', { description: String(Math.random()) });
    const statuses = [await write(), await write(), await write(), await write()].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await write()).json).toMatchObject({
      error: { status: 'RESOURCE_EXHAUSTED', message: /Write requests per minute per region/ },
    });
    expect((await client.ask('GET', `v2/${client.parent}/services/digits`)).status).toBe(200);
    now += 21_000;
    expect((await write()).status).toBe(200);
  });

  it('delete tags without traffic of the service that has too many, and tell nobody', async () => {
    google.knobs.maxTags = 3;
    await created('other', 'other-one', { a: 'other-one' });
    await created();
    const traffic = allTo('digits-one', { a: 'digits-one', b: 'digits-one', c: 'digits-one' });
    expect((await patch('traffic', { traffic })).status).toBe(200);
    expect((await tagsOf('digits')).map((one) => (one as Fields)['tag'])).toEqual([undefined, 'b', 'c']);
    expect(await tagsOf('other')).toHaveLength(2);
  });

  it('delete revisions without an address, the oldest first', async () => {
    google.knobs.maxRevisions = 3;
    await created();
    for (const name of ['two', 'three', 'four', 'five']) {
      const template = await client.template(`digits-${name}`, off);
      await client.change('PATCH', `v2/${client.parent}/services/digits?updateMask=template`, { template });
    }
    const { json } = await client.ask('GET', `v2/${client.parent}/services/digits/revisions`);
    const names = (json['revisions'] as Fields[]).map(({ name }) => String(name).split('/').at(-1));
    expect(names).toEqual(['digits-five', 'digits-four', 'digits-one']);
  });

  it('page lists, however many are asked for', async () => {
    google.knobs.pageSize = 2;
    for (const id of ['a', 'b', 'c']) await created(id);
    const first = await client.ask('GET', `v2/${client.parent}/services?pageSize=1000`);
    expect(first.json['services']).toHaveLength(2);
    const token = String(first.json['nextPageToken']);
    const second = await client.ask('GET', `v2/${client.parent}/services?pageToken=${token}`);
    expect(second.json).toMatchObject({ services: [{ name: `${client.parent}/services/c` }] });
    expect(second.json['nextPageToken']).toBeUndefined();
  });
});
