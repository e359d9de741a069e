import { type ColdgateError, InputError, IntegrityError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { defaultPointer, fileKey, manifestName } from '../../model/layout.ts';
import { type FileEntry, type Manifest, modelFile } from '../../model/manifest.ts';
import type { Pointer } from '../../model/pointer.ts';
import { sideBySide } from '../../side-by-side.ts';
import { NotFoundError, type Store } from '../../stores/store.ts';
import { assertSound } from '../pointer/check.ts';
import { readPointer } from '../pointer/read-pointer.ts';
import { hashStored } from '../publish/hash-stored.ts';
import { listVersion, readVersion, requireManifest, type StoredManifest, type VersionContents } from './contents.ts';
import { beingPruned } from './tombstone.ts';

export interface VerifyInput {
  store: Store;
  model: string;
  /** Default: the version that the pointer names. */
  version?: string | undefined;
  /** Name of the pointer to compare with; default `current.json` where no version is given, else none. */
  pointer?: string | undefined;
  /** Files read at the same time. */
  parallel?: number | undefined;
  log: Logger;
}

/** One comparison; `actual` is `null` where there is no such object. */
export interface CheckedFile {
  path: string;
  expected: { sha256: string; size: number };
  actual: { sha256: string; size: number } | null;
  ok: boolean;
}

export interface VerifyResult {
  verified: true;
  version: string;
  /** Of the model file. */
  sha256: string;
  manifest: Manifest;
  manifestSha256: string;
  /** Prune looks at the version, or died at it. */
  marked: boolean;
  files: CheckedFile[];
  bytes: number;
  /** Objects under the version that no manifest lists. */
  extra: string[];
  /** The pointer, where one was read; `named` is true if it names this version. */
  pointer: { pointer: Pointer; named: boolean } | undefined;
}

/**
 * Reads every file and artifact of a version back, as streams, and compares sha256 and size with the manifest, and the
 * manifest with the pointer where that names the version. Throws IntegrityError `checksum-mismatch` with every
 * comparison in its data, `pointer-differs`, `version-missing` or `manifest-unusable`, ConflictError `version-being-pruned`, InputError
 * `no-pointer`, and what the store throws.
 */
export async function verifyVersion(input: VerifyInput): Promise<VerifyResult> {
  const { store, model } = input;
  const pointer = await pointerOf(input);
  const version = input.version ?? pointer!.version;
  const contents = await readVersion(store, model, version);
  if (contents.tombstone?.state === 'deleting') {
    throw beingPruned(model, version, 'there is nothing left to verify', contents.tombstone);
  }
  const stored = requireManifest(contents);
  const entries = [...stored.manifest.files, ...stored.manifest.artifacts];
  const files = await checkFiles(input, version, entries);
  const named = pointer?.version === version;
  if (named && pointer) files.unshift(...checkPointer(pointer, stored));
  const bad = files.filter((file) => !file.ok);
  if (bad.length > 0) throw await mismatch(input, version, files, bad);
  // Its digests agree; the names of the files, the forms and its own record must, too.
  if (named && pointer) await assertSound({ store, model, pointer: input.pointer ?? defaultPointer }, pointer);
  const extra = extraOf(contents, entries);
  if (extra.length > 0)
    input.log.warn(`${model} ${version} has objects that its manifest does not list: ${extra.join(', ')}.`);
  return {
    verified: true,
    version,
    sha256: modelFile(stored.manifest).sha256,
    manifest: stored.manifest,
    manifestSha256: stored.sha256,
    marked: contents.tombstone !== undefined,
    files,
    bytes: entries.reduce((sum, entry) => sum + entry.size, 0),
    extra,
    pointer: pointer && { pointer, named },
  };
}

async function pointerOf({ store, model, version, pointer }: VerifyInput): Promise<Pointer | undefined> {
  if (version !== undefined && pointer === undefined) return undefined;
  const name = pointer ?? defaultPointer;
  const state = await readPointer(store, model, name);
  if (state || version !== undefined) return state?.pointer;
  throw new InputError(
    [{ path: 'version', message: `none was given, and ${model} has no ${name} that would name one.` }],
    { code: 'no-pointer', hint: 'Promote a version first, or name the version to verify.' },
  );
}

async function checkFiles(input: VerifyInput, version: string, entries: readonly FileEntry[]): Promise<CheckedFile[]> {
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  const done = new Map<string, number>();
  const report = (path: string, bytes: number) => {
    done.set(path, bytes);
    const sum = [...done.values()].reduce((a, b) => a + b, 0);
    input.log.progress(`Verifying ${input.model} ${version}`, sum, total, 'bytes');
  };
  const parallel = input.parallel ?? parallelFor(entries);
  return sideBySide(entries, parallel, (entry) => checkFile(input, version, entry, report));
}

/** Large files are read in ranges side by side by themselves. */
const parallelFor = (entries: readonly FileEntry[]): number =>
  entries.every(({ size }) => size <= 8 * 1024 * 1024) ? 16 : 4;

async function checkFile(
  { store, model }: VerifyInput,
  version: string,
  { path, sha256, size }: FileEntry,
  report: (path: string, bytes: number) => void,
): Promise<CheckedFile> {
  const expected = { sha256, size };
  try {
    const found = await hashStored(store, fileKey(model, version, path), (bytes) => report(path, bytes));
    const actual = { sha256: found.sha256, size: found.size };
    return { path, expected, actual, ok: actual.sha256 === sha256 && actual.size === size };
  } catch (error) {
    if (error instanceof NotFoundError) return { path, expected, actual: null, ok: false };
    throw error;
  }
}

/** The pointer's own digests of the manifest and of the model file. */
function checkPointer(pointer: Pointer, stored: StoredManifest): CheckedFile[] {
  const model = modelFile(stored.manifest);
  const compare = (path: string, expected: string, actual: string, from: number, to: number): CheckedFile => ({
    path,
    expected: { sha256: expected, size: from },
    actual: { sha256: actual, size: to },
    ok: expected === actual && from === to,
  });
  return [
    compare(`${manifestName} (as the pointer names it)`, pointer.manifest_sha256, stored.sha256, 0, 0),
    compare(`${pointer.file} (as the pointer names it)`, pointer.sha256, model.sha256, pointer.size, model.size),
  ];
}

const extraOf = (contents: VersionContents, entries: readonly FileEntry[]): string[] =>
  [...contents.objects.keys()].filter((path) => !entries.some((entry) => entry.path === path));

/** Files that vanish under a running verify are prune's work, not damage. */
async function mismatch(
  { store, model }: VerifyInput,
  version: string,
  files: readonly CheckedFile[],
  bad: readonly CheckedFile[],
): Promise<ColdgateError> {
  const now = await listVersion(store, model, version);
  if (!now.manifest || now.tombstone) {
    return beingPruned(model, version, 'its files went away while they were verified', now.tombstone);
  }
  const lines = bad.map(({ path, expected, actual }) =>
    actual
      ? `  ${path}: expected sha256 ${expected.sha256} (${expected.size} bytes), got ${actual.sha256} (${actual.size} bytes)`
      : `  ${path}: expected sha256 ${expected.sha256} (${expected.size} bytes), found no such object`,
  );
  return new IntegrityError(
    'checksum-mismatch',
    `${model} ${version} is not what was published:\n${lines.join('\n')}`,
    {
      hint: 'Do not promote it. Missing files come back by publishing the same files again; changed ones need a new version.',
      data: { verified: false, model, version, files },
    },
  );
}
