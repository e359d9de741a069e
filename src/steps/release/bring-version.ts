import type { ModelEntry } from '../../config/types.ts';
import { InputError } from '../../errors.ts';
import type { CopiedFile } from '../../registry/publish/copy-file.ts';
import { type CopyResult, copyVersion } from '../../registry/publish/copy-version.ts';
import { bytesText, type ModelResult, markdownTable } from '../results.ts';
import type { Context } from '../verb.ts';
import { openWorkspace, type WorkInput, type Workspace } from '../workspace.ts';

/** Opens the environment that versions come from. Throws InputError where it is the one that they go to. */
export async function openOrigin(
  input: WorkInput & { from: string },
  to: Workspace,
  context: Context,
): Promise<Workspace> {
  if (input.from === to.environment.name) {
    const message = `expected another environment than ${input.from}, which is the one to promote in.`;
    throw new InputError([{ path: '--from', message, hint: 'Name the environment to promote in with --environment.' }]);
  }
  return openWorkspace({ ...input, environment: input.from }, context, { checkFiles: false });
}

/** Two environments may share a store and differ in their pointers; then nothing has to be copied. */
export function shareStore(one: Workspace, other: Workspace): boolean {
  const { url, endpoint } = one.environment.store;
  return url === other.environment.store.url && endpoint === other.environment.store.endpoint;
}

/** Copies the version from the one environment's store to the other's and reads the copy back. */
export function bringVersion(
  origin: Workspace,
  to: Workspace,
  entry: ModelEntry,
  version: string,
  context: Context,
): Promise<CopyResult> {
  const { now, log, dryRun } = context;
  const { store, environment } = to;
  const place = { from: origin.store, store, model: entry.name, version, pointer: environment.pointer };
  return copyVersion({ ...place, now, log, dryRun });
}

const ways: Record<CopiedFile['how'], string> = {
  'by-store': 'copied by the store itself',
  streamed: 'copied through this machine',
  adopted: 'lay there already',
  planned: 'would be copied',
};

/** Puts the copy's lines in front of the promotion's. */
export function withCopy(moved: ModelResult, from: string, to: string, copy: CopyResult): ModelResult {
  const { copied, wouldCopy, version, files } = copy;
  const bytes = bytesText(files.reduce((sum, { size }) => sum + size, 0));
  const count = `${files.length} ${files.length === 1 ? 'file' : 'files'}, ${bytes}`;
  const line = copied
    ? `${moved.model} ${version} is copied from ${from} to ${to} and read back: ${count}.`
    : wouldCopy
      ? `${moved.model} ${version} would be copied from ${from} to ${to}: ${count}.`
      : files.length > 0
        ? `${moved.model} ${version} is complete again in ${to}, from ${from}: ${count}.`
        : `${moved.model} ${version} is in ${to} already, and every byte agrees with its manifest.`;
  const rows = files.map(({ path, size, sha256, how }) => [path, bytesText(size), `\`${sha256}\``, ways[how]]);
  const table = rows.length > 0 ? [markdownTable(['file', 'size', 'sha256', 'how'], rows)] : [];
  return {
    ...moved,
    outputs: { ...moved.outputs, copied: String(copied) },
    document: { ...moved.document, copied, copy: { from, to, files } },
    lines: [line, ...moved.lines],
    summary: [line, ...table, moved.summary].join('\n\n'),
  };
}
