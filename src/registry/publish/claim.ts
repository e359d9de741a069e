import type { IntegrityError } from '../../errors.ts';
import { sha256 } from '../../model/digest.ts';
import { claimKey, contentTypeOf, leaseKey, versionLeasesPrefix } from '../../model/layout.ts';
import { encodeJson } from '../../model/pointer.ts';
import { sideBySide } from '../../side-by-side.ts';
import { NotFoundError, readAll, type Token } from '../../stores/store.ts';
import { mayHaveHappened } from '../ambiguous.ts';
import { differencesOf, wordOf } from './differences.ts';
import type { WatchedFile } from './local-file.ts';
import { type Destination, otherBytes } from './store-file.ts';

/** With more files than these a publish claims its version. */
const fewFiles = 8;
/** Larger files come in parts side by side anyway, and are hashed while they are stored; bytes. */
const largestSmall = 1024 * 1024;
/** Small files on their way at a time. */
export const besideEachOther = 8;

export const isSmall = ({ size = 0 }: WatchedFile): boolean => size <= largestSmall;

/**
 * Which files a publish is about to store: path and digest of each small one, path and size of the others. Publishers
 * with one claim have the same small files, so that they may store these in any order; those with another are refused
 * before they have stored any.
 */
export interface Claim {
  bytes: Uint8Array;
  /** Begins the ids of leases of those that have this claim. */
  mark: string;
}

/** Undefined for a few files, which go one after the other. Reads the small ones for their digests. */
export async function claimFor(files: readonly WatchedFile[]): Promise<Claim | undefined> {
  return files.length > fewFiles ? claimOf(files) : undefined;
}

async function claimOf(files: readonly WatchedFile[]): Promise<Claim> {
  const entries = await sideBySide(files, besideEachOther, async (file) => {
    await file.check();
    return isSmall(file) ? file.digest() : { path: file.path, size: file.size };
  });
  const bytes = encodeJson({ schema: 1, files: entries });
  return { bytes, mark: sha256(bytes).slice(0, 16) };
}

export const leaseIdFor = (id: string, claim: Claim | undefined): string => (claim ? `${claim.mark}-${id}` : id);

/** A claim that is in the store. */
export interface HeldClaim {
  token: Token;
  /** No publisher is at work that may have other files and have looked for a claim before this one was there. */
  alone: boolean;
}

/**
 * Claims the version, under a lease; without a claim of its own looks for that of another publisher. Whoever has other
 * files either sees the claim, since it looks for one once its own lease is there, or its lease is seen here: files then
 * go in the order of their paths, as its own do. Throws IntegrityError `leftover-differs` or `version-exists` where
 * another claim is there.
 */
export async function claimVersion(
  to: Destination,
  files: readonly WatchedFile[],
  claim: Claim | undefined,
): Promise<HeldClaim | undefined> {
  if (claim) return takeClaim(to, claim);
  // Of a single file whoever is first has it all.
  const found = files.length > 1 ? await readClaim(to) : undefined;
  if (found) throw await claimed(to, await claimOf(files), found.bytes);
  return undefined;
}

async function takeClaim(to: Destination, claim: Claim): Promise<HeldClaim> {
  const token = await writeClaim(to, claim);
  const { model, version } = to;
  const ours = [claimKey(model, version), leaseKey(model, version, claim.mark).replace(/\.json$/, '-')];
  for await (const { key } of to.store.list(versionLeasesPrefix(model, version))) {
    if (!ours.some((begin) => key.startsWith(begin))) return { token, alone: false };
  }
  return { token, alone: true };
}

async function writeClaim(to: Destination, claim: Claim): Promise<Token> {
  const key = claimKey(to.model, to.version);
  try {
    return await to.store.put(key, claim.bytes, 'absent', { contentType: contentTypeOf(key) });
  } catch (error) {
    const found = mayHaveHappened(error) ? await readClaim(to) : undefined;
    if (!found) throw error;
    if (Buffer.from(claim.bytes).equals(found.bytes)) return found.token;
    throw await claimed(to, claim, found.bytes);
  }
}

/** Once the manifest is there it decides. One that stays keeps the version from being pruned for a day, no more. */
export async function dropClaim({ store, model, version, log }: Destination, { token }: HeldClaim): Promise<void> {
  const key = claimKey(model, version);
  try {
    await store.remove(key, { unchanged: token });
  } catch (error) {
    log.debug(`${key} stays: ${error instanceof Error ? error.message : error}`);
  }
}

async function readClaim({ store, model, version }: Destination) {
  try {
    const object = await store.get(claimKey(model, version));
    return { token: object.info.token, bytes: await readAll(object) };
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

function claimed(to: Destination, own: Claim, found: Uint8Array): Promise<IntegrityError> {
  const differences = differencesOf(entriesOf(found), entriesOf(own.bytes));
  const [first = '', ...more] = differences.map((one) => wordOf(one, 'there'));
  const what = more.length > 0 ? `${first} (and ${more.length} more)` : first;
  return otherBytes(to, differences, what, `has other files: ${what}`);
}

/** Of a file without a digest its size stands for it. A claim that cannot be read has no files, and so other ones. */
function entriesOf(bytes: Uint8Array) {
  type Entry = { path: string; sha256?: string; size: number };
  const isEntry = (one: unknown): one is Entry =>
    typeof one === 'object' && one !== null && typeof (one as Entry).path === 'string';
  let files: unknown;
  try {
    files = (JSON.parse(Buffer.from(bytes).toString('utf8')) as { files?: unknown } | null)?.files;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const entries = Array.isArray(files) ? files.filter(isEntry) : [];
  return entries.map(({ path, sha256: hex, size }) => ({ path, size, sha256: hex ?? `of ${size} bytes` }));
}
