import { readFile, writeFile } from 'node:fs/promises';
import { IntegrityError } from '../errors.ts';
import type { Session } from '../handler/session/session.ts';
import { askWith } from '../handler/task/ask-task.ts';
import { compareAnswer } from '../model/answer-compare.ts';
import { parseJson } from '../model/json-text.ts';
import { type Task, TaskError } from '../task/task.ts';
import type { SampleJob, SampleResult } from './jobs.ts';

/**
 * The request that a sample is to be made of: the one that was given, or of a model that takes requests a made-up one.
 * Undefined where tensors were given.
 */
export async function wishedRequest({ inputs }: SampleJob, task: Task): Promise<unknown> {
  if (inputs === undefined) return task.example;
  const given = parseJson(await readFile(inputs, 'utf8')) as object;
  return 'request' in given ? given.request : undefined;
}

/**
 * Answers the request through the task, and writes both as a golden sample; without the answer where it differs from time
 * to time. Throws IntegrityError `inputs-refused`.
 */
export async function recordRequest(
  { out }: SampleJob,
  task: Task,
  session: Session,
  request: unknown,
): Promise<SampleResult> {
  const ask = askWith(task, (feeds, outputs) => session.run(feeds, outputs));
  try {
    const answer = { predictions: await ask(request) };
    const repeatable = compareAnswer(answer, { predictions: await ask(request) }) === undefined;
    const sample = { request, ...(repeatable && { answer }) };
    await writeFile(out, `${JSON.stringify(sample, null, 2)}\n`);
    return { repeatable };
  } catch (error) {
    if (!(error instanceof TaskError)) throw error;
    throw new IntegrityError('inputs-refused', `The task refuses this request: ${error.message}`, {
      hint: 'Give one that it takes, as JSON with a request: --inputs.',
    });
  }
}
