import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import type { FlexContext } from './context.ts';
import { nodeVersionOf } from './facts.ts';

export const skuOf = ({ sku = 'EP1' }: Pick<AzureFunctionsSettings, 'sku'>): string => sku;

/** Instances are kept ready for what is live alone. */
export const preWarmedOf = ({ preWarmed = 1 }: Pick<AzureFunctionsSettings, 'preWarmed'>, role: string): number =>
  role === 'live' ? preWarmed : 0;

/** What Premium has in `siteConfig`; it refuses `functionAppConfig`. */
export async function premiumSiteConfig(context: FlexContext, role: string): Promise<Record<string, unknown>> {
  const { maximumInstances } = context.settings;
  return {
    linuxFxVersion: `Node|${await nodeVersionOf(context)}`,
    preWarmedInstanceCount: preWarmedOf(context.settings, role),
    functionAppScaleLimit: maximumInstances,
    ftpsState: 'Disabled',
  };
}
