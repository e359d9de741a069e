import { type ColdgateError, type ExitCode, IntegrityError, toColdgateError } from '../errors.ts';
import { LoadError } from '../handler/model/load-error.ts';
import { checkModel } from './check-model.ts';
import type { Job, JobResults } from './jobs.ts';
import { optimizeModel } from './optimize-model.ts';
import { recordSample } from './record-sample.ts';
import { writeTokenizer } from './tokenizer-form.ts';

/** The child's result for its parent; an error is rebuilt there from its parts. */
export type JobAnswer =
  | { result: JobResults[keyof JobResults] }
  | { error: { code: string; exit: ExitCode; message: string; hint?: string | undefined; data?: unknown } };

/** Does the job; never throws. */
export async function answerJob(text: string): Promise<JobAnswer> {
  try {
    const job = JSON.parse(text) as Job;
    return { result: await doJob(job) };
  } catch (thrown) {
    const { code, exit, message, hint, data } = explain(thrown);
    return { error: { code, exit, message, hint, data } };
  }
}

function doJob(job: Job): Promise<JobResults[keyof JobResults]> {
  if (job.do === 'check') return checkModel(job);
  if (job.do === 'tokenizer') return writeTokenizer(job);
  return job.do === 'sample' ? recordSample(job) : optimizeModel(job);
}

function explain(thrown: unknown): ColdgateError {
  if (!(thrown instanceof LoadError)) return toColdgateError(thrown);
  return new IntegrityError(thrown.code, thrown.message, {
    hint:
      thrown.code === 'runtime-unavailable'
        ? 'The ONNX runtime of this machine could not be started; see docs/handler.md.'
        : 'Check that the model loads with the onnxruntime version of the handler.',
  });
}
