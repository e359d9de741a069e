import { sinceStart } from '../clock.ts';
import { defaultLimits } from '../readers/limits.ts';
import type { Reader } from '../readers/reader.ts';
import type { ModelCache } from './model-cache.ts';
import { type ObtainedFile, obtainFile, type WantedFile } from './obtain-file.ts';

/** Files on their way at a time: each comes over one connection, and holds two chunks of 1 MiB. */
const besideEachOther = 4;

/**
 * Brings several files into the cache: of a store over a network a few at a time, but for those that readers bring in
 * parts beside each other anyway, which come alone. Their times are shares of what they took together, so that they add
 * up. Throws what the first to fail throws, once no other is on its way any more.
 */
export async function obtainFiles(
  reader: Reader,
  cache: ModelCache,
  wanted: readonly WantedFile[],
): Promise<ObtainedFile[]> {
  const alone = ({ expected }: WantedFile): boolean =>
    !reader.remote || (expected?.size ?? defaultLimits.largeBytes) >= defaultLimits.largeBytes;
  const obtain = (file: WantedFile) => obtainFile(reader, cache, file);
  const found = new Map<WantedFile, ObtainedFile>();
  const few = wanted.filter((file) => !alone(file));
  for (const [at, file] of (await besides(few, obtain)).entries()) found.set(few[at] as WantedFile, file);
  for (const file of wanted.filter(alone)) found.set(file, await obtain(file));
  return wanted.map((file) => found.get(file) as ObtainedFile);
}

async function besides(
  wanted: readonly WantedFile[],
  obtain: (file: WantedFile) => Promise<ObtainedFile>,
): Promise<ObtainedFile[]> {
  const started = sinceStart();
  const files: ObtainedFile[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < wanted.length && failures.length === 0) {
      const at = next++;
      try {
        files[at] = await obtain(wanted[at] as WantedFile);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(besideEachOther, wanted.length) }, work));
  if (failures.length > 0) throw failures[0];
  const sum = files.reduce((ms, { fetchMs, verifyMs }) => ms + fetchMs + verifyMs, 0);
  const share = sum > 0 ? Math.min(1, (sinceStart() - started) / sum) : 1;
  return files.map((file) => ({ ...file, fetchMs: file.fetchMs * share, verifyMs: file.verifyMs * share }));
}
