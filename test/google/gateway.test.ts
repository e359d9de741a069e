import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fields } from '../fakes/clouds/fields.ts';
import { LoopbackServer } from '../fakes/clouds/loopback.ts';
import { type GatewayProject, openGatewayProject } from './gateway/open.ts';

/** Rules of API Gateway, asked by a client that shares nothing with the product. */
describe('API Gateway on the stand-in', () => {
  let project: GatewayProject;
  let backend: LoopbackServer;
  let waitMs = 0;
  const global = 'projects/coldgate-test/locations/global';
  const region = 'projects/coldgate-test/locations/europe-west1';

  async function call(method: string, path: string, body?: Fields): Promise<{ status: number; json: Fields }> {
    const { google } = project;
    const token = google.context.iam.accessToken(google.pipeline);
    const answer = await fetch(`${google.urlOf('APIGATEWAY')}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, json: (await answer.json()) as Fields };
  }
  const statusOf = async (...args: Parameters<typeof call>) => (await call(...args)).status;
  const configOf = (backends: Fields, more: Fields = {}): Fields => {
    const document = {
      ...{ openapi: '3.1.0', info: { title: 'x', version: '1' }, 'x-google-backend': 'one' },
      'x-google-api-management': { backends: { one: { address: backend.url, disableAuth: true, ...backends } } },
      paths: { '/slow': { get: { operationId: 'slow', responses: { default: { description: 'x' } } } } },
      ...more,
    };
    const contents = Buffer.from(JSON.stringify(document)).toString('base64');
    return {
      gatewayServiceAccount: 'gateway@coldgate-test.iam.gserviceaccount.com',
      openapiDocuments: [{ document: { path: 'openapi.json', contents } }],
    };
  };
  /** Creates and settles. */
  async function make(path: string, body: Fields): Promise<void> {
    expect(await statusOf('POST', path, body)).toBe(200);
    project.state.settleAll();
  }

  beforeAll(async () => {
    project = await openGatewayProject({ knobs: { timeScale: 0.02 } });
    backend = await LoopbackServer.open(async (_request, response) => {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      response.end('answered');
    });
    await make(`${global}/apis?apiId=one`, {});
    await make(`${global}/apis/one/configs?apiConfigId=a`, configOf({ deadline: 60 }));
    await make(`${region}/gateways?gatewayId=one`, { apiConfig: `${global}/apis/one/configs/a` });
  });
  afterAll(async () => {
    await backend.close();
    await project.close();
  });

  it('changes nothing without a mask, and no config at all', async () => {
    expect(await statusOf('PATCH', `${region}/gateways/one`, { labels: { a: 'b' } })).toBe(400);
    expect(await statusOf('PATCH', `${global}/apis/one/configs/a?updateMask=openapiDocuments`, {})).toBe(400);
    expect(await statusOf('PATCH', `${global}/apis/one/configs/a?updateMask=labels`, { labels: { a: 'b' } })).toBe(200);
    project.state.settleAll();
  });

  it('holds what is used: configs by gateways, APIs by configs', async () => {
    expect(await call('DELETE', `${global}/apis/one/configs/a`)).toMatchObject({
      ...{ status: 400, json: { error: { status: 'FAILED_PRECONDITION' } } },
    });
    expect(await statusOf('DELETE', `${global}/apis/one`)).toBe(400);
  });

  it('names a config by the project’s number, and an address once it is final', async () => {
    const { json } = await call('GET', `${region}/gateways/one`);
    expect(json['apiConfig']).toBe('projects/123456789012/locations/global/apis/one/configs/a');
    await call('POST', `${region}/gateways?gatewayId=two`, { apiConfig: `${global}/apis/one/configs/a` });
    expect([...project.state.gateways.values()].map(({ state }) => state)).toEqual(['ACTIVE', 'CREATING']);
    project.state.settleAll();
  });

  it('spoils two configs of one API that are made at the same time', async () => {
    for (const id of ['b', 'c'])
      await call('POST', `${global}/apis/one/configs?apiConfigId=${id}`, configOf({ deadline: 1 }));
    project.state.settleAll();
    const move = { apiConfig: `${global}/apis/one/configs/b` };
    expect(await statusOf('PATCH', `${region}/gateways/one?updateMask=apiConfig`, move)).toBe(400);
    expect(project.state.overlaps).toEqual([`${global}/apis/one/configs/c`]);
  });

  it('fails an operation with what the compiler says, and leaves a failed config', async () => {
    const { json } = await call('POST', `${global}/apis/one/configs?apiConfigId=d`, configOf({ deadline: -1 }));
    project.state.settleAll();
    const ended = await call('GET', String(json['name']));
    expect(ended.json).toMatchObject({
      ...{ done: true, error: { code: 3 } },
      metadata: { diagnostics: [{ location: expect.stringContaining('deadline'), message: 'is negative' }] },
    });
    expect((await call('GET', `${global}/apis/one/configs/d`)).json['state']).toBe('FAILED');
  });

  it('waits fifteen seconds for a backend whose deadline is not written', async () => {
    const host = project.state.gateways.get(`${region}/gateways/one`)?.hostname;
    waitMs = 600;
    expect((await fetch(`http://${host}/slow`)).status).toBe(200);
    await make(`${global}/apis/one/configs?apiConfigId=e`, configOf({}));
    const move = { apiConfig: `${global}/apis/one/configs/e` };
    await call('PATCH', `${region}/gateways/one?updateMask=apiConfig`, move);
    project.state.settleAll();
    expect((await fetch(`http://${host}/slow`)).status).toBe(504);
  });

  it.each([
    ['an id with capitals', 'POST', `${global}/apis?apiId=One`, {}],
    ['an API in a region', 'POST', `${region}/apis?apiId=three`, {}],
    ['a config without a document', 'POST', `${global}/apis/one/configs?apiConfigId=f`, {}],
    ['a gateway without a config', 'POST', `${region}/gateways?gatewayId=three`, {}],
    ['labels with capitals', 'POST', `${global}/apis?apiId=three`, { labels: { A: 'b' } }],
  ])('does not take %s', async (_, method, path, body) => {
    expect(await statusOf(method, path, body)).toBeGreaterThanOrEqual(400);
    expect(project.google.violations()).toEqual([]);
  });
});
