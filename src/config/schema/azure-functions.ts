import { z } from 'zod';
import type { CamelKeys } from '../camel-keys.ts';
import { azureGateway } from './azure-gateway.ts';
import { text, whole, words } from './field-kinds.ts';
import { queueSettings } from './queue.ts';

/**
 * Limits: https://learn.microsoft.com/azure/azure-functions/functions-scale, …/flex-consumption-plan and
 * https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules. Those between fields are in
 * check-azure-functions.ts.
 */
const uuid = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
const group = '[\\w.()-]{0,89}[\\w()-]';

/** A resource's id down to its name; ids are the same in any case. */
const resourceId = (what: string, provider: string, ...types: string[]) => {
  const path = types.map((type) => `${type}/[\\w.-]{1,128}`).join('/');
  const pattern = `^/subscriptions/${uuid}/resourceGroups/${group}/providers/${provider.replace('.', '\\.')}/${path}$`;
  const shown = `…/providers/${provider}/${types.map((type) => `${type}/NAME`).join('/')}`;
  return text(`the resource id of ${what} (/subscriptions/${shown})`, new RegExp(pattern, 'i'));
};

const account = () => text('the name of a storage account: 3 to 24 lower-case letters and digits', /^[a-z0-9]{3,24}$/);

const places = {
  subscription: text('a subscription id (UUID)', new RegExp(`^${uuid}$`)).describe('Subscription id.'),
  'resource-group': text('the name of a resource group', new RegExp(`^${group}$`)).describe(
    'Resource group of the function app, its plan and its storage account.',
  ),
  location: text('a location such as westeurope', /^[a-z][a-z0-9]{2,40}$/).describe(
    'Location; best the one of the store.',
  ),
  'storage-account': account().describe(
    'Storage account of the function apps, in the same group: their packages, keys and locks.',
  ),
};

const scaling = {
  plan: z.enum(['flex-consumption', 'premium']).default('flex-consumption').describe('Hosting plan; Linux.'),
  sku: z.enum(['EP1', 'EP2', 'EP3']).optional().describe('Size of the premium plan. Default: EP1.'),
  'instance-memory': z
    .literal([512, 2048, 4096])
    .optional()
    .describe('MB an instance: a quarter of a core, one or two. flex-consumption only. Default: 2048.'),
  'always-ready': whole(0, 1000)
    .optional()
    .describe('Instances kept warm, and billed, flex-consumption only. Default: 0.'),
  'pre-warmed': whole(0, 10).optional().describe('Spare warm instances, premium only. Default: 1.'),
  'maximum-instances': whole(1, 1000)
    .default(40)
    .describe(
      'Cap of instances, always-ready ones not counted. Some regions take no fewer than 40; premium takes 100.',
    ),
  'http-concurrency': whole(1, 1000)
    .default(4)
    .describe('Calls that one instance takes at once; 1 to 4 for inference.'),
  'update-strategy': z
    .enum(['recreate', 'rolling'])
    .optional()
    .describe(
      'What a new package or setting does to instances at work, flex-consumption only: ends them at once, or by and by (preview). Default: recreate.',
    ),
  timeout: whole(1, 230).default(60).describe('Seconds a call may take; the front end cuts at 230.'),
};

const access = {
  identity: z
    .union([
      z.literal('system'),
      resourceId('a user-assigned identity', 'Microsoft.ManagedIdentity', 'userAssignedIdentities'),
    ])
    .default('system')
    .describe('`system`, or the resource id of a user-assigned identity, which deploy then need not give any roles.'),
  auth: z
    .enum(['function', 'anonymous'])
    .default('function')
    .describe('Who may call: bearers of a function key, or anyone.'),
  gateway: azureGateway.optional(),
  subnet: resourceId('a subnet', 'Microsoft.Network', 'virtualNetworks', 'subnets')
    .optional()
    .describe('Virtual network integration. For flex-consumption delegated to Microsoft.App/environments.'),
};

const batch = z
  .strictObject({
    'storage-account': account()
      .optional()
      .describe('Storage account of the uploads, in the target’s resource group. Default: the target’s.'),
    container: text(
      'the name of a container: 3 to 63 lower-case letters, digits and single "-"',
      /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/,
    ).describe('Container whose uploads start a batch.'),
    prefix: words('a blob prefix', 512).optional().describe('Only blobs that begin so.'),
    suffix: words('a blob suffix', 64).default('.jsonl').describe('Only blobs that end so.'),
    'output-prefix': words('a blob prefix', 512).default('results/').describe('Where results are written.'),
  })
  .describe('Batch inference over JSON Lines, started by uploads.');

/**
 * Names that Linux takes, without those that Coldgate sets, and those that Flex Consumption refuses or breaks with.
 * https://learn.microsoft.com/azure/azure-functions/functions-app-settings
 */
const reserved = [
  ...['MODEL_', 'COLDGATE_', 'AzureWebJobsStorage', 'AzureWebJobsSecret', 'AzureWebJobsDisableHomepage$'],
  ...['FUNCTIONS_WORKER', 'FUNCTIONS_EXTENSION_VERSION$', 'AzureFunctionsWebHost__hostid$', 'WEBSITE_CONTENT'],
  ...['WEBSITE_RUN_FROM_PACKAGE', 'WEBSITE_NODE_DEFAULT_VERSION$', 'WEBSITE_TIME_ZONE$', 'ENABLE_ORYX_BUILD$'],
  ...['SCM_DO_BUILD_DURING_DEPLOYMENT$', 'APPLICATIONINSIGHTS_(?:CONNECTION|AUTHENTICATION)_STRING$'],
  ...['AZURE_CLIENT_ID$', 'ORT_DISABLE_TELEMETRY$', 'INITIALIZED_FROM_PLACEHOLDER$'],
];
const appSettings = z.record(
  text(
    'a name of letters, digits and _ that is not one of Azure’s, of the Functions host or of Coldgate',
    new RegExp(`^(?!${reserved.join('|')})[A-Za-z_][A-Za-z0-9_]{0,127}$`, 'i'),
  ),
  words('text of 1 to 4096 characters on one line', 4096),
  { error: 'a mapping of names to text' },
);

/** https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations */
const tags = z.record(
  text(
    'a tag name of at most 128 characters without <>%&\\?/ that begins neither with coldgate nor with azure, microsoft or windows',
    /^(?!coldgate|azure|microsoft|windows)[^<>%&\\?/\p{Cc}]{1,128}$/iu,
  ),
  text('at most 256 characters on one line', /^[^\p{Cc}]{0,256}$/u),
  { error: 'a mapping of names to text' },
);

export const azureFunctionsTarget = z
  .strictObject({
    provider: z.literal('azure-functions'),
    ...places,
    ...scaling,
    ...access,
    batch: batch.optional(),
    queue: queueSettings({ concurrency: [1, 1000] }),
    'application-insights': resourceId('an Application Insights component', 'Microsoft.Insights', 'components')
      .optional()
      .describe('Where telemetry goes, and where logs and metrics are read.'),
    'app-settings': appSettings
      .optional()
      .describe('Further settings of the app, which the function has as variables.'),
    tags: tags.optional().describe('Tags of all resources; at most 42.'),
  })
  .describe('Azure Functions.');

/** The settings as the driver gets them: checked, with defaults. */
export type AzureFunctionsSettings = CamelKeys<z.infer<typeof azureFunctionsTarget>>;
