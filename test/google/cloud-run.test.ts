import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fields } from '../fakes/clouds/fields.ts';
import { allTo, Client } from './client.ts';
import { type Google, openGoogle } from './google.ts';

/*
 * The stand-in is ours: what the driver's tests prove with it is worth what it refuses, so each rule is shown here, by
 * requests of a client that shares nothing with the product.
 */
let google: Google;
let client: Client;
beforeEach(async () => {
  google = await openGoogle();
  client = new Client(google);
});
afterEach(() => google.close());

/** The service `digits` with one revision that has all traffic. */
async function made(more = {}): Promise<Fields> {
  const template = await client.template('digits-one', { healthCheckDisabled: true });
  const body = { template, traffic: allTo('digits-one'), invokerIamDisabled: true, ...more };
  const { response, error } = await client.change('POST', `v2/${client.parent}/services?serviceId=digits`, body);
  expect(error).toBeUndefined();
  return response as Fields;
}
const path = (): string => `v2/${client.parent}/services/digits`;
const patch = (mask: string, body: object) => client.ask('PATCH', `${path()}?updateMask=${mask}`, body);
const patched = (mask: string, body: object) => client.change('PATCH', `${path()}?updateMask=${mask}`, body);
const tagUri = (service: Fields, tag: string): string =>
  String((service['trafficStatuses'] as Fields[]).find((one) => one['tag'] === tag)?.['uri']);
const greeting = async (uri: unknown, at = '/'): Promise<Fields> =>
  (await (await fetch(`${String(uri)}${at}`)).json()) as Fields;

describe('a service', () => {
  it('answers from its own archive with nothing of this process', async () => {
    const template = await client.template('digits-one', {
      containers: [{ env: [{ name: 'MODEL_NAME', value: 'digits' }] }],
    });
    const service = await made({ template });
    const { variables, cwd } = (await greeting(service['uri'])) as { variables: Fields; cwd: string };
    expect(Object.keys(variables).sort()).toEqual(
      ['HOME', 'K_CONFIGURATION', 'K_REVISION', 'K_SERVICE', 'MODEL_NAME', 'PATH', 'PORT', 'TMPDIR'].sort(),
    );
    expect(variables).toMatchObject({ K_REVISION: 'digits-one', K_SERVICE: 'digits', MODEL_NAME: 'digits' });
    expect(cwd).toMatch(/source-[0-9a-f]{16}$/);
  });

  it('is described as the API does', async () => {
    const service = await made();
    expect(service).toMatchObject({
      name: `${client.parent}/services/digits`,
      generation: '1',
      observedGeneration: '1',
      latestReadyRevision: `${client.parent}/services/digits/revisions/digits-one`,
      template: { revision: 'digits-one', timeout: '300s' },
      terminalCondition: { type: 'Ready', state: 'CONDITION_SUCCEEDED' },
      trafficStatuses: [{ revision: 'digits-one', percent: 100 }],
      launchStage: 'GA',
    });
    expect(service['etag']).toMatch(/^"[\w+/=]+"$/);
  });

  it('keeps the old routes until a change is done', async () => {
    google.knobs.looks = 3;
    await made();
    const template = await client.template('digits-two');
    const { json } = await patch('template,traffic', { template, traffic: allTo('digits-two') });
    expect(json['done']).toBeUndefined();
    const { uri, ...before } = await client.service('digits');
    expect(before).toMatchObject({ reconciling: true, trafficStatuses: [{ revision: 'digits-one' }] });
    expect((await greeting(uri))['variables']).toMatchObject({ K_REVISION: 'digits-one' });
    await client.wait(json);
    expect((await greeting(uri))['variables']).toMatchObject({ K_REVISION: 'digits-two' });
  });

  it('is gone with its address after its removal', async () => {
    const service = await made();
    await client.change('DELETE', path());
    expect((await client.ask('GET', path())).status).toBe(404);
    await expect(fetch(String(service['uri']))).rejects.toThrow();
  });
});

