import { IntegrityError } from '../../errors.ts';
import { compareAnswer } from '../../model/answer-compare.ts';
import type { FileEntry, Manifest } from '../../model/manifest.ts';
import { incomplete, type StoredManifest, type VersionContents } from '../version/contents.ts';
import { differencesOf, wordOf } from './differences.ts';
import { WatchedFile as Watched, type WatchedFile } from './local-file.ts';
import type { ArtifactSource, PublishInput } from './publish-input.ts';
import { type Destination, type StoredFile, storeFile } from './store-file.ts';

/**
 * Compares the published version with the local files, which are read for their digests alone. Artifacts are derived
 * and do not count, nor do time, source and tool version. Throws IntegrityError `version-exists` naming both digests.
 */
export async function compareWithPublished(
  input: PublishInput,
  files: readonly WatchedFile[],
  published: Manifest,
): Promise<void> {
  const local: FileEntry[] = [];
  for (const file of files) {
    local.push(await file.digest((done) => input.log.progress(`Hashing ${file.path}`, done, file.size, 'bytes')));
  }
  const differences = differencesOf(published.files, local);
  const roles = [
    ['the model', published.model, input.modelPath],
    ['the sample', published.sample ?? 'no file', input.samplePath ?? 'no file'],
  ].filter(([, stored, here]) => stored !== here);
  const task = taskDifference(published, input);
  if (differences.length === 0 && roles.length === 0 && !task) return;
  const lines = [
    ...differences.map((difference) => wordOf(difference)),
    ...roles.map(([what, stored, here]) => `${what} is ${stored} in the store and ${here} here`),
    ...(task ? [task] : []),
  ];
  throw new IntegrityError(
    'version-exists',
    `${input.model} ${input.version} is published with other bytes:\n${lines.map((l) => `  ${l}`).join('\n')}`,
    {
      hint: 'A published version never changes: give these files a new version.',
      data: { model: input.model, version: input.version, differences },
    },
  );
}

/** Fields that a later release has added are no difference. */
function taskDifference(published: Manifest, input: PublishInput): string | undefined {
  const exact = { relative: 0, absolute: 0 };
  const found = compareAnswer(published.task ?? 'none', input.task ?? 'none', exact);
  return found && `the task: ${[found.field, found.want].filter(Boolean).join(' ')} in the store and ${found.got} here`;
}

/**
 * Puts files back that a published version lost (a prune and a publish killed in the same moment can do that), from
 * local files with the very digests of the manifest. Throws IntegrityError `version-damaged` where it cannot.
 */
export async function heal(
  to: Destination,
  contents: VersionContents,
  published: StoredManifest,
  files: readonly WatchedFile[],
  artifacts: () => Promise<readonly ArtifactSource[]>,
  input: PublishInput,
): Promise<StoredFile[]> {
  const gaps = incomplete(contents, published.manifest);
  if (gaps.length === 0) return [];
  const derived = gaps.some((gap) => published.manifest.artifacts.includes(gap as never)) ? await artifacts() : [];
  const healed: StoredFile[] = [];
  for (const gap of gaps) {
    const made = derived.find(({ entry }) => entry.path === gap.path && entry.sha256 === gap.sha256);
    const file =
      files.find((f) => f.path === gap.path) ??
      (made && new Watched({ path: gap.path, source: made.source, expected: gap }, input));
    const other = contents.objects.get(gap.path);
    if (!file || other) throw damaged(contents, gap, other?.size);
    to.log.warn(`${gap.path} was missing from ${to.model} ${to.version}: putting the same bytes back.`);
    healed.push(await storeFile(to, file, undefined));
  }
  return healed;
}

function damaged(contents: VersionContents, gap: FileEntry, size: number | undefined): IntegrityError {
  const found = size === undefined ? 'it is missing' : `it has ${size} bytes`;
  return new IntegrityError(
    'version-damaged',
    `${gap.path} of ${contents.model} ${contents.version} should have ${gap.size} bytes with sha256 ${gap.sha256}; ${found}.`,
    {
      hint: 'Something else than Coldgate changed the store. Publish these files under a new version.',
      data: { model: contents.model, version: contents.version, path: gap.path },
    },
  );
}
