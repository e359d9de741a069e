import { describe, expect, it } from 'vitest';
import { apps, azureApps, azureIdentity, iamYaml } from '../fixtures/iam-config.ts';
import { iamOf, type PrintedPolicySet, policySetOf, policySetsOf } from './printed.ts';

const production = { environment: 'production', repository: 'acme/models', role: 'pipeline,preview,function' };
const store = 'azure://acmemodels/models/registry';
const group = '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/acme';
const component = `${group}/providers/Microsoft.Insights/components/acme`;

const printed = async (
  role: 'pipeline' | 'preview' | 'function',
  { target = apps, ...more }: { target?: string; verbs?: string } = {},
) => policySetOf(await iamOf(iamYaml({ store, target }), { ...production, ...more }), role, 'azure');

interface Role {
  Actions: string[];
  DataActions: string[];
}

const roleOf = ({ documents }: PrintedPolicySet, place: string): Role => {
  const found = documents.find(({ file }) => file.endsWith(`.${place}.json`));
  return (found?.content as Role | undefined) ?? { Actions: [], DataActions: [] };
};
const filesOf = ({ documents }: PrintedPolicySet): string[] => documents.map(({ file }) => file);
const scopesOf = ({ commands }: PrintedPolicySet, role: RegExp): string[] =>
  commands.flatMap((line) => {
    const [, name = '', scope = ''] = /--role "([^"]+)" --scope (\S+)/.exec(line) ?? [];
    return role.test(name) ? [scope] : [];
  });

describe('who a job is on Azure', () => {
  it('is an identity without a secret that takes tokens of one subject', async () => {
    const text = (await printed('pipeline')).commands.join('\n');
    expect(text).toContain('az identity create --name coldgate-pipeline-production --resource-group acme');
    expect(text).toContain('--subject repo:acme/models:environment:production --audiences api://AzureADTokenExchange');
    expect((await printed('preview')).commands.join('\n')).toContain('--subject repo:acme/models:pull_request');
  });
});

