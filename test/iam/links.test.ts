import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openAzureStore } from '../../src/stores/azure.ts';
import { openGcsStore } from '../../src/stores/gcs.ts';
import { lacksPrograms } from '../emulators/commands.ts';
import { describePart } from '../emulators/servers.ts';
import { account, accountKey, azureEnvironment } from '../fakes/stores/azure-server.ts';
import { trustedCertificate } from '../fakes/stores/certificate.ts';
import { googleEnvironment, json } from '../fakes/stores/gcs-server.ts';
import { type Protocol, ScriptedServer } from '../fakes/stores/script-server.ts';
import { apps, cloudRun, iamYaml, lambda, run, s3 } from '../fixtures/iam-config.ts';
import { azureAccesses } from './azure-requests.ts';
import { iamOf, type PrintedPolicySet, policySetOf } from './printed.ts';

const production = { environment: 'production', repository: 'acme/models', role: 'pipeline' };
const google = { store: 'gs://acme-models/models', target: run };
const azure = { store: `azure://${account}/models`, target: apps };
const local = '{ provider: local }';

const printed = async (
  cloud: 'aws' | 'google' | 'azure',
  setup: { store: string; target: string },
  verbs = '',
  role = 'pipeline',
): Promise<PrintedPolicySet> =>
  policySetOf(await iamOf(iamYaml(setup), { ...production, verbs, role }), role as 'pipeline', cloud);

/** Everything that is needed for signing alone, on either cloud. */
const signs = /signBlob|TokenCreator|generateUserDelegationKey|Delegator/;
/** But for tokens of its own account, with which private functions are called. */
const textOf = ({ documents, commands }: PrintedPolicySet): string =>
  JSON.stringify([documents, commands]).replaceAll('roles/iam.serviceAccountOpenIdTokenCreator', '');

let server: ScriptedServer | undefined;
afterEach(async () => server?.close());

describe('the right to sign links', () => {
  it.each([
    ['google', google],
    ['azure', azure],
  ] as const)('on %s goes to who asks for the verb by name, and to no other job', async (cloud, setup) => {
    for (const role of ['pipeline', 'preview']) {
      expect(textOf(await printed(cloud, setup, '', role))).not.toMatch(signs);
    }
    expect(textOf(await printed(cloud, setup, 'verify,ship,destroy'))).not.toMatch(signs);
    expect(textOf(await printed(cloud, setup, 'verify,url'))).toMatch(signs);
  });

  it('on AWS is the right to read', async () => {
    const setup = { store: s3, target: lambda() };
    const { documents } = await printed('aws', setup, 'url');
    expect(documents).toEqual((await printed('aws', setup, 'verify')).documents);
  });

  it('has nothing to do with functions of another cloud than the store', async () => {
    expect(
      textOf(await printed('google', { store: s3, target: cloudRun('upload-bucket: acme-uploads') }, 'url,status')),
    ).not.toMatch(signs);
    expect(textOf(await printed('azure', { store: s3, target: apps }, 'url,status'))).not.toMatch(signs);
  });

  it('is a service account’s on Google, also where no function runs there', async () => {
    const { commands } = await printed('google', { ...google, target: local }, 'url');
    expect(commands).toContain('MEMBER="serviceAccount:$ACCOUNT"');
    const federated = commands.filter((line) => line.includes('principal://'));
    expect(federated).toEqual([expect.stringContaining('--role=roles/iam.workloadIdentityUser')]);
  });
});

