import { afterAll, describe, expect, it } from 'vitest';
import { TargetFile } from './target-file.ts';

const file = new TargetFile();
afterAll(() => file.remove());

interface Given {
  target?: readonly string[];
  /** Takes the place of the line of that setting. */
  base?: string;
  model?: string;
  environment?: string;
}

/** Lines 6 to 10; those of a test begin at 11. */
const base = [
  'provider: azure-functions',
  'subscription: 0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f',
  'resource-group: acme',
  'location: westeurope',
  'storage-account: acmeapps',
];
const text = ({ target = [], base: other, ...more }: Given) => ({
  ...more,
  store: 'azure://acmemodels/models',
  target: [...base.map((line) => (other?.startsWith(`${line.split(':')[0]}:`) ? other : line)), ...target],
});
const load = (given: Given) => file.load(text(given));
const problemsOf = (given: Given) => file.problems(text(given));

const group = '/subscriptions/0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f/resourceGroups/acme/providers';
const identity = `${group}/Microsoft.ManagedIdentity/userAssignedIdentities/digits`;
const subnet = `${group}/Microsoft.Network/virtualNetworks/acme/subnets/functions`;
const component = `${group}/Microsoft.Insights/components/acme`;
const premium = 'plan: premium';
const setting = (name: string): [string[], string] => [[`app-settings: { ${name}: x }`], `app-settings.${name}`];
const many = (count: number): string => `tags: { ${Array.from({ length: count }, (_, at) => `t${at}: x`).join(', ')} }`;

