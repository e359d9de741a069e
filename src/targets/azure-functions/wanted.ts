import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import type { Wanted } from '../../rollout/platform.ts';
import type { FunctionSettings } from '../../rollout/target.ts';
import { sortedEntries } from '../../rollout/wanted.ts';
import { type FlexContext, isPremium, planPath } from './context.ts';
import { accountOf, clientIdOf, insightsVariables, nodeVersionOf } from './facts.ts';
import { siteName } from './names.ts';
import { premiumSiteConfig, skuOf } from './premium-site.ts';
import { liveVariables, messageVariables } from './queue-settings.ts';
import {
  type FunctionAppConfig,
  functionTag,
  roleTag,
  type Scale,
  type Site,
  type Tags,
  versionTag,
} from './resources.ts';

/** The setting that names those that are ours, so that one that is taken out of models.yaml goes. */
export const ownVariable = 'COLDGATE_VARIABLES';
export const revisionVariable = 'COLDGATE_REVISION';

/** All managed variables but pin, revision, and what is known to Azure only. */
function ownVariables(settings: AzureFunctionsSettings, of: FunctionSettings): Record<string, string> {
  const { MODEL_VERSION: _, COLDGATE_CORS: cors, ...chosen } = { ...of.storeVariables, ...of.handlerVariables };
  return {
    ...settings.appSettings,
    ...batchVariables(settings),
    ...messageVariables(settings, of.name),
    ...chosen,
    // A preflight carries no key: where one is asked for, the platform answers it.
    ...(cors && settings.auth === 'anonymous' && { COLDGATE_CORS: cors }),
    COLDGATE_AZURE_AUTH: settings.auth,
    ORT_DISABLE_TELEMETRY: '1',
    MODEL_NAME: of.model,
    AzureWebJobsDisableHomepage: 'true',
    AzureWebJobsStorage__accountName: settings.storageAccount,
    AzureWebJobsStorage__credential: 'managedidentity',
  };
}

/** What the handler takes for an upload to answer; Event Grid tells it of them. */
function batchVariables({ batch, storageAccount }: AzureFunctionsSettings): Record<string, string> {
  if (!batch) return {};
  return {
    COLDGATE_BATCH_BUCKET: `${batch.storageAccount ?? storageAccount}/${batch.container}`,
    COLDGATE_BATCH_INPUT: batch.prefix ?? '',
    COLDGATE_BATCH_SUFFIX: batch.suffix,
    COLDGATE_BATCH_OUTPUT: batch.outputPrefix,
  };
}

/** Origins that the platform lets call; none where the handler does that itself. */
export const originsOf = ({ auth }: AzureFunctionsSettings, of: FunctionSettings): string[] =>
  auth === 'function' ? (of.handlerVariables['COLDGATE_CORS'] ?? '').split(',').filter((one) => one !== '') : [];

export const corsOf = (settings: AzureFunctionsSettings, of: FunctionSettings) => ({
  allowedOrigins: originsOf(settings, of),
  supportCredentials: false,
});

export const identityOf = ({ identity }: AzureFunctionsSettings): NonNullable<Site['identity']> =>
  identity === 'system'
    ? { type: 'SystemAssigned' }
    : { type: 'UserAssigned', userAssignedIdentities: { [identity]: {} } };

/** Everything of the settings that makes a revision another one. Pure. */
export function settingsOf(settings: AzureFunctionsSettings, of: FunctionSettings): unknown {
  const { identity, applicationInsights, timeout } = settings;
  const size = isPremium(settings) ? { sku: skuOf(settings) } : { memory: memoryOf(settings) };
  return [sortedEntries(ownVariables(settings, of)), { identity, applicationInsights, timeout, ...size }];
}

export const memoryOf = ({ instanceMemory = 2048 }: AzureFunctionsSettings): number => instanceMemory;

/** Every setting of an app that is ours, the list of them included. */
export async function variablesOf(
  context: FlexContext,
  of: FunctionSettings,
  { version, revision }: Pick<Wanted, 'version' | 'revision'>,
): Promise<Record<string, string>> {
  const clientId = await clientIdOf(context);
  const variables: Record<string, string> = {
    ...(await insightsVariables(context)),
    ...ownVariables(context.settings, of),
    ...(clientId !== undefined && { AzureWebJobsStorage__clientId: clientId, AZURE_CLIENT_ID: clientId }),
    ...(version !== null && { MODEL_VERSION: version }),
    ...(version === null && (await queueOf(context, of.name, clientId))),
    [revisionVariable]: revision,
  };
  return { ...variables, [ownVariable]: Object.keys(variables).sort().join(',') };
}

