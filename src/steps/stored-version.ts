import { IntegrityError } from '../errors.ts';
import { parseJson } from '../model/json-text.ts';
import { fileKey } from '../model/layout.ts';
import { type Manifest, modelFile } from '../model/manifest.ts';
import type { GoldenSample } from '../model/sample.ts';
import { checkSample } from '../model/sample-check.ts';
import { readVersion, requireManifest } from '../registry/version/contents.ts';
import { readAll, type Store } from '../stores/store.ts';

/** A published version as the store has it, with what a function must prove. */
export interface StoredVersion {
  version: string;
  manifest: Manifest;
  manifestSha256: string;
  /** Of the model file. */
  sha256: string;
  sample: GoldenSample | undefined;
}

/** The golden sample was checked when it was published; stores hold hostile input, so it is checked again. */
async function readSample(store: Store, model: string, manifest: Manifest): Promise<GoldenSample | undefined> {
  if (manifest.sample === undefined) return undefined;
  const key = fileKey(model, manifest.version, manifest.sample);
  const bytes = await readAll(await store.get(key), 64 * 1024 * 1024);
  const unusable = (why: string) => new IntegrityError('sample-unusable', `${key} is not a golden sample: ${why}`);
  let json: unknown;
  try {
    json = parseJson(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw unusable('it is not JSON.');
  }
  const { sample, problems } = checkSample(json, manifest);
  const [first] = problems;
  if (first) throw unusable(`${first.path}: expected ${first.expected}, got ${first.got}.`);
  return sample;
}

/** Throws IntegrityError `version-missing`, `manifest-unusable` or `sample-unusable`. */
export async function readStoredVersion(store: Store, model: string, version: string): Promise<StoredVersion> {
  const stored = requireManifest(await readVersion(store, model, version));
  const sample = await readSample(store, model, stored.manifest);
  const { sha256 } = modelFile(stored.manifest);
  return { version, manifest: stored.manifest, manifestSha256: stored.sha256, sha256, sample };
}
