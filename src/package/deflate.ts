import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Deflate, Z_NO_FLUSH, Z_SYNC_FLUSH } from 'pako';
import type { Logger } from '../log.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { sha256 } from './digest.ts';
import type { FolderCache } from './folder-cache.ts';
import { finished } from './joinable.ts';
import { noteUse } from './prune-cache.ts';
import { type Compressed, restoreDeflated, saveDeflated, unpacksTo } from './share-deflated.ts';

/** The compressor's version and everything else that decides its output: a cached result of another one is not used. */
export const deflateKey = 'pako-3.0.3-level-6-mem-9-chunk-256k-joinable';
/** Level 9 saves 0.2 % of the runtime in twice the time. */
const settings = { level: 6, memLevel: 9, raw: true } as const;
/** Compressed in pieces so that the process keeps handling signals. The size of a piece changes the output. */
const pieceBytes = 256 * 1024;

export interface DeflateOptions {
  /** Absolute folder for what can be made again. */
  cacheDir: string;
  log: Logger;
  sharedCache?: FolderCache | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Joinable raw deflate, whose blocks end on a byte boundary and of which none is the last: archives of several formats are
 * put together from such streams, and `finalBlock` makes one whole. The output depends on the input alone. node:zlib would
 * be faster and is not used: what it writes depends on the zlib that Node was built with (the one Node bundles and zlib
 * 1.2.13 give different bytes for the same file, and distributions build Node with their own), while pako is zlib in plain
 * integer JavaScript, alike on every CPU and Node, of one version.
 * At about 14 MB/s the runtime takes 3 s, so results of large inputs are kept under the digest of the input, here and in
 * the shared cache. Both are folders that others may write: what is kept is used only where it unpacks to the input.
 */
export async function deflate(label: string, bytes: Uint8Array, options: DeflateOptions): Promise<Uint8Array> {
  if (bytes.byteLength <= pieceBytes) return deflateInPieces(label, bytes, options);
  const [folder, name] = [join(options.cacheDir, 'deflated', deflateKey), sha256(bytes)];
  const path = join(folder, name);
  await noteUse(folder, name);
  const input = { sha256: name, size: bytes.byteLength };
  const cached = await readChecked(path, input);
  if (cached) return cached;
  const shared = { folder: `${path}.shared`, key: `${deflateKey}-${name}`, input };
  const restored = await restoreDeflated(shared, options);
  const deflated = restored ?? (await deflateInPieces(label, bytes, options));
  await writeFileAtomic(path, Buffer.concat([Buffer.from(sha256(deflated), 'hex'), deflated]));
  if (!restored) await saveDeflated(shared, deflated, options);
  return deflated;
}

/**
 * A cached result carries its own digest in front, by which damage shows at once. One that is damaged, or unpacks to
 * anything but the input, is made again.
 */
async function readChecked(path: string, input: Compressed): Promise<Uint8Array | undefined> {
  const stored = await readFile(path).catch(() => undefined);
  if (!stored || stored.byteLength < 33) return undefined;
  const body = stored.subarray(32);
  const whole = sha256(body) === stored.subarray(0, 32).toString('hex');
  return whole && (await unpacksTo(finished(body), input)) ? body : undefined;
}

async function deflateInPieces(label: string, bytes: Uint8Array, { log, signal }: DeflateOptions): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const stream = new Deflate(settings);
  stream.onData = (chunk) => void parts.push(chunk);
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
    signal?.throwIfAborted();
    const end = Math.min(at + pieceBytes, bytes.byteLength);
    stream.push(bytes.subarray(at, end), Z_NO_FLUSH);
    if (bytes.byteLength <= pieceBytes) break;
    log.progress(`Compressing ${label}`, end, bytes.byteLength, 'bytes');
    await setImmediate();
  }
  stream.push(new Uint8Array(), Z_SYNC_FLUSH);
  return Buffer.concat(parts);
}
