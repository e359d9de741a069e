import { resolve } from 'node:path';
import { selectEnvironment, selectModels } from '../config/select.ts';
import type { Config, Environment, ModelEntry } from '../config/types.ts';
import { checkCredentialWords } from '../credential-words.ts';
import type { Target } from '../rollout/target.ts';
import { openStore } from '../stores/open.ts';
import type { Store } from '../stores/store.ts';
import { openTarget } from '../targets/open.ts';
import { readConfig } from './read-config.ts';
import type { Context } from './verb.ts';

/** Inputs that name what a verb works on. */
export interface WorkInput {
  config: string;
  environment?: string | undefined;
  model?: string[] | undefined;
}

/** One environment of a models.yaml with its store open, and its target on request. */
export interface Workspace {
  config: Config;
  environment: Environment;
  models: ModelEntry[];
  store: Store;
  /** The model's own target where it has one, else the environment's. Opened once. */
  targetOf(model: Pick<ModelEntry, 'target'>): Promise<Target>;
}

/**
 * Reads models.yaml and opens the store. Source files are checked only where the verb reads them.
 * Throws InputError with every problem of the file, or naming the environments and models there are.
 */
export async function openWorkspace(
  input: WorkInput,
  context: Context,
  options: { checkFiles: boolean },
): Promise<Workspace> {
  const config = await readConfig(input.config, context, options);
  const environment = selectEnvironment(config, input.environment);
  const models = selectModels(config, input.model ?? []);
  const own = models.map((model) => (model.target ?? environment.target).provider);
  checkCredentialWords([environment.store.url.split(':')[0] ?? '', ...own], context.env);
  const store = await openStore(environment.store);
  const targets = new Map<unknown, Promise<Target>>();
  const targetOf = (model: Pick<ModelEntry, 'target'>): Promise<Target> => {
    const settings = model.target ?? environment.target;
    const known = targets.get(settings);
    if (known) return known;
    const stateDir = resolve(config.root, '.coldgate', 'local', environment.name);
    const opened = openTarget(settings, {
      log: context.log,
      stateDir,
      now: context.now,
      signal: context.signal,
      env: context.env,
    });
    targets.set(settings, opened);
    return opened;
  };
  return { config, environment, models, store, targetOf };
}
