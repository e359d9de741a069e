import type { ArmApi } from '../arm.ts';
import { Contract } from '../contract.ts';
import { catalogueOperations } from './catalogue.ts';
import { configOperations } from './config.ts';
import { functionOperations } from './functions.ts';
import { planOperations } from './plans.ts';
import { siteOperations } from './sites.ts';
import { slotOperations } from './slots.ts';
import type { Web } from './web.ts';

/** Microsoft.Web, with what no client describes. */
export function webApis(web: Web): ArmApi[] {
  const operations = {
    ...planOperations(web),
    ...siteOperations(web),
    ...configOperations(web),
    ...functionOperations(web),
    ...catalogueOperations(web),
    ...slotOperations(web),
  };
  return ['web.2025-05-01.json', 'unlisted.json'].map((file) => ({ contract: Contract.read(file), operations }));
}
