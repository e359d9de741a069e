import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import type { FlexContext } from './context.ts';
import { nodeVersionOf } from './facts.ts';

export const skuOf = ({ sku = 'EP1' }: Pick<AzureFunctionsSettings, 'sku'>): string => sku;

/** What Premium has in `siteConfig`; it refuses `functionAppConfig`. Instances are kept ready for what is live alone. */
export async function premiumSiteConfig(context: FlexContext, role: string): Promise<Record<string, unknown>> {
  const { maximumInstances, preWarmed = 1 } = context.settings;
  return {
    linuxFxVersion: `Node|${await nodeVersionOf(context)}`,
    preWarmedInstanceCount: role === 'live' ? preWarmed : 0,
    functionAppScaleLimit: maximumInstances,
    ftpsState: 'Disabled',
  };
}
