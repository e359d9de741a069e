import { selectEnvironment } from '../config/select.ts';
import { readConfig } from './read-config.ts';
import type { Context } from './verb.ts';
import { openWorkspace, type WorkInput, type Workspace } from './workspace.ts';

/** A store with the environments that share it. */
export interface Shelf {
  first: Workspace;
  /** Every environment of models.yaml with this store: each may run what lies in it. */
  all: Workspace[];
  /** Those that were asked for. */
  swept: Workspace[];
}

/** The stores of the environment asked for, or of all. Throws InputError for an unknown one. */
export async function openShelves(input: WorkInput, context: Context): Promise<Shelf[]> {
  const config = await readConfig(input.config, context, { checkFiles: false });
  const asked = input.environment === undefined ? undefined : selectEnvironment(config, input.environment).name;
  const shelves = new Map<string, Shelf>();
  for (const { name, store } of Object.values(config.environments)) {
    const workspace = await openWorkspace({ ...input, environment: name }, context, { checkFiles: false });
    const key = JSON.stringify([store.url, store.endpoint ?? null]);
    const shelf = shelves.get(key) ?? { first: workspace, all: [], swept: [] };
    shelf.all.push(workspace);
    if (asked === undefined || asked === name) shelf.swept.push(workspace);
    shelves.set(key, shelf);
  }
  return [...shelves.values()].filter((shelf) => shelf.swept.length > 0);
}
