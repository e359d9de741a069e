import { failureIn, isMissing } from '../../azure/failure.ts';
import { notRegistered } from '../../azure/refusal.ts';
import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import { ColdgateError, exitCodes } from '../../errors.ts';
import { type FlexContext, isPremium } from './context.ts';
import type { Component, StorageAccount } from './state.ts';

/*
 * What stands in Azure beside our apps: read when it is first needed, once in a run.
 */

const isUser = (identity: string): boolean => identity !== 'system';

/** The storage account of the apps. Throws ColdgateError `no-storage-account` (exit 2). */
export function accountOf(context: FlexContext): Promise<StorageAccount> {
  context.facts.account ??= readAccount(context);
  return context.facts.account;
}

/** Id of a storage account of the same resource group. */
export const accountId = ({ group }: Pick<FlexContext, 'group'>, account: string): string =>
  `${group}/providers/Microsoft.Storage/storageAccounts/${account}`;

async function readAccount(context: FlexContext): Promise<StorageAccount> {
  const { arm, settings } = context;
  const id = accountId(context, settings.storageAccount);
  interface Account {
    properties?: { primaryEndpoints?: { blob?: string; queue?: string } };
  }
  const found = await arm.find<Account>(id, { apiVersion: '2023-05-01' });
  const { blob, queue = '' } = found?.body.properties?.primaryEndpoints ?? {};
  if (blob) return { id, blobs: blob.replace(/\/+$/, ''), queues: queue.replace(/\/+$/, '') };
  const text = `There is no storage account ${settings.storageAccount} in the resource group ${settings.resourceGroup}.`;
  throw new ColdgateError('no-storage-account', exitCodes.usage, text, {
    hint: `Correct storage-account in models.yaml, or make it: az storage account create --name ${settings.storageAccount} --resource-group ${settings.resourceGroup} --location ${settings.location} --allow-shared-key-access false`,
  });
}

/** What packages are made for, the newer first. */
export const nodeVersions = ['24', '22'];

interface Stack {
  properties?: { majorVersions?: { value?: string; minorVersions?: Minor[] }[] };
}

interface Minor {
  value?: string;
  stackSettings?: {
    linuxRuntimeSettings?: {
      runtimeVersion?: string;
      isHidden?: boolean;
      isDeprecated?: boolean;
      Sku?: { skuCode?: string; functionAppConfigProperties?: { runtime?: { version?: string } } }[] | null;
    };
  };
}

/**
 * The version of Node by the region's catalogue, as its exact text: Azure takes any other, and such an app never starts.
 * Throws ColdgateError `no-node` (exit 2) where the region has none of ours.
 */
export function nodeVersionOf(context: FlexContext): Promise<string> {
  context.facts.node ??= readNodeVersion(context);
  return context.facts.node;
}

async function readNodeVersion({ arm, settings, log }: FlexContext): Promise<string> {
  const path = `/providers/Microsoft.Web/locations/${settings.location}/functionAppStacks`;
  const query = { stack: 'node', removeHiddenStacks: 'true', removeDeprecatedStacks: 'true' };
  const stacks = await arm.list<Stack>(path, { apiVersion: '2020-10-01', query });
  const offered = stacks
    .flatMap(({ properties }) => properties?.majorVersions ?? [])
    .flatMap((major) => versionsOf(major, settings));
  const found = nodeVersions.find((version) => offered.includes(version));
  if (found === undefined) {
    const text = `${settings.location} offers Node ${offered.join(', ') || 'in no version'} for plan: ${settings.plan}; packages are made for ${nodeVersions.join(' and ')}.`;
    throw new ColdgateError('no-node', exitCodes.usage, text, { hint: 'Choose another location.' });
  }
  if (found !== nodeVersions[0])
    log.info(`${settings.location} does not offer Node ${nodeVersions[0]} yet: ${found} is used.`);
  return found;
}