describe('revisions', () => {
  it('gives a tag an address of its own and no traffic', async () => {
    await made();
    const template = await client.template('digits-two');
    await patched('template,traffic', { template, traffic: allTo('digits-one', { 'c-0a1b2c': 'digits-two' }) });
    const service = await client.service('digits');
    expect((await greeting(service.uri))['variables']).toMatchObject({ K_REVISION: 'digits-one' });
    expect((await greeting(tagUri(service, 'c-0a1b2c')))['variables']).toMatchObject({ K_REVISION: 'digits-two' });
  });

  it('makes none for traffic alone, nor for an equal template', async () => {
    await made();
    await patched('traffic', { traffic: allTo('digits-one', { other: 'digits-one' }) });
    await patched('template', { template: await client.template('digits-one', { healthCheckDisabled: true }) }).catch(
      () => {},
    );
    const { json } = await client.ask('GET', `${path()}/revisions`);
    expect(json['revisions']).toHaveLength(1);
  });

  it('refuses another template under a name that is taken', async () => {
    await made();
    const template = await client.template('digits-one', { timeout: '60s' });
    const { status, json } = await patch('template', { template });
    expect(status).toBe(409);
    expect(json).toMatchObject({
      error: { message: "Revision named 'digits-one' with different configuration already exists." },
    });
  });

  it('deletes none that serves, has a tag or is the latest', async () => {
    await made();
    const template = await client.template('digits-two');
    await patched('template,traffic', { template, traffic: allTo('digits-one', { tagged: 'digits-two' }) });
    const remove = (revision: string) => client.ask('DELETE', `${path()}/revisions/${revision}`);
    expect((await remove('digits-one')).json).toMatchObject({ error: { message: /actively serving/ } });
    expect((await remove('digits-two')).json).toMatchObject({ error: { message: /actively serving/ } });
    await patched('traffic', { traffic: allTo('digits-one') });
    expect((await remove('digits-two')).json).toMatchObject({ error: { message: /latest created/ } });
    const third = await client.template('digits-three');
    await patched('template', { template: third });
    expect((await remove('digits-two')).status).toBe(200);
  });

  it('reports one that does not start, and goes on with what served before', async () => {
    await made();
    const template = await client.template('digits-two', {}, { 'main.cjs': 'process.exit(3)' });
    const traffic = allTo('digits-two');
    const { error } = await patched('template,traffic', { template, traffic });
    expect(error).toMatchObject({
      code: 9,
      message: /failed to start and listen on the port defined provided by the PORT/,
    });
    const service = await client.service('digits');
    expect(service['terminalCondition']).toMatchObject({ state: 'CONDITION_FAILED' });
    expect((await greeting(service.uri))['variables']).toMatchObject({ K_REVISION: 'digits-one' });
    const back = await patched('traffic', { traffic: allTo('digits-one') });
    expect(back['error']).toBeUndefined();
  });

  it.each([
    ['a zip', 'PK\u0003\u0004', /is no gzipped tar/],
    ['an object that is not there', undefined, /No such object/],
  ])('fails on %s', async (_what, bytes, words) => {
    await made();
    const template = await client.template('digits-two');
    const source = template.containers?.[0]?.sourceCode?.cloudStorageSource;
    if (!source) throw new Error('no source');
    if (bytes === undefined) source.generation = '1';
    else {
      const put = google.buckets.put('models', 'a.zip', Buffer.from(bytes), {}, new URLSearchParams());
      Object.assign(source, { object: 'a.zip', generation: put.generation });
    }
    const { error } = await patched('template,traffic', { template, traffic: allTo('digits-two') });
    expect(error).toMatchObject({ message: words });
  });

  it('routes to none that is not there', async () => {
    await made();
    const { error } = await patched('traffic', { traffic: allTo('digits-none') });
    expect(error).toMatchObject({ code: 13, message: /^Revision 'digits-none' does not exist or is deleted\./ });
  });
});

describe('etags', () => {
  it('move with each change and are refused when stale, with both versions', async () => {
    const { etag } = await made();
    await patched('traffic', { traffic: allTo('digits-one', { first: 'digits-one' }), etag });
    const { status, json } = await patch('traffic', { traffic: allTo('digits-one'), etag });
    expect(status).toBe(409);
    expect(json).toMatchObject({
      error: { status: 'ABORTED', message: /^Conflict for resource 'digits': version '\d+' was specified but current/ },
    });
    expect((await patch('traffic', { traffic: allTo('digits-one') })).status).toBe(200);
  });

  it('refuses to create what is there', async () => {
    await made();
    const body = { template: await client.template('digits-one') };
    const { status, json } = await client.ask('POST', `v2/${client.parent}/services?serviceId=digits`, body);
    expect([status, (json['error'] as Fields)['status']]).toEqual([409, 'ALREADY_EXISTS']);
  });
});

describe('what is not known of the service', () => {
  it('may keep the names of deleted revisions', async () => {
    await made();
    await patched('template', { template: await client.template('digits-two') });
    await patched('template', { template: await client.template('digits-three') });
    const remove = () => client.change('DELETE', `${path()}/revisions/digits-two`);
    const again = async () => (await patch('template', { template: await client.template('digits-two') })).status;
    await remove();
    google.knobs.deletedNamesTaken = true;
    expect(await again()).toBe(409);
    google.knobs.deletedNamesTaken = false;
    expect(await again()).toBe(200);
  });

  it('may take one change at a time', async () => {
    await made();
    google.knobs.oneChangeAtATime = true;
    const { json } = await patch('description', { description: 'one' });
    expect((await patch('description', { description: 'two' })).status).toBe(409);
    await client.wait(json);
    expect((await patch('description', { description: 'two' })).status).toBe(200);
  });

  it('may move an etag by itself', async () => {
    const { etag } = await made();
    google.bump('digits');
    expect((await patch('description', { description: 'one', etag })).status).toBe(409);
  });
});

describe('operations', () => {
  it('are done in their order, also when nobody waits for the first', async () => {
    google.knobs.looks = 2;
    await made();
    await patch('description', { description: 'left alone' });
    const { response } = await patched('description', { description: 'waited for' });
    expect(response).toMatchObject({ description: 'waited for' });
    expect((await client.service('digits'))['reconciling']).toBeUndefined();
  });

  it('read no bucket of another project without its leave', async () => {
    await made();
    google.buckets.create('theirs');
    const { generation } = google.buckets.put('theirs', 'a.tar.gz', Buffer.from(''), {}, new URLSearchParams());
    const template = await client.template('digits-two');
    const source = { bucket: 'theirs', object: 'a.tar.gz', generation };
    Object.assign(template.containers?.[0]?.sourceCode ?? {}, { cloudStorageSource: source });
    const { error } = await patched('template', { template });
    expect(error).toMatchObject({ message: /does not have storage\.objects\.get access/ });
  });
});
