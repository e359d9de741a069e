import { isFlex, type Site } from './record.ts';
import type { Web } from './web.ts';

const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';

/** Variables of a worker: the app's settings, and what the platform sets. */
export function environmentOf(web: Web, site: Site): Record<string, string> {
  return {
    AZURE_FUNCTIONS_ENVIRONMENT: 'Production',
    FUNCTIONS_EXTENSION_VERSION: '~4',
    FUNCTIONS_WORKER_RUNTIME: 'node',
    REGION_NAME: site.location,
    WEBSITE_HOSTNAME: site.servers.app.host,
    WEBSITE_OWNER_NAME: `${web.context.subscription}+${site.group}-Linux`,
    WEBSITE_SITE_NAME: site.name,
    ...(isFlex(site.plan) && { WEBSITE_SKU: 'FlexConsumption' }),
    ...Object.fromEntries(site.settings),
  };
}

/** Why the host of an app cannot start; undefined where it can. */
export function hostProblem(web: Web, site: Site): string | undefined {
  const { runtime } = site.properties.functionAppConfig ?? {};
  if (isFlex(site.plan) && !web.context.knobs.nodeVersions.includes(runtime?.version ?? '')) {
    return `The runtime ${runtime?.name} ${runtime?.version} is not there.`;
  }
  return storageProblem(web, site);
}

/** The host needs the storage account of its app: for keys and locks. */
function storageProblem(web: Web, site: Site): string | undefined {
  const setting = (name: string): string | undefined => site.settings.get(name);
  if (setting('AzureWebJobsStorage') !== undefined) {
    return "The setting 'AzureWebJobsStorage' is there, and keeps the identity from being used.";
  }
  const account = web.azure.accounts.find(setting('AzureWebJobsStorage__accountName') ?? '');
  if (!account) return 'Unable to find the storage account of AzureWebJobsStorage.';
  if (setting('AzureWebJobsStorage__credential') !== 'managedidentity') {
    return 'AzureWebJobsStorage__credential: expected managedidentity.';
  }
  const isUser = /^UserAssigned$/i.test(site.identity.type ?? '');
  const clientId = setting('AzureWebJobsStorage__clientId');
  const identity = web.identityOf(site, clientId);
  if (!identity) return `There is no identity ${clientId ?? (isUser ? 'without AzureWebJobsStorage__clientId' : '')}.`;
  const need = { action: `${blobs}/write`, scope: web.azure.accounts.idOf(account), data: true };
  if (web.context.iam.allows(identity.oid, need)) return undefined;
  return 'Unable to access AzureWebJobsStorage: Status: 403 (This request is not authorized to perform this operation using this permission.)';
}
