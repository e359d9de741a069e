import { resolve } from 'node:path';
import type { ModelEntry } from '../../config/types.ts';
import type { DeployRequest, Target } from '../../rollout/target.ts';
import { openTarget } from '../../targets/open.ts';
import { type Deployment, packageFor } from '../deployment.ts';
import { functionSettings } from '../function-settings.ts';
import type { StoredVersion } from '../stored-version.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';
import type { Running } from './arm.ts';

/** The longest run that a function allows, and the largest request: many items are asked in one. */
const wide = { COLDGATE_RUN_TIMEOUT_MS: '900000', COLDGATE_MAX_PAYLOAD_KB: '65536', COLDGATE_CORS: '' };

/** The function that answers examples, on this machine whatever the environment's target is: the package that is deployed. */
export async function openEvaluated({ config }: Workspace, context: Context): Promise<Deployment> {
  const { log, now, signal, env } = context;
  const stateDir = resolve(config.root, '.coldgate', 'evaluate');
  const target = await openTarget({ provider: 'local' }, { log, stateDir, now, signal, env });
  return { target, package: await packageFor(target, context) };
}

function requestFor(
  { environment }: Workspace,
  entry: ModelEntry,
  deployment: Deployment,
  stored: StoredVersion,
): DeployRequest {
  const own = functionSettings(environment, entry);
  const handlerVariables = { ...own.handlerVariables, ...wide, COLDGATE_MODELS: entry.name };
  const settings = { ...own, name: `${entry.name}-evaluate`, handlerVariables };
  const { version, sha256, sample, manifest, manifestSha256 } = stored;
  return {
    settings,
    package: deployment.package,
    role: 'candidate',
    version,
    sha256,
    sample,
    manifest,
    manifestSha256,
  };
}

async function startFunction(target: Target, request: DeployRequest): Promise<Running> {
  const { revision } = await target.deploy(request);
  return { url: revision.url, again: () => startFunction(target, request) };
}

/** Runs the work with a way to start the function pinned to this version, and takes it away again. */
export async function withFunction<T>(
  workspace: Workspace,
  entry: ModelEntry,
  deployment: Deployment,
  stored: StoredVersion,
  work: (start: () => Promise<Running>) => Promise<T>,
): Promise<T> {
  const request = requestFor(workspace, entry, deployment, stored);
  try {
    return await work(() => startFunction(deployment.target, request));
  } finally {
    await deployment.target.remove(request.settings, 'all');
  }
}
