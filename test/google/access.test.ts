import { readFileSync } from 'node:fs';
import { GoogleAuth } from 'google-auth-library';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fields } from '../fakes/clouds/fields.ts';
import { allTo, Client } from './client.ts';
import { type Google, openGoogle } from './google.ts';

let google: Google;
let client: Client;
beforeEach(async () => {
  google = await openGoogle();
  client = new Client(google);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await google.close();
});

async function create(more = {}): Promise<{ status: number; json: Fields }> {
  const template = await client.template('digits-one', { healthCheckDisabled: true });
  const body = { template, traffic: allTo('digits-one'), ...more };
  return client.ask('POST', `v2/${client.parent}/services?serviceId=digits`, body);
}
async function privateUri(): Promise<string> {
  await client.wait((await create()).json);
  return (await client.service('digits')).uri;
}
const withToken = async (uri: string, token: string): Promise<number> =>
  (await fetch(uri, { headers: { authorization: `Bearer ${token}` } })).status;
const idToken = async (audience: string, email = google.pipeline): Promise<string> => {
  const path = `v1/projects/-/serviceAccounts/${email}:generateIdToken`;
  const { json } = await client.ask('POST', path, { audience, includeEmail: true }, 'IAMCREDENTIALS');
  return String(json['token']);
};
const messageOf = ({ json }: { json: Fields }): unknown => (json['error'] as Fields)['message'];

