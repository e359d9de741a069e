import type { FoundFunction } from '../../rollout/target.ts';
import { listSites } from './app.ts';
import { readSettings } from './app-settings.ts';
import type { FlexContext } from './context.ts';
import { functionTag } from './resources.ts';

/** Functions of the resource group that have our tag, with what one of their apps has been told of its store. */
export async function listFunctions(context: FlexContext): Promise<FoundFunction[]> {
  const found = new Map<string, FoundFunction>();
  for (const { name: site, tags } of await listSites(context)) {
    const name = tags?.[functionTag];
    if (name === undefined || found.has(name)) continue;
    found.set(name, { name, storeVariables: await readSettings(context, site) });
  }
  return [...found.values()];
}
