import { createInterface } from 'node:readline';
import { isMainThread } from 'node:worker_threads';
import { answerJob } from './answer-job.ts';
import { type Bounds, startWatchdog, watch } from './watchdog.ts';

/**
 * `node optimize.mjs '<job as JSON>' ['<bounds as JSON>']`: one line of JSON on stdout. With `-` for the job, jobs are
 * read from stdin, one a line, and each is answered by a line before the next is read.
 */
async function main(job = '', bounds?: string): Promise<void> {
  if (bounds !== undefined) startWatchdog(import.meta.url, JSON.parse(bounds) as Bounds);
  for await (const line of job === '-' ? createInterface(process.stdin) : [job]) {
    process.stdout.write(`${JSON.stringify(await answerJob(line))}\n`);
  }
}

if (isMainThread) await main(...process.argv.slice(2));
else watch();
