import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { openModelCache } from '../../src/handler/model/model-cache.ts';
import { obtainFile } from '../../src/handler/model/obtain-file.ts';
import type { Reader } from '../../src/handler/readers/reader.ts';
import { type Goal, msText, type Options, pairs } from '../goal.ts';
import { benchModels } from './models.ts';

async function get(url: string): Promise<AsyncIterable<Uint8Array>> {
  const { body } = await fetch(url);
  if (!body) throw new Error('The server sent nothing.');
  return body;
}

/** The same bytes to the same disk, without looking at them. */
async function justDownload(url: string, path: string): Promise<void> {
  const handle = await open(path, 'w');
  let written: Promise<unknown> = Promise.resolve();
  for await (const chunk of await get(url)) {
    await written;
    written = handle.write(chunk);
  }
  await written;
  await handle.close();
}

/** Downloading at 100 MB a second with the hash taken on the way, against downloading alone. */
export async function hashing({ quick, scratch }: Options): Promise<Goal[]> {
  mkdirSync(scratch, { recursive: true });
  const model = (await benchModels(join(scratch, 'models'))).find(({ name }) => name === '90 MB');
  const { path } = model!;
  const expected = { sha256: createHash('sha256').update(readFileSync(path)).digest('hex'), size: statSync(path).size };
  const server = spawn(process.execPath, [join(import.meta.dirname, 'slow-server.mjs'), path]);
  const folder = mkdtempSync(join(scratch, 'hashing-'));
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const url = `http://127.0.0.1:${line.toString().trim()}/`;
    const reader = { remote: true, read: async () => ({ body: await get(url), token: 'x' }) } as unknown as Reader;
    let turn = 0;
    const ours = async (): Promise<number> => {
      const cache = await openModelCache(join(folder, `cache-${turn++}`));
      const started = performance.now();
      await obtainFile(reader, cache, { key: 'model.onnx', extension: 'onnx', expected });
      const ms = performance.now() - started;
      rmSync(cache.folder, { recursive: true });
      return ms;
    };
    const theirs = async (): Promise<number> => {
      const started = performance.now();
      await justDownload(url, join(folder, 'copy'));
      return performance.now() - started;
    };
    const taken = await pairs(quick ? 3 : 15, ours, theirs);
    const what = 'downloading 90 MB at 100 MB/s, hashed and verified on the way';
    const goal = { what, peer: 'downloading alone', ours: msText(taken.ours), theirs: msText(taken.theirs) };
    return [{ ...goal, value: taken.ratio, limit: 1.02, unit: '×' }];
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