describe('identities', () => {
  it('log in with Google’s own library, as the login of a job does', async () => {
    for (const [name, value] of Object.entries(google.environment)) vi.stubEnv(name, value);
    const auth = new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
    client.token = (await auth.getAccessToken()) as string;
    expect((await client.ask('GET', `v2/${client.parent}/services`)).status).toBe(200);
    const methods = google.calls().map(({ method, principal }) => [method, principal.replace(/^.*subject\//, '')]);
    expect(methods).toEqual([
      ['sts.token', 'repo:acme/models:ref:refs/heads/main'],
      ['iamcredentials.projects.serviceAccounts.generateAccessToken', 'repo:acme/models:ref:refs/heads/main'],
      ['run.projects.locations.services.list', google.pipeline],
    ]);
  });

  it('are refused without a token, with an unknown one and with an ID token', async () => {
    for (const token of ['', 'ya29.unknown', google.context.iam.idToken(google.pipeline, 'x', new Date())]) {
      client.token = token;
      expect((await client.ask('GET', `v2/${client.parent}/services`)).status).toBe(401);
    }
  });

  it('of a federation call Cloud Run through a service account only', async () => {
    const { GOOGLE_APPLICATION_CREDENTIALS: path = '' } = google.environmentAs({ subject: 'repo:acme/models:x' });
    expect(JSON.parse(readFileSync(path, 'utf8'))).not.toHaveProperty('service_account_impersonation_url');
    client.token = google.context.iam.accessToken('principal://iam.googleapis.com/projects/1/x/subject/y');
    google.context.iam.grant('principal://iam.googleapis.com/projects/1/x/subject/y', 'all');
    expect((await client.ask('GET', `v2/${client.parent}/services`)).status).toBe(403);
    expect(google.violations()).toEqual([expect.stringMatching(/a federated identity calls run\.googleapis\.com/)]);
  });
});

describe('permissions', () => {
  it.each(['run.services.create', 'iam.serviceaccounts.actAs', 'run.services.setIamPolicy'])(
    'refuse a public service without %s',
    async (permission) => {
      google.deny(permission);
      const answer = await create({ invokerIamDisabled: true });
      expect([answer.status, messageOf(answer)]).toEqual([
        403,
        expect.stringContaining(`Permission '${permission}' denied`),
      ]);
      google.allow(permission);
      expect((await create({ invokerIamDisabled: true })).status).toBe(200);
    },
  );

  it('are recorded with each call', async () => {
    await client.wait((await create()).json);
    const patch = { traffic: allTo('digits-one') };
    await client.change('PATCH', `v2/${client.parent}/services/digits?updateMask=traffic`, patch);
    const calls = google
      .calls()
      .map(({ method, needs }) => [method.split('.').slice(-2).join('.'), needs.map((n) => n.permission)]);
    expect(Object.fromEntries(calls)).toEqual({
      'services.create': ['run.services.create', 'iam.serviceaccounts.actAs'],
      'operations.wait': ['run.operations.get'],
      'services.patch': ['run.services.update'],
    });
  });

  it('of the service agent to read the source are needed', async () => {
    google.context.iam.revoke(google.context.iam.serviceAgent, 'projects/_/buckets/models');
    const { error } = await client.wait((await create()).json);
    expect(error).toMatchObject({ message: /serverless-robot-prod.* does not have storage\.objects\.get access/ });
  });

  it('of an account of its own has each reader of a bucket', async () => {
    const account = 'digits@coldgate-test.iam.gserviceaccount.com';
    const url = `${await google.storageAs(account)}/storage/v1/b/models/o/model.onnx?alt=media`;
    google.buckets.put('models', 'model.onnx', Buffer.from('x'), {}, new URLSearchParams());
    expect((await fetch(url)).status).toBe(403);
    google.context.iam.grant(account, ['storage.objects.get'], 'projects/_/buckets/models/objects');
    expect((await fetch(url)).status).toBe(200);
    expect(google.calls().map(({ method, principal }) => [method, principal])).toEqual([
      ['storage.objects.get', account],
      ['storage.objects.get', account],
    ]);
  });

  it('are seen late after a change', async () => {
    const uri = await privateUri();
    google.context.iam.revoke(google.pipeline);
    google.context.iam.grant(
      google.pipeline,
      ['run.services.getIamPolicy', 'run.services.setIamPolicy', 'run.services.get'],
      '*',
    );
    google.knobs.policyLag = 2;
    const policy = { bindings: [{ role: 'roles/run.invoker', members: ['allUsers'] }] };
    const path = `v2/${client.parent}/services/digits:setIamPolicy`;
    expect((await client.ask('POST', path, { policy })).status).toBe(200);
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await fetch(uri)).status);
    expect(statuses).toEqual([403, 403, 200]);
  });

  it('of a service that is switched off name its API', async () => {
    google.context.disabled.add('run.googleapis.com');
    const { status, json } = await client.ask('GET', `v2/${client.parent}/services`);
    expect(status).toBe(403);
    expect(json).toMatchObject({ error: { details: [{ reason: 'SERVICE_DISABLED' }] } });
    const { json: usage } = await client.ask(
      'GET',
      `v1/projects/${google.project.id}/services/run.googleapis.com`,
      undefined,
      'SERVICEUSAGE',
    );
    expect(usage['state']).toBe('DISABLED');
  });
});

describe('a private service', () => {
  it('wants an ID token for its own address', async () => {
    const uri = await privateUri();
    expect((await fetch(uri)).status).toBe(403);
    expect(await withToken(uri, client.token)).toBe(401);
    expect(await withToken(uri, await idToken('https://elsewhere.example'))).toBe(401);
    expect(await withToken(uri, await idToken(uri))).toBe(200);
    google.deny('run.routes.invoke');
    expect(await withToken(uri, await idToken(uri))).toBe(403);
  });

  it('is open where nobody is asked', async () => {
    const uri = await privateUri();
    const path = `v2/${client.parent}/services/digits?updateMask=invokerIamDisabled`;
    await client.change('PATCH', path, { invokerIamDisabled: true });
    expect((await fetch(uri)).status).toBe(200);
  });

  it('gives an ID token to whom the permission is given', async () => {
    google.deny('iam.serviceAccounts.getOpenIdToken');
    const path = `v1/projects/-/serviceAccounts/${google.pipeline}:generateIdToken`;
    const answer = await client.ask('POST', path, { audience: 'x' }, 'IAMCREDENTIALS');
    expect(messageOf(answer)).toMatch(/iam\.serviceAccounts\.getOpenIdToken/);
  });
});
