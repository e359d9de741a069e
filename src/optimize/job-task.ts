import { readFile } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { toSampleForm } from '../handler/model/golden-sample.ts';
import type { Session } from '../handler/session/session.ts';
import { askWith } from '../handler/task/ask-task.ts';
import { openTask } from '../task/open-task.ts';
import { type Signature, type Task, TaskError } from '../task/task.ts';
import { compileTokenizer } from '../tokenizer/compile/compile.ts';
import { Uncovered } from '../tokenizer/compile/uncovered.ts';
import type { TaskJob } from './jobs.ts';

/** Opens the task as a function would, from the files on this machine. Throws InputError `tokenizer-uncovered`. */
export async function openJobTask({ section, files }: TaskJob, signature: Signature): Promise<Task> {
  const source = 'text' in section ? files[section.text.tokenizer] : undefined;
  return openTask(section, source === undefined ? {} : { tokenizer: await compiledFrom(source) }, signature);
}

/**
 * Compiles a tokenizer.json. Throws InputError `tokenizer-uncovered` that names what no compiled tokenizer does, or
 * `bad-tokenizer` where it is no tokenizer at all.
 */
export async function compiledFrom(path: string): Promise<Uint8Array> {
  try {
    return compileTokenizer(await readFile(path));
  } catch (error) {
    if (error instanceof Uncovered) {
      const message = `asks for ${error.message}, which compiled tokenizers do not do.`;
      const hint = 'Publish the model without its task, and have callers send ids to /v1/infer.';
      throw new InputError([{ path: 'task.tokenizer', message, hint }], { code: 'tokenizer-uncovered' });
    }
    if (!(error instanceof SyntaxError)) throw error;
    const message = 'expected a tokenizer.json, got a file that is no JSON.';
    throw new InputError([{ path: 'task.tokenizer', message }], { code: 'bad-tokenizer' });
  }
}

/** Why the task does not fit the model, by the request that is made up for its kind; undefined where it does. */
export async function taskFault(task: Task, session: Session): Promise<string | undefined> {
  if (task.example === undefined) return undefined;
  try {
    const predictions = await askWith(task, (feeds, outputs) => session.run(feeds, outputs))(task.example);
    const failed = predictions.find((one) => typeof one === 'object' && one !== null && 'error' in one);
    return failed && (failed as { error: { message: string } }).error.message;
  } catch (error) {
    if (error instanceof TaskError) return error.message;
    throw error;
  }
}

/** A sample of tensors with what the task makes of a sample's request; any other sample as it is. */
export async function tensorSample(json: unknown, job: TaskJob | undefined, signature: Signature): Promise<unknown> {
  if (!job || typeof json !== 'object' || json === null || !('request' in json)) return json;
  const task = await openJobTask(job, signature);
  const items = (await task.read({ json: json.request })).filter((item) => !(item instanceof TaskError));
  for await (const run of task.runs(items, false)) {
    if ('feeds' in run) return { inputs: toSampleForm(run.feeds) };
  }
  return undefined;
}