describe('what signing asks of Google, and what coldgate iam grants', () => {
  googleEnvironment();

  it('is a signature in the name of the account itself, by a role that has no other permission', async () => {
    const name = 'coldgate-pipeline-production@acme-prod.iam.gserviceaccount.com';
    const services: Protocol = {
      actionOf: (method, url) => `${method} ${url.pathname}`,
      usual: (action) => {
        if (action.endsWith(':signBlob')) return json({ signedBlob: Buffer.from('signed').toString('base64') });
        if (action.endsWith('/token')) return json({ access_token: 't', token_type: 'Bearer', expires_in: 3600 });
        return json({ accessToken: 't', expireTime: '2999-01-01T00:00:00Z' });
      },
    };
    server = await new ScriptedServer(services).start();
    const folder = mkdtempSync(join(tmpdir(), 'coldgate-links-'));
    writeFileSync(join(folder, 'oidc'), 'token');
    const credentials = {
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/github/providers/github',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${server.endpoint}/token`,
      credential_source: { file: join(folder, 'oidc') },
      service_account_impersonation_url: `${server.endpoint}/v1/projects/-/serviceAccounts/${name}:generateAccessToken`,
    };
    writeFileSync(join(folder, 'credentials.json'), JSON.stringify(credentials));
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', join(folder, 'credentials.json'));
    const signingEndpoint = `${server.endpoint}/v1/projects/-/serviceAccounts/`;
    await openGcsStore({ url: google.store }, { signingEndpoint }).signedUrl('digits/current.json', 60);
    rmSync(folder, { recursive: true });

    // Taking the role of the account is what roles/iam.workloadIdentityUser is for.
    const actions = server.actions().filter((action) => !/token$|generateAccessToken$/i.test(action));
    expect(new Set(actions)).toEqual(new Set([`POST /v1/projects/-/serviceAccounts/${name}:signBlob`]));
    const { documents, commands } = await printed('google', google, 'url');
    const role = documents.find(({ file }) => file === 'coldgateLinkSigner.yaml')?.content;
    expect(load(role as string)).toMatchObject({ includedPermissions: ['iam.serviceAccounts.signBlob'] });
    const bound = commands.filter((line) => line.includes('--role="projects/$PROJECT/roles/coldgateLinkSigner"'));
    expect(bound).toEqual([
      expect.stringMatching(/^gcloud iam service-accounts add-iam-policy-binding "\$ACCOUNT" .*--member="\$MEMBER"$/),
    ]);
    const [own] = commands.filter((line) => line.startsWith('ACCOUNT='));
    expect(own?.replace('$PROJECT', 'acme-prod')).toBe(`ACCOUNT="${name}"`);
  });
});

describePart('openssl', lacksPrograms('openssl'), 'what signing asks of Azure, and what coldgate iam grants', () => {
  azureEnvironment();

  it('is one key of the account, by a role that has no other action', async () => {
    const end = new Date(Date.now() + 3_600_000).toISOString();
    const body = `<?xml version="1.0"?><UserDelegationKey><SignedOid>oid</SignedOid><SignedTid>tid</SignedTid><SignedStart>${end}</SignedStart><SignedExpiry>${end}</SignedExpiry><SignedService>b</SignedService><SignedVersion>2020-02-10</SignedVersion><Value>${accountKey}</Value></UserDelegationKey>`;
    const service: Protocol = {
      actionOf: (method) => method,
      usual: () => ({ status: 200, headers: { 'content-type': 'application/xml' }, body }),
    };
    server = await new ScriptedServer(service, trustedCertificate()).start();
    const credential = { getToken: async () => ({ token: 't', expiresOnTimestamp: Date.now() + 3_600_000 }) };
    const store = await openAzureStore({ url: azure.store, endpoint: server.endpoint }, { credential });
    await store.signedUrl('digits/current.json', 60);

    const accesses = server.received.flatMap((request) => azureAccesses({ ...request, method: request.action }));
    const { documents, commands } = await printed('azure', azure, 'url');
    const role = documents.find(({ file }) => file.endsWith('.links.json'))?.content as {
      Name: string;
      Actions: string[];
      DataActions: string[];
    };
    expect(role.Actions).toEqual(accesses.map(({ action }) => action));
    expect(role.DataActions).toEqual([]);
    const scopes = commands.flatMap((line) => line.split(` --role "${role.Name}" --scope `)[1] ?? []);
    expect(scopes).toEqual([`"$(az storage account show --name ${account} --query id --output tsv)"`]);
  });
});
