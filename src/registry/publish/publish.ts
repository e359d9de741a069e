import { randomUUID } from 'node:crypto';
import { sha256 } from '../../model/digest.ts';
import type { Artifact, FileEntry, Manifest } from '../../model/manifest.ts';
import { modelFile } from '../../model/manifest.ts';
import { encodeJson } from '../../model/pointer.ts';
import type { Probe } from '../../model/probe.ts';
import { incomplete, readVersion, type StoredManifest, type VersionContents } from '../version/contents.ts';
import { withLease } from '../version/leases.ts';
import { beingPruned } from '../version/tombstone.ts';
import { type Claim, claimFor, claimVersion, dropClaim, leaseIdFor } from './claim.ts';
import { writeManifest } from './commit.ts';
import { compareWithPublished, heal } from './existing-version.ts';
import { WatchedFile } from './local-file.ts';
import { type ArtifactSource, checkArtifacts, checkPublishInput, type PublishInput } from './publish-input.ts';
import { storeArtifacts } from './store-artifacts.ts';
import { type StoredFile, storeFile } from './store-file.ts';
import { storeFiles } from './store-files.ts';

export interface PublishResult {
  /** True when this run made the version visible; false when the same bytes were published already, or in a dry run. */
  published: boolean;
  /** In a dry run: what the run would have done. */
  wouldPublish: boolean;
  version: string;
  /** As stored; in a dry run as it would be, but for its id. */
  manifest: Manifest;
  manifestSha256: string;
  /** Of the model file. */
  sha256: string;
  /** Paths that a crashed or concurrent publish had stored with the same bytes. */
  adopted: string[];
  /** Paths that this run stored. */
  uploaded: string[];
}

/**
 * Publishes a version that can never change: files first, each hashed and uploaded in one pass, the manifest last under
 * `absent`. The same bytes again are a no-op.
 *
 * Throws InputError; IntegrityError `version-exists`, `leftover-differs`, `file-changed`, `manifest-unusable`,
 * `version-damaged`; ConflictError `version-being-pruned`; and what the store throws. Run again after a crash or a lost
 * answer, it converges.
 */