/** Versions that a plan has; minor versions without a list of plans count for all of them, and all of them for Premium. */
function versionsOf(
  { minorVersions = [] }: { minorVersions?: Minor[] },
  settings: Pick<AzureFunctionsSettings, 'plan'>,
): string[] {
  return minorVersions.flatMap(({ stackSettings }) => {
    const { runtimeVersion, isHidden, isDeprecated, Sku } = stackSettings?.linuxRuntimeSettings ?? {};
    if (isHidden || isDeprecated) return [];
    if (!Sku || isPremium(settings)) return runtimeVersion ? [runtimeVersion.split('|').at(-1) ?? ''] : [];
    const flex = Sku.filter(({ skuCode }) => skuCode?.toUpperCase() === 'FC1');
    return flex.map(({ functionAppConfigProperties }) => functionAppConfigProperties?.runtime?.version ?? '');
  });
}

/** Client id of the user-assigned identity; undefined where the apps have their own. */
export async function clientIdOf(context: FlexContext): Promise<string | undefined> {
  const { arm, settings, facts } = context;
  if (!isUser(settings.identity)) return undefined;
  facts.identity ??= arm
    .send<{ properties?: { clientId?: string } }>('GET', settings.identity, { apiVersion: '2024-11-30' })
    .then(
      ({ body }) => body.properties?.clientId ?? '',
      (error: unknown) => {
        if (!isMissing(error)) throw error;
        throw new ColdgateError('no-identity', exitCodes.usage, `There is no identity ${settings.identity}.`, {
          hint: 'Correct identity in models.yaml, or make it: az identity create.',
          cause: error,
        });
      },
    );
  return facts.identity;
}

/** Variables by which the host sends its telemetry to Application Insights; none without a component. */
export function insightsVariables(context: FlexContext): Promise<Record<string, string>> {
  context.facts.insights ??= readInsights(context);
  return context.facts.insights;
}

async function readInsights(context: FlexContext): Promise<Record<string, string>> {
  const component = await componentOf(context);
  if (!component) return {};
  const { ConnectionString = '', DisableLocalAuth = false } = component;
  const clientId = await clientIdOf(context);
  const of = clientId === undefined ? '' : `;ClientId=${clientId}`;
  return {
    APPLICATIONINSIGHTS_CONNECTION_STRING: ConnectionString,
    ...(DisableLocalAuth && { APPLICATIONINSIGHTS_AUTHENTICATION_STRING: `Authorization=AAD${of}` }),
  };
}

/** The component of the settings; undefined where they have none. */
export async function componentOf(context: FlexContext): Promise<Component | undefined> {
  const { arm, facts } = context;
  const { applicationInsights } = context.settings;
  if (applicationInsights === undefined) return undefined;
  facts.component ??= arm
    .send<{ properties?: Component }>('GET', applicationInsights, { apiVersion: '2020-02-02' })
    .then(({ body }) => body.properties ?? {});
  return facts.component;
}

/**
 * Virtual networks of Flex Consumption are a matter of Microsoft.App, and without its registration an app is refused that is half
 * made by then. Throws ColdgateError `provider-not-registered` (exit 8). Whoever may not look goes on.
 */
export function checkNetwork(context: FlexContext): Promise<void> {
  const { subnet } = context.settings;
  if (subnet === undefined || isPremium(context.settings)) return Promise.resolve();
  context.facts.network ??= readRegistration(context, subnet);
  return context.facts.network;
}

const networkProvider = 'Microsoft.App';

async function readRegistration({ arm, settings, log }: FlexContext, subnet: string): Promise<void> {
  const path = `/subscriptions/${settings.subscription}/providers/${networkProvider}`;
  try {
    const { body } = await arm.send<{ registrationState?: string }>('GET', path, { apiVersion: '2021-04-01' });
    if (/^registered$/i.test(body.registrationState ?? '')) return;
  } catch (error) {
    if (failureIn(error)?.status !== 403) throw error;
    log.debug(`Whether ${networkProvider} is registered cannot be seen: ${(error as Error).message}`);
    return;
  }
  throw notRegistered(networkProvider, `subnet: ${subnet} needs it with plan: flex-consumption.`);
}
