import { sinceStart } from '../clock.ts';
import type { Reader } from '../readers/reader.ts';
import type { ModelCache } from './model-cache.ts';
import { type ObtainedFile, obtainFile, type WantedFile } from './obtain-file.ts';

/** Files on their way at a time: a small one takes the time of a request, whatever the connection can carry. */
const besideEachOther = 4;
/** Readers bring larger files in parts beside each other anyway, and hold several of them; bytes. */
const largestBeside = 8 * 1024 * 1024;

/**
 * Brings several files into the cache, in this order: small ones of a store over a network a few at a time. Their times
 * are shares of what they took together, so that they add up. Throws what the first to fail throws, once no other is on
 * its way any more.
 */
export async function obtainFiles(
  reader: Reader,
  cache: ModelCache,
  wanted: readonly WantedFile[],
): Promise<ObtainedFile[]> {
  const files: ObtainedFile[] = [];
  while (files.length < wanted.length) {
    const rest = wanted.slice(files.length);
    const large = rest.findIndex(({ expected }) => !reader.remote || !expected || expected.size > largestBeside);
    const next = large === 0 ? rest.slice(0, 1) : rest.slice(0, large < 0 ? undefined : large);
    files.push(...(await besides(next, (file) => obtainFile(reader, cache, file))));
  }
  return files;
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
