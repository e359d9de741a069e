import { createHash } from 'node:crypto';
import { sha256 } from '../../../src/model/digest.ts';
import { fileKey, manifestKey } from '../../../src/model/layout.ts';
import { parseManifest } from '../../../src/model/manifest.ts';
import { checkHistory } from '../../../src/registry/pointer/history.ts';
import { surveyModel } from '../../../src/registry/prune/survey.ts';
import { readTombstone } from '../../../src/registry/version/tombstone.ts';
import { readAll, type Store } from '../../../src/stores/store.ts';

/** Digests of manifests seen so far: what a version was once it must stay. */
export type Seen = Map<string, string>;

/**
 * What must hold at every moment, whoever died: each pointer names a complete version whose bytes are the promised
 * ones and that nobody is deleting; every version with a manifest has all its files; versions never change; history is
 * gapless and agrees with the pointer (`settled`: its newest record is there too). Answers what does not hold.
 */
export async function checkInvariants(
  store: Store,
  model: string,
  options: { seen?: Seen; settled?: boolean } = {},
): Promise<string[]> {
  const broken: string[] = [];
  const survey = await surveyModel(store, model);
  const manifests = new Map<string, string>();
  for (const { version, manifest } of survey.versions.values()) {
    if (manifest) manifests.set(version, await checkVersion(store, model, version, broken, options.seen));
  }
  for (const [name, { pointer }] of survey.pointers) {
    const { version } = pointer;
    if (manifests.get(version) !== pointer.manifest_sha256) broken.push(`${name} names ${version}, which is not there`);
    if ((await readTombstone(store, model, version))?.state === 'deleting')
      broken.push(`live ${version} is being deleted`);
    const history = await checkHistory({ store, model, pointer: name });
    for (const problem of history.problems) broken.push(`history of ${name}: ${problem.message}`);
    if (options.settled && history.pending) broken.push(`history of ${name} has no record ${pointer.sequence}`);
  }
  return broken;
}

/** Returns the digest of the manifest. */
async function checkVersion(
  store: Store,
  model: string,
  version: string,
  broken: string[],
  seen: Seen | undefined,
): Promise<string> {
  const bytes = await readAll(await store.get(manifestKey(model, version)));
  const digest = sha256(bytes);
  const manifest = parseManifest(bytes);
  for (const { path, sha256: expected } of [...manifest.files, ...manifest.artifacts]) {
    const key = fileKey(model, version, path);
    const found = (await store.head(key)) ? await digestAt(store, key) : 'nothing';
    if (found !== expected) broken.push(`${key}: expected ${expected}, found ${found}`);
  }
  const before = seen?.get(version);
  if (before !== undefined && before !== digest) broken.push(`${version} changed from ${before} to ${digest}`);
  seen?.set(version, digest);
  return digest;
}

async function digestAt(store: Store, key: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of (await store.get(key)).body) hash.update(chunk);
  return hash.digest('hex');
}