/** What a target says; the field that is refused, and the limit that the message names. The line is 11 unless given. */
const limits: [string, string[], string, RegExp, number?][] = [
  ['a size that Flex has not', ['instance-memory: 1024'], 'instance-memory', /512, 2048, 4096/],
  ['no instances', ['maximum-instances: 0'], 'maximum-instances', /1 to 1000/],
  ['1001 instances', ['maximum-instances: 1001'], 'maximum-instances', /1 to 1000/],
  ['101 instances on premium', [premium, 'maximum-instances: 101'], 'maximum-instances', /at most 100 with plan/, 12],
  ['1001 always ready', ['always-ready: 1001'], 'always-ready', /0 to 1000/],
  ['no call at once', ['http-concurrency: 0'], 'http-concurrency', /1 to 1000/],
  ['1001 calls at once', ['http-concurrency: 1001'], 'http-concurrency', /1 to 1000/],
  ['a call that the front end cuts', ['timeout: 231'], 'timeout', /1 to 230/],
  ['11 pre-warmed', [premium, 'pre-warmed: 11'], 'pre-warmed', /0 to 10/, 12],
  ['a plan that is none', ['plan: consumption'], 'plan', /flex-consumption, premium/],
  ['a size that Premium has not', [premium, 'sku: EP4'], 'sku', /EP1, EP2, EP3/, 12],
  ['a size of premium on flex', ['sku: EP1'], 'sku', /plan: premium/],
  ['spare instances on flex', ['pre-warmed: 1'], 'pre-warmed', /plan: premium/],
  ['memory on premium', [premium, 'instance-memory: 2048'], 'instance-memory', /flex-consumption/, 12],
  ['always-ready on premium', [premium, 'always-ready: 1'], 'always-ready', /flex-consumption/, 12],
  ['concurrency on premium', [premium, 'http-concurrency: 4'], 'http-concurrency', /flex-consumption/, 12],
  ['a strategy on premium', [premium, 'update-strategy: rolling'], 'update-strategy', /flex-consumption/, 12],
  ['a strategy that is none', ['update-strategy: blue-green'], 'update-strategy', /recreate, rolling/],
  ['an identity by its name', ['identity: digits'], 'identity', /userAssignedIdentities/],
  ['an identity that is a group', [`identity: ${group}/Microsoft.Web/sites/digits`], 'identity', /userAssigned/],
  ['a level that is none', ['auth: admin'], 'auth', /function, anonymous/],
  ['a subnet by its name', ['subnet: functions'], 'subnet', /virtualNetworks/],
  ['a network for a subnet', [`subnet: ${subnet.replace(/\/subnets.*/, '')}`], 'subnet', /subnets/],
  ['a key for a component', ['application-insights: InstrumentationKey=1'], 'application-insights', /components/],
  ['a runtime', ...setting('FUNCTIONS_WORKER_RUNTIME'), /not one of Azure/],
  ['a version of the runtime', ...setting('FUNCTIONS_WORKER_RUNTIME_VERSION'), /not one of/],
  ['a version of the host', ...setting('FUNCTIONS_EXTENSION_VERSION'), /not one of/],
  ['a package elsewhere', ...setting('WEBSITE_RUN_FROM_PACKAGE'), /not one of/],
  ['a content share', ...setting('WEBSITE_CONTENTSHARE'), /not one of/],
  ['a build', ...setting('SCM_DO_BUILD_DURING_DEPLOYMENT'), /not one of/],
  ['a build of Oryx', ...setting('ENABLE_ORYX_BUILD'), /not one of/],
  ['a version of Node', ...setting('WEBSITE_NODE_DEFAULT_VERSION'), /not one of/],
  ['a time zone', ...setting('WEBSITE_TIME_ZONE'), /not one of/],
  ['storage of the host', ...setting('AzureWebJobsStorage'), /not one of/],
  ['the account of that', ...setting('AzureWebJobsStorage__accountName'), /not one of/],
  ['a place for keys', ...setting('AzureWebJobsSecretStorageType'), /not one of/],
  ['the id of the host', ...setting('AzureFunctionsWebHost__hostid'), /not one of/],
  ['telemetry by hand', ...setting('APPLICATIONINSIGHTS_CONNECTION_STRING'), /not one of/],
  ['a variable of ours', ...setting('COLDGATE_REVISION'), /not one of/],
  ['the same in other letters', ...setting('Model_Store'), /not one of/],
  ['the identity by hand', ...setting('AZURE_CLIENT_ID'), /not one of/],
  ['a name with a colon', [`app-settings: { "a:b": x }`], 'app-settings.a:b', /letters, digits and _/],
  ['a name with a dot', [`app-settings: { "a.b": x }`], 'app-settings.a.b', /letters, digits and _/],
  ['an empty setting', [`app-settings: { A: "" }`], 'app-settings.A', /1 to 4096/],
  ['a setting of 4097', [`app-settings: { A: "${'a'.repeat(4097)}" }`], 'app-settings.A', /1 to 4096/],
  ['43 tags', [many(43)], 'tags', /at most 42 entries, got 43/],
  ['a tag of ours', ['tags: { "coldgate:role": x }'], 'tags.coldgate:role', /neither with coldgate/],
  ['a tag of Microsoft', ['tags: { Azure-team: x }'], 'tags.Azure-team', /neither with coldgate/],
  ['a tag with a slash', ['tags: { a/b: x }'], 'tags.a/b', /without <>/],
  ['a tag of 257', [`tags: { team: "${'a'.repeat(257)}" }`], 'tags.team', /at most 256/],
  ['a container of two letters', ['batch: { container: in }'], 'batch.container', /3 to 63/],
  ['events from anyone', ['auth: anonymous', 'batch: { container: uploads }'], 'auth', /anyone could send/],
  [
    'uploads that its own identity cannot read',
    ['batch: { container: uploads, storage-account: acmeuploads }'],
    'batch.storage-account',
    /user-assigned/,
  ],
  ['a container in capitals', ['batch: { container: Uploads }'], 'batch.container', /lower-case/],
  ['a container with two dashes', ['batch: { container: up--loads }'], 'batch.container', /single/],
  ['fewer on Premium', [premium, 'queue: { max-concurrency: 9 }'], 'queue.max-concurrency', /at least maximum/, 12],
  [
    'fewer messages at a time than instances',
    ['queue: { max-concurrency: 10 }'],
    'queue.max-concurrency',
    /at least maximum-instances \(40\)/,
  ],
  ['a batch of its results', ['batch: { container: uploads, prefix: results/x }'], 'batch.prefix', /outside of output/],
];

