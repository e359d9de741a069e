import { selectEnvironment } from '../../config/select.ts';
import { readConfig } from '../read-config.ts';
import type { Context } from '../verb.ts';
import { openWorkspace, type WorkInput, type Workspace } from '../workspace.ts';

/** A store with the environments that share it. */
export interface StoreGroup {
  first: Workspace;
  /** Every environment of models.yaml with this store: each may run versions stored in it. */
  all: Workspace[];
  /** Those that were asked for. */
  swept: Workspace[];
}

/** The stores of the environment asked for, or of all. Throws InputError for an unknown one. */
export async function openStoreGroups(input: WorkInput, context: Context): Promise<StoreGroup[]> {
  const config = await readConfig(input.config, context, { checkFiles: false });
  const environmentName =
    input.environment === undefined ? undefined : selectEnvironment(config, input.environment).name;
  const groups = new Map<string, StoreGroup>();
  for (const { name, store } of Object.values(config.environments)) {
    const workspace = await openWorkspace({ ...input, environment: name }, context, { checkFiles: false });
    const key = JSON.stringify([store.url, store.endpoint ?? null]);
    const group = groups.get(key) ?? { first: workspace, all: [], swept: [] };
    group.all.push(workspace);
    if (environmentName === undefined || environmentName === name) group.swept.push(workspace);
    groups.set(key, group);
  }
  return [...groups.values()].filter((group) => group.swept.length > 0);
}
