import { z } from 'zod';
import type { CamelKeys } from '../camel-keys.ts';
import { azureGateway } from './azure-gateway.ts';
import { text, textMap, variableMap, whole, words } from './field-kinds.ts';

/** Limits: https://learn.microsoft.com/azure/azure-functions/functions-scale and …/flex-consumption-plan */
const resourceGroup = text('the name of a resource group', /^[\w.()-]{1,89}[\w()-]$/);

export const azureFunctionsTarget = z
  .strictObject({
    provider: z.literal('azure-functions'),
    subscription: text('a subscription id (UUID)', /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/).describe(
      'Subscription id.',
    ),
    'resource-group': resourceGroup.describe('Resource group of the function app.'),
    location: text('a location such as westeurope', /^[a-z][a-z0-9]{2,40}$/).describe(
      'Location; best the one of the store.',
    ),
    plan: z.enum(['flex-consumption', 'premium']).default('flex-consumption').describe('Hosting plan; Linux.'),
    sku: z.enum(['EP1', 'EP2', 'EP3']).optional().describe('Size of the premium plan. Default: EP1.'),
    'storage-account': text('the name of a storage account', /^[a-z0-9]{3,24}$/).describe(
      'Storage account of the function app.',
    ),
    'instance-memory': z
      .literal([512, 2048, 4096])
      .optional()
      .describe('MB an instance, flex-consumption only. Default: 2048.'),
    'always-ready': whole(0, 1000).optional().describe('Instances kept warm, flex-consumption only. Default: 0.'),
    'pre-warmed': whole(0, 20).optional().describe('Spare warm instances, premium only. Default: 1.'),
    'maximum-instances': whole(1, 1000).default(40).describe('Cap of instances.'),
    'http-concurrency': whole(1, 1000)
      .default(4)
      .describe('Calls that one instance takes at once; 1 to 4 for inference.'),
    timeout: whole(1, 230).default(60).describe('Seconds a call may take; the front end cuts at 230.'),
    identity: words('`system`, or the resource id of a user-assigned identity', 512)
      .default('system')
      .describe('Managed identity; needs Storage Blob Data Reader on the container.'),
    auth: z
      .enum(['function', 'anonymous'])
      .default('function')
      .describe('Who may call: bearers of a function key, or anyone.'),
    gateway: azureGateway.optional(),
    'application-insights': words('the resource id of an Application Insights component', 512)
      .optional()
      .describe('Where telemetry goes.'),
    subnet: words('the resource id of a subnet', 512).optional().describe('Virtual network integration.'),
    'app-settings': variableMap().optional().describe('Further settings of the app.'),
    tags: textMap('a tag key', /^[^<>%&\\?/\p{Cc}]{1,512}$/u)
      .optional()
      .describe('Tags of all resources.'),
  })
  .describe('Azure Functions.');

/** The settings as the driver gets them: checked, with defaults. */
export type AzureFunctionsSettings = CamelKeys<z.infer<typeof azureFunctionsTarget>>;