export async function publishVersion(input: PublishInput): Promise<PublishResult> {
  checkPublishInput(input);
  const { store, model, version } = input;
  const ordered = [...input.files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const files = ordered.map((file) => new WatchedFile(file, input));
  const seen = await open(input);
  if (input.dryRun && !seen.stored) return dryRunResult(input, seen, files);
  if (seen.stored) {
    await compareWithPublished(input, files, seen.stored.manifest);
    if (input.dryRun || incomplete(seen, seen.stored.manifest).length === 0) return resultOf(false, seen.stored);
  }
  const claim = await claimFor(files);
  const id = randomUUID();
  return withLease({ store, model, version, id: leaseIdFor(id, claim), now: input.now, log: input.log }, async () => {
    // Once more: only what is seen under the lease is safe from a prune.
    const contents = await open(input);
    if (contents.stored) return complete(input, contents, contents.stored, files);
    return publishNew(input, { id, claim }, contents, files);
  });
}

async function open({ store, model, version }: PublishInput): Promise<VersionContents> {
  const contents = await readVersion(store, model, version);
  if (contents.tombstone) throw beingPruned(model, version, 'nothing is published', contents.tombstone);
  return contents;
}

async function publishNew(
  input: PublishInput,
  { id, claim }: { id: string; claim: Claim | undefined },
  contents: VersionContents,
  files: readonly WatchedFile[],
): Promise<PublishResult> {
  // From here on a change of a file is seen, so that what is proven is what is stored.
  for (const file of files) await file.check();
  const probe = await input.prove?.();
  // Made before anything is stored, too: files under a version that cannot be finished keep others from it.
  const derived = await artifactsOf(input);
  const held = await claimVersion(input, files, claim);
  const stored = await storeFiles(input, files, contents, held?.alone === true);
  const artifacts = await storeArtifacts(input, derived, contents, input);
  for (const file of files) await file.check();

  const kept = new Set(artifacts.map(({ entry }) => entry.path));
  const forms = derived.map(({ entry }) => entry).filter((entry) => kept.has(entry.path));
  const entries = stored.map(({ entry }) => entry);
  const manifest = describe(input, id, entries, forms, probe);
  const written = await writeManifest(input, manifest);
  if (held) await dropClaim(input, held);
  if (!written.ours) {
    input.log.info(`Another run published ${input.model} ${input.version} at the same time.`);
    await compareWithPublished(input, files, written.manifest);
    return resultOf(false, written);
  }
  const all = [...stored, ...artifacts];
  const by = (how: StoredFile['how']) => all.filter((f) => f.how === how).map((f) => f.entry.path);
  return { ...resultOf(true, written), adopted: by('adopted'), uploaded: by('uploaded') };
}

/** The version is published: by another run since our first look, or long ago and with files missing by now. */
async function complete(
  input: PublishInput,
  contents: VersionContents,
  published: StoredManifest,
  files: readonly WatchedFile[],
): Promise<PublishResult> {
  await compareWithPublished(input, files, published.manifest);
  const healed = await heal(input, contents, published, files, () => artifactsOf(input), input);
  return { ...resultOf(false, published), uploaded: healed.map(({ entry }) => entry.path) };
}

/** Reads what a real run would read, leftovers included, and writes nothing. */
async function dryRunResult(
  input: PublishInput,
  contents: VersionContents,
  files: readonly WatchedFile[],
): Promise<PublishResult> {
  const adopted: string[] = [];
  const probe = await input.prove?.();
  for (const file of files) {
    const found = contents.objects.get(file.path);
    await (found ? storeFile(input, file, found) : file.digest());
    if (found) adopted.push(file.path);
  }
  const entries = files.map((f) => f.entry);
  const manifest = describe(input, 'dry-run', entries, [], probe);
  const bytes = encodeJson(manifest);
  const result = resultOf(false, { manifest, bytes, sha256: sha256(bytes), token: '' });
  const uploaded = files.map((f) => f.path).filter((path) => !adopted.includes(path));
  return { ...result, wouldPublish: true, adopted, uploaded };
}

async function artifactsOf(input: PublishInput): Promise<readonly ArtifactSource[]> {
  const artifacts = typeof input.artifacts === 'function' ? await input.artifacts() : input.artifacts;
  checkArtifacts(artifacts);
  return artifacts;
}

function describe(
  input: PublishInput,
  id: string,
  files: FileEntry[],
  artifacts: Artifact[],
  probe: Probe | undefined,
): Manifest {
  const { head, externalData = [] } = input;
  const [first] = head.inputs;
  return {
    schema: 1,
    name: input.model,
    version: input.version,
    files,
    framework: 'onnx',
    input: first!,
    created_at: input.now().toISOString(),
    model: input.modelPath,
    inputs: head.inputs,
    outputs: head.outputs,
    opset: head.opset,
    ir_version: head.irVersion,
    producer: head.producer,
    ...(externalData.length > 0 && { external_data: [...externalData] }),
    ...(input.samplePath === undefined ? {} : { sample: input.samplePath }),
    ...(input.task && { task: input.task }),
    ...(probe && { probe }),
    artifacts,
    ...(head.unbounded && { unbounded: true }),
    source: input.sourceInfo,
    coldgate: input.coldgateVersion,
    publish_id: id,
  };
}

function resultOf(published: boolean, stored: StoredManifest): PublishResult {
  const { manifest, sha256: manifestSha256 } = stored;
  return {
    published,
    wouldPublish: false,
    version: manifest.version,
    manifest,
    manifestSha256,
    sha256: modelFile(manifest).sha256,
    adopted: [],
    uploaded: [],
  };
}
