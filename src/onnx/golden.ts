import { readFile, stat } from 'node:fs/promises';
import { InputError, type Problem } from '../errors.ts';
import { nearest } from '../inputs.ts';
import { decodeJson, JsonTextError, parseJson } from '../model/json-text.ts';
import type { GoldenSample } from '../model/sample.ts';
import { checkSample, type SampleProblem } from '../model/sample-check.ts';
import type { ModelHead } from './read-head.ts';

/** A sample is sent in one request; the largest of the services takes 32 MiB (Cloud Run, HTTP/1). */
export const sampleLimit = 32 * 1024 * 1024;
/** Enough to see what is wrong; a wrong dtype would repeat for every element otherwise. */
const maxProblems = 50;

/**
 * Reads the golden sample of a model and checks it against the model's head; with `task`, it may be of a request. `label` is how messages name the file.
 * Throws one InputError `bad-sample` with everything wrong.
 */
export async function readSample(
  path: string,
  head: Pick<ModelHead, 'inputs' | 'outputs'> & { task?: unknown },
  label: string = path,
): Promise<GoldenSample> {
  const { sample, problems } = checkSample(await readJson(path, label), head);
  if (problems.length > 0) {
    const shown = problems.slice(0, maxProblems).map((problem) => toProblem(problem, label));
    throw new InputError(shown, { code: 'bad-sample' });
  }
  return sample;
}

function toProblem({ path, expected, got, known }: SampleProblem, file: string): Problem {
  const close = known && nearest(path.slice(path.indexOf('.') + 1), known);
  return { path, file, message: `expected ${expected}, got ${got}.`, hint: close && `Did you mean "${close}"?` };
}

async function readJson(path: string, file: string): Promise<unknown> {
  const bytes = await readBytes(path, file);
  try {
    return parseJson(decodeJson(bytes));
  } catch (cause) {
    if (!(cause instanceof JsonTextError)) throw cause;
    const { message, line, hint } = cause;
    throw refusal({ path: '', file, line, message: `${message}.`, hint }, cause);
  }
}

async function readBytes(path: string, file: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > sampleLimit) {
      const hint = 'Use a smaller input, or leave outputs out.';
      throw refusal({ path: '', file, message: `expected at most ${sampleLimit} bytes, got ${size}.`, hint });
    }
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const got = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'a directory' : 'a file that cannot be read';
    throw refusal({ path: '', file, message: `expected a JSON file, got ${got}.` }, cause);
  }
}

const refusal = (problem: Problem, cause?: unknown): InputError =>
  new InputError([problem], { code: 'bad-sample', cause });
