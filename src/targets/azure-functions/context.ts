import { randomUUID } from 'node:crypto';
import { type Arm, openArm } from '../../azure/arm.ts';
import { type AzureCredentials, openCredentials } from '../../azure/credentials.ts';
import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import type { PlatformDeps } from '../../rollout/platform.ts';
import type { MovedAddress } from '../../rollout/proof/http.ts';
import { ownerOf } from './names.ts';
import type { Component, Former, SampleApp, StorageAccount } from './state.ts';

/** What every operation of the platform works with. */
export interface FlexContext extends PlatformDeps {
  settings: AzureFunctionsSettings;
  arm: Arm;
  credentials: AzureCredentials;
  /** `/subscriptions/S/resourceGroups/G` */
  group: string;
  /** Function keys by app: read once in a run, and masked. */
  keys: Map<string, Promise<string>>;
  /** Own addresses of apps, by app. */
  urls: Map<string, string>;
  /** Digests of revisions in API Management, by the address that they answer at. */
  digests: Map<string, string>;
  /** What this run has replaced, by function: it is set back from here. */
  former: Map<string, Former>;
  /** Id of this run: two gates of one function do not change each other's settings. */
  run: string;
  /** Apps for samples of this run, by function and version. */
  samples: Map<string, SampleApp>;
  /** Apps that this run has changed, with what answers there once the change has reached every instance. */
  moved: Map<string, MovedAddress>;
  /** Whether this run may not read logs: it is not asked again. */
  withoutLogs: boolean;
  /** What does not change during a run. */
  facts: {
    node?: Promise<string>;
    account?: Promise<StorageAccount>;
    identity?: Promise<string>;
    insights?: Promise<Record<string, string>>;
    component?: Promise<Component>;
    network?: Promise<void>;
  };
}

export function contextOf(settings: AzureFunctionsSettings, deps: PlatformDeps): FlexContext {
  const variables = deps.env ?? {};
  const credentials = openCredentials(variables, deps.signal);
  return {
    ...deps,
    settings,
    credentials,
    arm: openArm({ ...deps, credentials, variables }),
    group: `/subscriptions/${settings.subscription}/resourceGroups/${settings.resourceGroup}`,
    keys: new Map(),
    urls: new Map(),
    digests: new Map(),
    former: new Map(),
    run: randomUUID(),
    samples: new Map(),
    moved: new Map(),
    withoutLogs: false,
    facts: {},
  };
}

/** API version of Microsoft.Web. */
export const web = '2025-05-01';

export const sitePath = ({ group }: Pick<FlexContext, 'group'>, site: string): string =>
  `${group}/providers/Microsoft.Web/sites/${site}`;

export const isPremium = ({ plan }: Pick<AzureFunctionsSettings, 'plan'>): boolean => plan === 'premium';

/** Whose plan and container an app has: its own on Flex Consumption, those of the live app on Premium. */
export const homeOf = ({ settings }: Pick<FlexContext, 'settings'>, site: string): string =>
  isPremium(settings) ? ownerOf(site) : site;

export const planPath = (context: Pick<FlexContext, 'group' | 'settings'>, site: string): string =>
  `${context.group}/providers/Microsoft.Web/serverfarms/${homeOf(context, site)}-plan`;