describe('what a job may do on Azure', () => {
  it('changes apps of one group, and storage, identity and telemetry that the settings name, by a role each', async () => {
    const set = await printed('pipeline', {
      target: azureApps(`identity: ${azureIdentity}, application-insights: ${component}`),
    });
    expect(scopesOf(set, /^coldgate-pipeline-production on acme$/)).toEqual([group]);
    expect(scopesOf(set, / on storage acmeapps$/)).toEqual([
      `${group}/providers/Microsoft.Storage/storageAccounts/acmeapps`,
    ]);
    expect(scopesOf(set, / on identity digits$/)).toEqual([azureIdentity]);
    expect(scopesOf(set, / on telemetry acme$/)).toEqual([component]);
    expect(roleOf(set, 'identity').Actions).toEqual([
      'Microsoft.ManagedIdentity/userAssignedIdentities/read',
      'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action',
    ]);
  });

  it('gives no roles where an identity was made beforehand', async () => {
    const set = await printed('pipeline');
    expect(JSON.stringify(set.documents)).not.toMatch(/Microsoft\.Authorization/);
  });

  it('gives the roles of apps, to apps alone, where each has an identity of its own', async () => {
    const set = await printed('pipeline', { target: azureApps(`application-insights: ${component}`) });
    expect(roleOf(set, 'roles').Actions).toEqual(
      ['write', 'delete'].map((verb) => `Microsoft.Authorization/roleAssignments/${verb}`),
    );
    const condition = String(set.documents.find(({ file }) => file.endsWith('.roles.condition.txt'))?.content);
    for (const role of ['b7e6dc6d-f1e8-4753-8033-0f276bb0955b', '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1']) {
      expect(condition.split(role)).toHaveLength(3);
    }
    expect(condition.match(/'ServicePrincipal'/g)).toHaveLength(2);
    expect(scopesOf(set, / on roles /)).toEqual([
      `${group}/providers/Microsoft.Storage/storageAccounts/acmeapps`,
      component,
      '"$CONTAINER"',
    ]);
    for (const line of set.commands.filter((one) => one.includes(' on roles '))) {
      if (line.startsWith('az role assignment')) expect(line).toContain('--condition "$(cat coldgate-pipeline');
    }
    expect(set.notes.join()).toContain('user-assigned');
  });

  it.each(['Microsoft.Storage/storageAccounts/listKeys', 'publishxml', '_master', 'restart'])(
    'never holds %s, which nothing needs',
    async (text) => {
      for (const target of [apps, azureApps(), azureApps('gateway: { service: acme }')]) {
        const set = await printed('pipeline', { target });
        expect(JSON.stringify(set.documents)).not.toContain(text);
      }
    },
  );

  it('reads and writes blobs of its own in the account of apps, and no key of a host', async () => {
    const set = await printed('pipeline');
    const condition = String(set.documents.find(({ file }) => file.endsWith('.storage.condition.txt'))?.content);
    expect(condition.match(/StringLike 'coldgate\/\*'/g)).toHaveLength(3);
    expect(condition.match(/StringLike/g)).toHaveLength(3);
    expect(roleOf(set, 'storage').DataActions).toHaveLength(3);
  });

  it('uses API Management only with a gateway, and there one service alone', async () => {
    expect(filesOf(await printed('pipeline')).join()).not.toContain('gateway');
    const set = await printed('pipeline', { target: azureApps('gateway: { service: acme, resource-group: shared }') });
    expect(scopesOf(set, / on gateway acme$/)).toEqual([
      `${group.replace(/acme$/, 'shared')}/providers/Microsoft.ApiManagement/service/acme`,
    ]);
    expect(roleOf(set, 'gateway').Actions.filter((one) => !one.startsWith('Microsoft.ApiManagement/service/'))).toEqual(
      [],
    );
    expect(roleOf(set, 'gateway').Actions.join()).not.toMatch(/service\/(?:write|delete|\*)/);
  });

  it('has Event Grid tell of uploads only with a batch, on the storage account that they go to alone', async () => {
    expect(filesOf(await printed('pipeline')).join()).not.toContain('uploads');
    const set = await printed('pipeline', {
      target: azureApps(`identity: ${azureIdentity}, batch: { container: uploads, storage-account: acmeuploads }`),
    });
    expect(scopesOf(set, / on uploads acmeuploads$/)).toEqual([
      `${group}/providers/Microsoft.Storage/storageAccounts/acmeuploads`,
    ]);
    expect(roleOf(set, 'uploads').Actions).toEqual(
      ['read', 'write', 'delete'].map((verb) => `Microsoft.EventGrid/eventSubscriptions/${verb}`),
    );
    expect(JSON.stringify(set.documents)).not.toContain('getFullUrl');
  });

  it('makes queues where there is a queue, and gives their roles to apps with identities of their own', async () => {
    const set = await printed('pipeline', { target: azureApps('queue: {}') });
    const queues = (actions: string[]) => actions.filter((one) => one.includes('queueServices'));
    expect(queues(roleOf(set, 'storage').Actions)).toHaveLength(3);
    expect(JSON.stringify(set.documents)).toContain('974c5e8b-45b9-4653-ba55-5f855dd0fb88');
    expect(JSON.stringify((await printed('pipeline', { target: azureApps() })).documents)).not.toMatch(
      /queue|974c5e8b/,
    );
  });

  it('joins a subnet, and slots of premium alone', async () => {
    const subnet = `${group}/providers/Microsoft.Network/virtualNetworks/acme/subnets/functions`;
    const set = await printed('pipeline', { target: azureApps(`subnet: ${subnet}`) });
    expect(scopesOf(set, / on subnet functions$/)).toEqual([subnet]);
    expect(JSON.stringify(set.documents)).not.toContain('slots');
    const premium = await printed('pipeline', { target: azureApps('plan: premium') });
    expect(roleOf(premium, 'apps').Actions).toContain('Microsoft.Web/sites/slots/slotsswap/action');
  });

  it.each([
    ['publish', []],
    ['status', ['sites/read', 'sites/config/list/action', 'sites/functions/read', 'serverfarms/read']],
  ])('is granted no more than it needs for %s', async (verbs, expected) => {
    const { Actions } = roleOf(await printed('pipeline', { verbs }), 'apps');
    expect(Actions).toEqual(expected.map((one) => `Microsoft.Web/${one}`));
  });

  it('removes apps only where functions are removed or made', async () => {
    const may = async (verbs: string) => roleOf(await printed('pipeline', { verbs }), 'apps').Actions;
    expect(await may('prune')).not.toContain('Microsoft.Web/sites/delete');
    expect(await may('destroy')).toEqual(
      expect.arrayContaining(['Microsoft.Web/sites/delete', 'Microsoft.Web/serverfarms/delete']),
    );
    expect(await may('destroy')).not.toContain('Microsoft.Web/sites/write');
  });

  it('says how long Azure takes, and that previews share the group', async () => {
    expect((await printed('pipeline')).notes.join()).toContain('some minutes');
    expect((await printed('preview')).notes.join()).toContain('whole resource group');
  });
});

describe('what functions may do on Azure', () => {
  it('reads its models alone, with an identity for all apps that is made where it is missing', async () => {
    const set = await printed('function');
    expect(set.name).toBe('digits');
    expect(set.commands[0]).toContain('az identity create --name digits --resource-group acme');
    expect(scopesOf(set, /^Storage Blob Data Owner$/)).toEqual([
      `${group}/providers/Microsoft.Storage/storageAccounts/acmeapps`,
    ]);
    expect(roleOf(set, 'blobs').DataActions).toEqual([
      'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read',
    ]);
  });

  it('reads uploads and creates results, and replaces none', async () => {
    const target = azureApps(
      `identity: ${azureIdentity}, batch: { container: uploads, storage-account: acmeuploads, prefix: in/ }`,
    );
    const set = await printed('function', { target });
    const condition = String(
      set.documents.find(({ file }) => file === 'digits-production.batch.condition.txt')?.content,
    );
    expect(condition).toContain("StringLike 'in/*.jsonl'");
    expect(condition.match(/StringLike 'results\/\*'/g)).toHaveLength(2);
    expect(set.commands.join('\n')).toContain('az storage account show --name acmeuploads');
  });

  it('takes messages and makes results of its queue', async () => {
    const set = await printed('function', { target: azureApps(`identity: ${azureIdentity}, queue: {}`) });
    expect(set.commands.filter((line) => line.includes('Storage Queue Data Contributor'))).toHaveLength(1);
    expect(JSON.stringify(set.documents)).toContain('_coldgate/async/digits-production/');
  });

  it('has nothing to run where each app has an identity of its own', async () => {
    const sets = policySetsOf(await iamOf(iamYaml({ store, target: azureApps() }), production));
    const own = sets.find(({ role }) => role === 'function');
    expect([own?.commands, own?.documents]).toEqual([[], []]);
    expect(own?.notes.join()).toContain('Storage Blob Data Reader');
  });
});
