import { answerJob } from './answer-job.ts';

/** `node optimize.mjs '<job as JSON>'`: one line of JSON on stdout. */
process.stdout.write(`${JSON.stringify(await answerJob(process.argv[2] ?? ''))}\n`);
