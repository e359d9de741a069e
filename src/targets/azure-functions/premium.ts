import { type FlexContext, isPremium } from './context.ts';
import { accountOf } from './facts.ts';
import { hostId, isSlot } from './names.ts';
import { packagePath } from './packages.ts';
import { skuOf } from './premium-site.ts';
import { queueOff } from './queue-settings.ts';
import { type Runs, roleTag } from './resources.ts';
import type { Wish } from './state.ts';
import { ownVariable, revisionVariable, tagsOf } from './wanted.ts';

/**
 * Settings that stay where they are when slots change places: a host has its keys and locks by its id, and messages are for
 * what is live alone.
 */
export const stickyVariables = ['AzureFunctionsWebHost__hostid', queueOff];

/** What runs, as `coldgate-runs` has it of apps: a setting goes with a swap, and tags do not. */
export const runsVariable = 'COLDGATE_RUNS';

/** The one plan of a function: its live app, candidates and samples are on it. Unlike others, it is billed while it exists. */
export function premiumPlan({ settings }: Pick<FlexContext, 'settings'>, name: string) {
  return {
    location: settings.location,
    kind: 'elastic',
    sku: { name: skuOf(settings), tier: 'ElasticPremium' },
    properties: { reserved: true, maximumElasticWorkerCount: settings.maximumInstances },
    tags: { ...tagsOf({ settings }, name, { role: 'live', version: null }), [roleTag]: 'plan' },
  };
}

/**
 * Settings of an app or slot: those of a revision, and what Flex Consumption has its own place for. One write of them is a
 * whole revision: package, settings and what they are.
 * @param nonce makes two times of the same revision differ
 */
export async function placedVariables(
  context: FlexContext,
  site: string,
  { variables, packageSha256, settingsSha256 }: Pick<Wish, 'variables' | 'packageSha256' | 'settingsSha256'>,
  nonce?: string,
): Promise<Record<string, string>> {
  const { settings } = context;
  if (!isPremium(settings)) return variables;
  const { blobs } = await accountOf(context);
  const runs = [variables[revisionVariable], settingsSha256, packageSha256, nonce].filter(Boolean).join(' ');
  const placed: Record<string, string> = {
    ...variables,
    FUNCTIONS_EXTENSION_VERSION: '~4',
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureFunctionsWebHost__hostid: hostId(site),
    WEBSITE_RUN_FROM_PACKAGE: `${blobs}/${packagePath(context, site, packageSha256)}`,
    WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID: settings.identity === 'system' ? 'SystemAssigned' : settings.identity,
    [runsVariable]: runs,
    ...(isSlot(site) && { [queueOff]: 'true' }),
  };
  return { ...placed, [ownVariable]: Object.keys(placed).sort().join(',') };
}

/** What settings say that runs with them; undefined where they do not, or were changed by other hands. */
export function runsIn(settings: Readonly<Record<string, string>>): Runs | undefined {
  const [revision, settingsSha256, packageSha256] = (settings[runsVariable] ?? '').split(' ');
  return revision && settingsSha256 && packageSha256 ? { revision, settingsSha256, packageSha256 } : undefined;
}
