import type { ModelEntry } from '../config/types.ts';
import type { MoveResult } from '../registry/move-result.ts';
import type { DeployResult, Revision } from '../rollout/target.ts';
import type { Deployment } from './deployment.ts';
import type { StoredVersion } from './stored-version.ts';
import type { Context } from './verb.ts';
import type { Workspace } from './workspace.ts';

/** What has just been made live, and what there was before: what a watch looks at, and takes back where it breaks. */
export interface LiveWatch {
  workspace: Workspace;
  entry: ModelEntry;
  stored: StoredVersion;
  deployment: Deployment;
  /** What this run has done: its move of the pointer, and what it made live. */
  moved: MoveResult;
  routed: DeployResult;
  /** What was live before; nothing at the first deployment. */
  before: Revision | undefined;
  seconds: number;
  context: Context;
}