/** Of what follows the pointer: candidates take no messages. */
async function queueOf(context: FlexContext, name: string, clientId: string | undefined) {
  if (!context.settings.queue) return {};
  const { queues } = await accountOf(context);
  return liveVariables({ site: siteName(context.settings, name), queues, clientId });
}

/** What an app is for. */
export interface AppRole {
  /** `next`: the slot of a live app on Premium. */
  role: 'live' | 'candidate' | 'sample' | 'next';
  version: string | null;
}

/** Tags of an app and its plan; what was published is noted later. */
export const tagsOf = (
  { settings }: Pick<FlexContext, 'settings'>,
  name: string,
  { role, version }: AppRole,
): Tags => ({
  ...settings.tags,
  [functionTag]: name,
  [roleTag]: role,
  ...(version !== null && { [versionTag]: version }),
});

export function scaleOf(settings: AzureFunctionsSettings, role: AppRole['role']): Scale {
  const { maximumInstances, alwaysReady = 0, httpConcurrency } = settings;
  const ready = role === 'live' && alwaysReady > 0 ? [{ name: 'http', instanceCount: alwaysReady }] : [];
  return {
    maximumInstanceCount: maximumInstances,
    instanceMemoryMB: memoryOf(settings),
    alwaysReady: ready,
    triggers: { http: { perInstanceConcurrency: httpConcurrency } },
  };
}

/** Samples need all processes to end with a changed setting. */
export const strategyOf = (
  { updateStrategy }: AzureFunctionsSettings,
  role: AppRole['role'],
): 'RollingUpdate' | 'Recreate' => (updateStrategy === 'rolling' && role === 'live' ? 'RollingUpdate' : 'Recreate');

/**
 * The body of an app, written whole and never read, edited and sent back: Flex Consumption takes no more of `siteConfig` than
 * this, and refuses the rest also as null. Settings are only in that of an app that is made.
 */
export async function siteBody(
  context: FlexContext,
  site: string,
  of: FunctionSettings,
  app: AppRole,
  variables?: Record<string, string>,
): Promise<Omit<Site, 'name'>> {
  const { settings } = context;
  const { subnet } = settings;
  const appSettings = Object.entries(variables ?? {}).map(([name, value]) => ({ name, value }));
  return {
    kind: 'functionapp,linux',
    location: settings.location,
    tags: tagsOf(context, of.name, app),
    identity: identityOf(settings),
    properties: {
      serverFarmId: planPath(context, site),
      httpsOnly: true,
      ...(!isPremium(settings) && { functionAppConfig: await functionAppConfig(context, site, app) }),
      siteConfig: {
        ...(isPremium(settings) && (await premiumSiteConfig(context, app.role))),
        minTlsVersion: '1.2',
        scmMinTlsVersion: '1.2',
        cors: corsOf(settings, of),
        ...(variables && { appSettings }),
      },
      ...(subnet !== undefined && { virtualNetworkSubnetId: subnet }),
      // Its host then belongs to this tenant: nobody else gets it once the app is gone. Taken at creation only.
      ...(variables && { autoGeneratedDomainNameLabelScope: 'TenantReuse' }),
    },
  };
}

async function functionAppConfig(context: FlexContext, site: string, { role }: AppRole): Promise<FunctionAppConfig> {
  const { settings } = context;
  const { identity } = settings;
  const { blobs } = await accountOf(context);
  return {
    deployment: {
      storage: {
        type: 'blobContainer',
        value: `${blobs}/${site}`,
        authentication:
          identity === 'system'
            ? { type: 'SystemAssignedIdentity' }
            : { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity },
      },
    },
    runtime: { name: 'node', version: await nodeVersionOf(context) },
    scaleAndConcurrency: scaleOf(settings, role),
    siteUpdateStrategy: { type: strategyOf(settings, role) },
  };
}
