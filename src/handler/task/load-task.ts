import { readFileSync } from 'node:fs';
import { openTask } from '../../task/open-task.ts';
import type { Signature, Task } from '../../task/task.ts';
import { toLoadError } from '../model/load-error.ts';
import type { ObtainedFile } from '../model/obtain-file.ts';
import type { Resolved } from '../model/resolve.ts';

export { prepareTask } from '../../task/open-task.ts';

/**
 * Opens the version's task. Read with the first version that has one.
 * @param tokenizer the compiled tokenizer, verified, where the version has one in a format of this release
 * @throws LoadError `document-unusable` where this release cannot serve the task
 */
export async function loadTask(
  { manifest, version }: Resolved,
  tokenizer: ObtainedFile | undefined,
  signature: Signature,
): Promise<Task | undefined> {
  if (!manifest?.task) return undefined;
  try {
    // One read, and used where it lies.
    return await openTask(manifest.task, { ...(tokenizer && { tokenizer: readFileSync(tokenizer.path) }) }, signature);
  } catch (error) {
    throw toLoadError(error, 'document-unusable', `The task of ${version} cannot be served`);
  }
}
