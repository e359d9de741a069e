import { randomUUID } from 'node:crypto';
import { IntegrityError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { type FileEntry, type Manifest, modelFile } from '../../model/manifest.ts';
import type { Pointer } from '../../model/pointer.ts';
import type { Store } from '../../stores/store.ts';
import { type Proof, proofUnder } from '../pointer/pointer-swap.ts';
import { readPointer } from '../pointer/read-pointer.ts';
import {
  incomplete,
  readVersion,
  requireManifest,
  type StoredManifest,
  type VersionContents,
} from '../version/contents.ts';
import { withLease } from '../version/leases.ts';
import { beingPruned } from '../version/tombstone.ts';
import { assertTrusted } from '../version/trust.ts';
import { verifyVersion } from '../version/verify.ts';
import { writeManifest } from './commit.ts';
import { type CopiedFile, copyFile } from './copy-file.ts';
import { differencesOf, wordOf } from './differences.ts';

export interface CopyInput {
  /** Where the version is published. */
  from: Store;
  /** The destination. */
  store: Store;
  model: string;
  version: string;
  /** The pointer there that is to move; what is seen of the version is good under its fence. */
  pointer?: string | undefined;
  now: () => Date;
  log: Logger;
  /** Reports what would be copied and writes nothing. */
  dryRun?: boolean | undefined;
}

export interface CopyResult {
  /** True when this run made the version visible there; false when it was there already, or in a dry run. */
  copied: boolean;
  /** In a dry run: what the run would have done. */
  wouldCopy: boolean;
  version: string;
  /** As it is stored there. */
  manifest: Manifest;
  manifestSha256: string;
  /** Of the model file. */
  sha256: string;
  /** Files and artifacts that this run brought or adopted; in a dry run those that it would bring. */
  files: CopiedFile[];
  /** What a promotion there may take as verified: every byte was read back in that store. */
  proof: Proof;
}

/**
 * Brings a published version into another store, byte for byte, its manifest last: as in publish no reader sees a part
 * of it, and run again after a crash or a lost answer it converges. A version that is there already with the same files
 * is verified and left as it is. The copy is read back before the manifest makes it visible.
 *
 * Throws IntegrityError `version-missing`, `version-exists` naming both digests, `leftover-differs`, `checksum-mismatch`;
 * ConflictError `version-being-pruned` of either store; and what the stores throw.
 */
export async function copyVersion(input: CopyInput): Promise<CopyResult> {
  const { store, model, version, now, log } = input;
  await assertTrusted(store);
  // Before the first read of the version there, so that its fence covers what is read from now on.
  const live = (await readPointer(store, model, input.pointer))?.pointer;
  const source = await publishedAt(input.from, input);
  const there = await openThere(input);
  if (there.stored) refuseOther(input, source.manifest, there.stored.manifest);
  if (input.dryRun) return resultOf(there.stored ?? source, live, await bringAll(input, source, there));
  if (there.stored && incomplete(there, there.stored.manifest).length === 0) return confirmed(input, live);
  let files: CopiedFile[] = [];
  const id = randomUUID();
  const written = await withLease({ store, model, version, id, now, log }, async () => {
    // Once more: only what is seen under the lease is safe from a prune.
    const contents = await openThere(input);
    if (contents.stored) refuseOther(input, source.manifest, contents.stored.manifest);
    files = await bringAll(input, source, contents);
    return contents.stored ? undefined : writeManifest(input, source.manifest, source.bytes);
  });
  // Files put back into a version that was there, or another's manifest: nothing here has read all of it.
  if (!written || written.sha256 !== source.sha256) return { ...(await confirmed(input, live)), files };
  return { ...resultOf(written, live, files), copied: written.ours };
}

/** In the order in which publish writes them. */
function entriesOf({ files, artifacts }: Manifest): FileEntry[] {
  const inOrder = (a: FileEntry, b: FileEntry) => (a.path < b.path ? -1 : 1);
  const all = [...files.toSorted(inOrder), ...artifacts.toSorted(inOrder)];
  return all.map(({ path, sha256, size }) => ({ path, sha256, size }));
}

/** One after the other in the order of their paths: no two writers of different bytes can block each other. */
async function bringAll(input: CopyInput, source: StoredManifest, there: VersionContents): Promise<CopiedFile[]> {
  const files: CopiedFile[] = [];
  for (const entry of wantedOf(source.manifest, there)) {
    const exists = there.objects.has(entry.path);
    if (input.dryRun && !exists) files.push({ ...entry, how: 'planned' });
    else files.push(await copyFile({ from: input.from, to: input, entry }, exists));
  }
  return files;
}

/** All of it; of a version that is published there, what it lost and the source has. */
function wantedOf(source: Manifest, there: VersionContents): FileEntry[] {
  const entries = entriesOf(source);
  if (!there.stored) return entries;
  const lost = incomplete(there, there.stored.manifest).filter(({ path }) => !there.objects.has(path));
  return entries.filter((entry) => lost.some(({ path, sha256 }) => path === entry.path && sha256 === entry.sha256));
}

async function publishedAt(from: Store, { model, version }: CopyInput): Promise<StoredManifest> {
  const contents = await readVersion(from, model, version);
  if (contents.tombstone) throw beingPruned(model, version, `nothing is copied from ${from.url}`, contents.tombstone);
  return requireManifest(contents);
}

async function openThere({ store, model, version }: CopyInput): Promise<VersionContents> {
  const contents = await readVersion(store, model, version);
  if (contents.tombstone) throw beingPruned(model, version, `nothing is copied to ${store.url}`, contents.tombstone);
  return contents;
}

/** Artifacts are derived and do not count, nor do time, source and tool version: as when publishing again. */
function refuseOther({ from, store, model, version }: CopyInput, source: Manifest, there: Manifest): void {
  const differences = differencesOf(there.files, source.files);
  const roles = there.model === source.model && there.sample === source.sample;
  if (differences.length === 0 && roles) return;
  const lines = differences.map((difference) => `\n  ${wordOf(difference, `in ${store.url}`, `in ${from.url}`)}`);
  const what = lines.length > 0 ? `other bytes:${lines.join('')}` : 'another file as its model or sample.';
  throw new IntegrityError('version-exists', `${model} ${version} is published in both stores with ${what}`, {
    hint: 'A published version never changes: publish and promote a new version.',
    data: { model, version, from: from.url, to: store.url, differences },
  });
}

async function confirmed(input: CopyInput, live: Pointer | undefined): Promise<CopyResult> {
  const { store, model, version, log } = input;
  const verified = await verifyVersion({ store, model, version, log });
  const { manifest, manifestSha256, sha256 } = verified;
  const proof = proofUnder(live, verified);
  return { copied: false, wouldCopy: false, version, manifest, manifestSha256, sha256, files: [], proof };
}

function resultOf(stored: StoredManifest, live: Pointer | undefined, files: CopiedFile[]): CopyResult {
  const { manifest, sha256: manifestSha256 } = stored;
  const { sha256 } = modelFile(manifest);
  const proof = proofUnder(live, { manifest, manifestSha256, sha256, marked: false });
  const wouldCopy = files.some(({ how }) => how === 'planned');
  return { copied: false, wouldCopy, version: manifest.version, manifest, manifestSha256, sha256, files, proof };
}
