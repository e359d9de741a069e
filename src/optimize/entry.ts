import { isMainThread } from 'node:worker_threads';
import { answerJob } from './answer-job.ts';
import { type Bounds, startWatchdog, watch } from './watchdog.ts';

/** `node optimize.mjs '<job as JSON>' ['<bounds as JSON>']`: one line of JSON on stdout. */
async function main(job = '', bounds?: string): Promise<void> {
  if (bounds !== undefined) startWatchdog(import.meta.url, JSON.parse(bounds) as Bounds);
  process.stdout.write(`${JSON.stringify(await answerJob(job))}\n`);
}

if (isMainThread) await main(...process.argv.slice(2));
else watch();
