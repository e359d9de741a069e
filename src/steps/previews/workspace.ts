import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { selectModels } from '../../config/select.ts';
import type { Environment } from '../../config/types.ts';
import { defaultPointer } from '../../model/layout.ts';
import type { Target } from '../../rollout/target.ts';
import { openStore } from '../../stores/open.ts';
import { openTarget } from '../../targets/open.ts';
import { readConfig } from '../read-config.ts';
import type { Context } from '../verb.ts';
import type { WorkInput, Workspace } from '../workspace.ts';

/**
 * Runs the work in a workspace on this machine, whatever environments models.yaml defines: a store and functions in a
 * folder that is removed afterwards. For runs without credentials. Throws what the work throws, and InputError for an
 * invalid models.yaml.
 */
export async function inLocalWorkspace<T>(
  input: WorkInput,
  context: Context,
  work: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  const options = { checkFiles: true, withoutEnvironments: true };
  const config = await readConfig(input.config, context, options);
  const folder = await mkdtemp(join(tmpdir(), 'coldgate-local-'));
  try {
    const url = pathToFileURL(join(folder, 'store')).href;
    const environment: Environment = {
      name: 'local',
      store: { url },
      pointer: defaultPointer,
      target: { provider: 'local' },
    };
    const models = selectModels(config, input.model ?? []);
    const deps = {
      log: context.log,
      stateDir: join(folder, 'functions'),
      now: context.now,
      signal: context.signal,
      env: context.env,
    };
    let target: Promise<Target> | undefined;
    const targetOf = (): Promise<Target> => {
      target ??= openTarget(environment.target, deps);
      return target;
    };
    return await work({ config, environment, models, store: await openStore(environment.store), targetOf });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
