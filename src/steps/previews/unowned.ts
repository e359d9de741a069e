import { ColdgateError, exitCodes } from '../../errors.ts';
import { isModelName, isPointerName, isVersion } from '../../model/names.ts';
import { readManifest } from '../../registry/version/contents.ts';
import type { FoundFunction, Target } from '../../rollout/target.ts';
import { storeVariables } from '../function-settings.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';
import { previewNumber } from './name.ts';

/** What a store has of a model. */
export interface StoredModel {
  name: string;
  /** Complete or not, previews among them. */
  versions: string[];
  pointers: string[];
}

const isDenied = (error: unknown): error is ColdgateError =>
  error instanceof ColdgateError && error.exit === exitCodes.denied;

/** The result, or undefined, with a warning, where the role of the run is not allowed to ask. */
async function unlessDenied<T>(what: string, answer: Promise<T>, { log }: Context): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!isDenied(error)) throw error;
    log.warn(`${what}: what models.yaml does not name is not looked for. ${error.message}`);
    return undefined;
  }
}

async function listStore({ store }: Workspace): Promise<StoredModel[]> {
  const found = new Map<string, { versions: Set<string>; pointers: Set<string> }>();
  for await (const { key } of store.list('')) {
    const [name = '', second = '', third = ''] = key.split('/');
    if (!isModelName(name)) continue;
    const model = found.get(name) ?? { versions: new Set(), pointers: new Set() };
    if (second === 'versions' && isVersion(third)) model.versions.add(third);
    else if (third === '' && isPointerName(second)) model.pointers.add(second);
    else continue;
    found.set(name, model);
  }
  return [...found].map(([name, { versions, pointers }]) => ({
    name,
    versions: [...versions],
    pointers: [...pointers],
  }));
}

/** Every model that the store has, by one listing of it; undefined where the role of the run may not list it. */
export const storedModels = (ws: Workspace, context: Context): Promise<StoredModel[] | undefined> =>
  unlessDenied(`The store ${ws.store.url} could not be listed as a whole`, listStore(ws), context);

/** Functions on a target that read the store of the workspace, or that are this project's by where they are. */
export async function functionsOn(target: Target, ws: Workspace, context: Context): Promise<FoundFunction[]> {
  // What a function reads, by whatever way and pointer.
  const { MODEL_POINTER: _, MODEL_READ_URL: _way, ...own } = storeVariables(ws.environment);
  const found = await unlessDenied(`The functions of ${target.key} could not be listed`, target.list(), context);
  return (found ?? []).filter(
    ({ storeVariables: read }) => !read || Object.entries(own).every(([name, value]) => (read[name] ?? '') === value),
  );
}

/** The target of the environment, then the model-level targets, each once. */
export async function targetsOf(ws: Workspace): Promise<Target[]> {
  const settings = [undefined, ...Object.values(ws.config.models).map((model) => model.target)];
  return [...new Set(await Promise.all([...new Set(settings)].map((target) => ws.targetOf({ target }))))];
}

/** The pull request that a function's name ends with; undefined for others. */
export function functionNumber(name: string): number | undefined {
  const digits = /-pr-([1-9]\d{0,15})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Whether a preview of a model that models.yaml does not name was published from this repository: several may share a
 * store, each with a pull request of that number. Without a complete version this cannot be determined.
 */
export async function isOfThisRepository(
  { store }: Workspace,
  model: StoredModel,
  pullRequest: number,
  context: Context,
): Promise<boolean> {
  const own = (await context.source()).repository?.toLowerCase();
  const versions = model.versions.filter((version) => previewNumber(version) === pullRequest);
  const manifests = await Promise.all(versions.map((version) => readManifest(store, model.name, version)));
  const known = manifests.filter((stored) => stored !== undefined);
  return known.length > 0 && known.every(({ manifest }) => manifest.source.repository?.toLowerCase() === own);
}
