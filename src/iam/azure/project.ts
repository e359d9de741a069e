import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import { type Advice, quoted } from '../bucket/advice.ts';
import { jobName, jobSubject } from '../github.ts';
import { bucketRef, type Subject } from '../subject.ts';
import { identityParts, jobIdentity } from './identities.ts';
import { settingsOf } from './subject.ts';

const plain = { files: [], optional: false };

/** https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types */
function providersOf(settings: readonly AzureFunctionsSettings[]): string[] {
  const some = (has: (one: AzureFunctionsSettings) => unknown, name: string): string[] =>
    settings.some((one) => Boolean(has(one))) ? [name] : [];
  return [
    ...['Microsoft.Web', 'Microsoft.Storage', 'Microsoft.ManagedIdentity'],
    // Virtual networks of Flex Consumption are its matter.
    ...some(({ subnet, plan }) => subnet && plan === 'flex-consumption', 'Microsoft.App'),
    ...some(({ subnet }) => subnet, 'Microsoft.Network'),
    ...some(({ applicationInsights }) => applicationInsights, 'Microsoft.Insights'),
    ...some(({ gateway }) => gateway, 'Microsoft.ApiManagement'),
    ...some(({ batch }) => batch, 'Microsoft.EventGrid'),
  ];
}

function subscriptionAdvice(
  subject: Subject,
  settings: readonly AzureFunctionsSettings[],
  first: AzureFunctionsSettings,
) {
  const { subscription, resourceGroup, location } = first;
  return {
    ...plain,
    name: 'resource-group',
    why: `The subscription and the group of the functions of ${subject.environment}, with what they use switched on.`,
    commands: [
      `az account set --subscription ${subscription}`,
      `GROUP=${quoted(resourceGroup)}`,
      `LOCATION=${location}`,
      ...providersOf(settings).map((name) => `az provider register --namespace ${name} --wait`),
      'az group create --name "$GROUP" --location "$LOCATION"',
    ],
  };
}

/** An account without keys. One that is there keeps its settings. */
const makeAccount = (name: string): string =>
  `az storage account show --name ${name} > /dev/null 2>&1 || az storage account create --name ${name} --resource-group "$GROUP" --location "$LOCATION" --sku Standard_LRS --kind StorageV2 --min-tls-version TLS1_2 --allow-blob-public-access false --allow-shared-key-access false`;

const makeContainer = (account: string, container: string): string =>
  `az storage container-rm exists --storage-account ${account} --name ${container} --query exists --output tsv | grep -q true || az storage container-rm create --storage-account ${account} --name ${container} --public-access off`;

/** Accounts and containers of versions, of apps and of uploads that are not there yet. */
function storageAdvice(subject: Subject, settings: readonly AzureFunctionsSettings[], location: string): Advice {
  const { store, account, bucket } = bucketRef(subject.store);
  const batches = settings.flatMap(({ batch, storageAccount }) =>
    batch ? [{ account: batch.storageAccount ?? storageAccount, container: batch.container }] : [],
  );
  const containers = [...(store === 'azure' ? [{ account, container: bucket }] : []), ...batches];
  const accounts = [...containers.map((one) => one.account), ...settings.map((one) => one.storageAccount)];
  return {
    ...plain,
    name: 'storage',
    why: `Storage accounts in ${location}, beside the functions: every cold start reads its model from there. No one gets in with a key.`,
    commands: [
      ...[...new Set(accounts)].map(makeAccount),
      ...containers.map((one) => makeContainer(one.account, one.container)),
    ],
  };
}

/** Identities of apps and of jobs. */
function identityAdvice(subject: Subject, settings: readonly AzureFunctionsSettings[]): Advice {
  const named = [...new Set(settings.flatMap(({ identity }) => (identity === 'system' ? [] : [identity])))];
  const hasRepository = jobSubject('pipeline', subject) !== undefined;
  const jobs = hasRepository
    ? (['pipeline', 'preview'] as const).flatMap((role) => {
        const name = jobName(role, subject.environment);
        return [
          ...jobIdentity(subject, role, '"$GROUP"').filter((line) => line.startsWith('az ')),
          `echo "${role}: AZURE_CLIENT_ID=$(az identity show --name ${name} --resource-group "$GROUP" --query clientId --output tsv)"`,
        ];
      })
    : [];
  return {
    ...plain,
    name: 'identities',
    why: `Identities of functions and of jobs, without a secret; jobs come with GitHub's tokens. What they may do, coldgate iam --environment ${subject.environment} --role pipeline,preview,function prints.`,
    commands: [
      ...named.map((id) => {
        const { subscription, group, name } = identityParts(id);
        return `az identity create --name ${name} --resource-group ${group} --subscription ${subscription} --location "$LOCATION"`;
      }),
      ...jobs,
      'echo "AZURE_TENANT_ID=$(az account show --query tenantId --output tsv)"',
    ],
  };
}

function subnetAdvice(settings: readonly AzureFunctionsSettings[]): Advice[] {
  const flex = settings.filter(({ plan }) => plan === 'flex-consumption');
  const subnets = [...new Set(flex.flatMap(({ subnet }) => subnet ?? []))];
  if (subnets.length === 0) return [];
  return [
    {
      ...plain,
      name: 'subnet',
      why: 'Flex Consumption takes a subnet that is delegated to it, and that nothing else is in.',
      commands: subnets.map(
        (id) => `az network vnet subnet update --ids ${id} --delegations Microsoft.App/environments`,
      ),
    },
  ];
}

/** Where logs and metrics go. One that is there keeps its settings. */
function telemetryAdvice(settings: readonly AzureFunctionsSettings[]): Advice[] {
  const ids = [...new Set(settings.flatMap(({ applicationInsights }) => applicationInsights ?? []))];
  if (ids.length === 0) return [];
  return [
    {
      ...plain,
      name: 'application-insights',
      why: 'Keeps logs and metrics of the functions, for 90 days. The command is of an extension that az offers to install.',
      commands: ids.map((id) => {
        const [, subscription = '', group = '', name = ''] =
          /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/.*\/([^/]+)$/i.exec(id) ?? [];
        const component = (verb: string) =>
          `az monitor app-insights component ${verb} --app ${quoted(name)} --resource-group ${quoted(group)} --subscription ${subscription}`;
        return `${component('show')} > /dev/null 2>&1 || ${component('create')} --location "$LOCATION"`;
      }),
    },
  ];
}

/** What the owner of a subscription sets up once for an environment whose functions are on Azure; empty for others. */
export function adviceForSubscription(subject: Subject): Advice[] {
  const settings = settingsOf(subject);
  const [first] = settings;
  if (first === undefined) return [];
  return [
    subscriptionAdvice(subject, settings, first),
    storageAdvice(subject, settings, first.location),
    identityAdvice(subject, settings),
    ...subnetAdvice(settings),
    ...telemetryAdvice(settings),
  ];
}