describe('limits of Azure Functions', () => {
  it.each(limits)('refuses %s', async (_name, target, path, message, line = 11) => {
    const found = await problemsOf({ target });
    expect(found).toContainEqual({ path, line, message: expect.stringMatching(message) });
  });

  it.each([
    ['a subscription by its name', 'subscription: acme', 7, /UUID/],
    ['a group that ends with a dot', 'resource-group: acme.', 8, /resource group/],
    ['a group of 91', `resource-group: ${'a'.repeat(91)}`, 8, /resource group/],
    ['a location by its title', 'location: West Europe', 9, /westeurope/],
    ['an account of 25', `storage-account: ${'a'.repeat(25)}`, 10, /3 to 24/],
    ['an account with a dash', 'storage-account: acme-apps', 10, /lower-case letters and digits/],
  ])('refuses %s', async (_name, line, at, message) => {
    const path = line.slice(0, line.indexOf(':'));
    expect(await problemsOf({ base: line })).toEqual([{ path, line: at, message: expect.stringMatching(message) }]);
  });

  it.each([
    ['the smallest', ['instance-memory: 512', 'maximum-instances: 1', 'http-concurrency: 1', 'timeout: 1']],
    ['the largest', ['instance-memory: 4096', 'maximum-instances: 1000', 'always-ready: 1000', 'timeout: 230']],
    ['premium with all it has', [premium, 'sku: EP3', 'pre-warmed: 10', 'maximum-instances: 100']],
    ['an identity', [`identity: ${identity}`]],
    ['an identity as the portal writes it', [`identity: ${identity.toLowerCase()}`]],
    ['network and telemetry', [`subnet: ${subnet}`, `application-insights: ${component}`]],
    ['rolling updates', ['update-strategy: rolling']],
    ['settings of the host that are free', ['app-settings: { AzureFunctionsJobHost__logging__logLevel__default: x }']],
    ['42 tags, one of them empty', [many(42), 'auth: anonymous']],
    ['a queue', ['maximum-instances: 5', 'queue: { max-concurrency: 20, attempts: 3 }']],
    ['uploads', ['batch: { container: uploads, prefix: in/, suffix: .txt, storage-account: acmeapps }']],
    ['uploads elsewhere', [`identity: ${identity}`, 'batch: { container: uploads, storage-account: acmeuploads }']],
  ])('takes %s', async (_name, target) => {
    const { environments } = await load({ target });
    expect(environments['production']?.target.provider).toBe('azure-functions');
  });

  it('has defaults that cost nothing while nobody calls', async () => {
    const { environments } = await load({});
    expect(environments['production']?.target).toMatchObject({
      ...{ plan: 'flex-consumption', maximumInstances: 40, httpConcurrency: 4, timeout: 60 },
      ...{ identity: 'system', auth: 'function' },
    });
  });

  it('names all that is wrong at once, in the order of the file', async () => {
    const target = ['sku: EP1', 'timeout: 300', 'identity: me', 'app-settings: { MODEL_NAME: x }'];
    const found = await problemsOf({ target, model: 'a.b' });
    expect(found.map(({ path, line }) => [path, line])).toEqual([
      ['sku', 11],
      ['timeout', 12],
      ['identity', 13],
      ['app-settings.MODEL_NAME', 14],
      ['models.a.b', 16],
    ]);
  });
});

describe('what Azure demands of names', () => {
  it('takes 38 characters for an app, and no more', async () => {
    await expect(load({ model: 'm'.repeat(38 - '-production'.length) })).resolves.toBeDefined();
    const [problem, ...others] = await problemsOf({ model: 'm'.repeat(39 - '-production'.length) });
    expect(others).toEqual([]);
    expect(problem?.message).toMatch(/39 characters\), expected a letter first and at most 38/);
  });

  it.each(['digits.v2', 'digits_v2', '2digits', 'digits--v2'])('refuses an app of the model %s', async (model) => {
    expect(await problemsOf({ model })).toMatchObject([{ line: 12, message: expect.stringMatching(/lower-case/) }]);
  });
});
