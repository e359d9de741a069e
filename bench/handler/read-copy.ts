import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openReadCopy } from '../../src/handler/readers/read-copy.ts';
import type { Reader } from '../../src/handler/readers/reader.ts';
import { openS3Reader } from '../../src/handler/readers/s3.ts';
import { readSettings } from '../../src/handler/settings.ts';
import { ownProcess, systemProcesses } from '../../src/targets/local/process-table.ts';
import { moto } from '../../test/emulators/moto.ts';
import { CacheServer, nginx } from '../../test/emulators/nginx.ts';
import { whyNot } from '../../test/emulators/part.ts';
import { startFor, stopAll } from '../../test/emulators/running.ts';
import { s3Bucket } from '../../test/fakes/handler/reader-servers.ts';
import { madeBytes } from '../../test/fakes/stores/bodies.ts';
import { type Goal, msText, type Options, pairs } from '../goal.ts';

const key = 'digits/versions/1.0.0/model.onnx';
const authorization =
  'AWS4-HMAC-SHA256 Credential=moto-access-key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0';

async function timed(reader: Reader): Promise<number> {
  const started = performance.now();
  for await (const _ of (await reader.read(key)).body);
  return performance.now() - started;
}

/**
 * Of five pairs on a busy machine the median difference was from 100 ms less to 150 ms more for 20 MB, of 25 it was less each
 * time: what is compared is the pair, and there are many.
 */
const rounds = 25;

/** What a warm cache in front of a store adds to a read from it. */
export async function readingThroughCache({ quick, scratch }: Options): Promise<Goal[]> {
  const missing = whyNot(nginx) ?? whyNot(moto);
  if (missing) {
    console.log(`reading through a cache is left out: ${missing}`);
    return [];
  }
  mkdirSync(scratch, { recursive: true });
  const work = mkdtempSync(join(scratch, 'cache-'));
  const owner = ownProcess(systemProcesses);
  const server = await startFor(owner, moto);
  const bucket = await s3Bucket(server);
  const origin = `${server.endpoint}/${bucket.variables['MODEL_BUCKET']}`;
  const cache = await CacheServer.start(work, { origin, headers: { authorization } });
  try {
    const source = readSettings({ ...bucket.variables, MODEL_NAME: 'digits' }).source;
    const store = openS3Reader(source, bucket.variables);
    const url = `${cache.endpoint}/team%20a/models`;
    const copy = openReadCopy(url, { now: () => 0, random: Math.random }).reader as Reader;
    const goals: Goal[] = [];
    const large: [string, number] = quick ? ['2 MB', 2_000_000] : ['20 MB', 20_000_000];
    for (const [title, size] of [['0.3 MB', 300_000] as [string, number], large]) {
      await bucket.put(key, madeBytes(size, size));
      rmSync(join(work, 'cache'), { recursive: true });
      mkdirSync(join(work, 'cache'));
      for (const reader of [copy, store]) await timed(reader);
      const { ours, theirs, difference } = await pairs(
        rounds,
        () => timed(copy),
        () => timed(store),
      );
      goals.push({
        what: `a warm cache (nginx) adds to a read of ${title} from S3 (moto) behind it`,
        ...{ peer: 'the store itself', ours: msText(ours), theirs: msText(theirs) },
        ...{ value: Math.max(0, difference), limit: 2, unit: 'ms' },
      });
    }
    return goals;
  } finally {
    await cache.stop();
    await stopAll(owner);
    rmSync(work, { recursive: true, force: true });
  }
}
