import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fileKey, manifestKey } from '../../model/layout.ts';
import type { Artifact, Manifest } from '../../model/manifest.ts';
import { openStore } from '../../stores/open.ts';
import type { StoredVersion } from '../stored-version.ts';
import type { Workspace } from '../workspace.ts';

const isDerived = ({ kind }: Artifact): boolean => kind === 'cold' || kind === 'steady';

/** The load-optimised form that functions serve in place of the model as published; undefined where there is none. */
export const derivedForm = ({ manifest }: StoredVersion): Artifact['kind'] | undefined =>
  manifest.artifacts.find(isDerived)?.kind;

/** The version as it would be without its load-optimised forms; nothing is copied yet. */
export function originalOf({ manifest, ...stored }: StoredVersion): StoredVersion & { bytes: Uint8Array } {
  const plain: Manifest = { ...manifest, artifacts: manifest.artifacts.filter((one) => !isDerived(one)) };
  const bytes = Buffer.from(JSON.stringify(plain), 'utf8');
  const manifestSha256 = createHash('sha256').update(bytes).digest('hex');
  return { ...stored, manifest: plain, manifestSha256, bytes };
}

/** Runs the work in a workspace whose store, a folder that is removed afterwards, has only that version. */
export async function withOriginal<T>(
  workspace: Workspace,
  { manifest, version, bytes }: ReturnType<typeof originalOf>,
  work: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'coldgate-original-'));
  try {
    const url = pathToFileURL(folder).href;
    const store = await openStore({ url });
    const { name, files, artifacts } = manifest;
    for (const { path } of [...files, ...artifacts]) {
      const key = fileKey(name, version, path);
      await store.put(key, (await workspace.store.get(key)).body, 'absent');
    }
    await store.put(manifestKey(name, version), bytes, 'absent');
    return await work({ ...workspace, store, environment: { ...workspace.environment, store: { url } } });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
