import { isFlex, type Site } from './record.ts';
import type { Web } from './web.ts';

const read = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read';

/**
 * The package that the settings of an app on Premium name, read by its identity; none where that may not, or where there is
 * none: https://learn.microsoft.com/azure/azure-functions/run-functions-from-deployment-package
 */
export async function runFromPackage(web: Web, site: Site): Promise<void> {
  const url = site.settings.get('WEBSITE_RUN_FROM_PACKAGE');
  if (isFlex(site.plan) || url === undefined) return;
  const { accounts, identities } = web.azure;
  const found = accounts.locate(url);
  const by = site.settings.get('WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID');
  const identity = by === 'SystemAssigned' ? web.identityOf(site) : identities.find(by ?? '');
  site.content = undefined;
  site.listed = [];
  if (!found || !identity) return;
  const scope = accounts.containerId(found.account, found.container);
  const name = url.slice(url.indexOf(`/${found.container}/`) + found.container.length + 2);
  const blob = found.account.containers.get(found.container)?.blobs.get(name);
  if (!blob || !web.context.iam.allows(identity.oid, { action: read, scope, data: true })) return;
  site.content = await web.packages.mount(blob.bytes);
  site.functionsLag = web.context.knobs.functionsLag;
}
