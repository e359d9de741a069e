import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { IntegrityError } from '../errors.ts';
import { sampleFeeds, toSampleForm } from '../handler/model/golden-sample.ts';
import { openSession } from '../handler/session/open-session.ts';
import { RunError } from '../handler/session/run-error.ts';
import type { Session, Signature, Tensors } from '../handler/session/session.ts';
import { parseJson } from '../model/json-text.ts';
import type { Sample } from '../model/sample.ts';
import { compareSample } from '../model/sample-compare.ts';
import { sampleTensors, sampleText } from '../model/sample-text.ts';
import { optionalRuns } from './check-model.ts';
import { openJobTask } from './job-task.ts';
import type { SampleJob, SampleResult } from './jobs.ts';
import { recordRequest, wishedRequest } from './record-request.ts';
import { withServedForm } from './served-form.ts';
import { syntheticInputs } from './synthetic-inputs.ts';

/** No further made-up inputs are begun after this, ms. */
const longestMs = 20_000;

/**
 * Runs the model on the inputs of the job, or on made-up ones, and writes both and its answer as a golden sample. A model
 * that answers the same inputs in two ways gets one without outputs. Throws LoadError `model-unusable`, IntegrityError
 * `inputs-refused`.
 */
export function recordSample(job: SampleJob): Promise<SampleResult> {
  const folder = dirname(job.model);
  return withServedForm(job.model, async (path, head) => {
    const session = await openSession({ path, form: 'original', folder }, undefined);
    try {
      const declared = head ?? session;
      const task = job.task && (await openJobTask(job.task, session));
      const request = task && (await wishedRequest(job, task));
      if (task && request !== undefined) return await recordRequest(job, task, session, request);
      const feeds =
        job.inputs === undefined ? await findInputs(session, declared) : await readInputs(job.inputs, declared);
      const run = await runsOf({ path, folder }, session, declared, feeds);
      const outputs = await run();
      const repeatable = isSame(outputs, await run());
      const sample = { inputs: sampleTensors(feeds), ...(repeatable && { outputs: sampleTensors(outputs) }) };
      await writeFile(job.out, sampleText(sample));
      return { repeatable };
    } finally {
      await session.close();
    }
  });
}

async function readInputs(path: string, declared: Signature): Promise<Tensors> {
  const sample = parseJson(await readFile(path, 'utf8')) as Sample;
  return sampleFeeds(sample, declared.inputs);
}

async function runsOf(
  { path, folder }: { path: string; folder: string },
  session: Session,
  declared: Signature,
  feeds: Tensors,
): Promise<() => Promise<Tensors>> {
  const optional = feeds.size > session.inputs.length ? optionalRuns(path, declared, folder) : undefined;
  return async () => {
    try {
      return await (optional ?? session).run(feeds);
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      throw refusal(`The model refuses these inputs: ${error.message}`, 'Give inputs that it takes.');
    }
  };
}

async function findInputs(session: Session, declared: Signature): Promise<Tensors> {
  const started = performance.now();
  let last = 'inputs of its shapes are too large to be made up';
  for (const feeds of syntheticInputs(declared.inputs, 'small')) {
    if (performance.now() - started > longestMs) break;
    try {
      await session.run(feeds);
      return feeds;
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      last = error.message;
    }
  }
  const hint = 'Give inputs that it takes: --inputs, with a file of NumPy, ONNX test data, JSON or CSV.';
  throw refusal(`The model answers none of the inputs that were made up for it: ${last}`, hint);
}

const refusal = (message: string, hint: string): IntegrityError =>
  new IntegrityError('inputs-refused', message, { hint });

function isSame(first: Tensors, second: Tensors): boolean {
  const outputs = toSampleForm(first) as NonNullable<Sample['outputs']>;
  return compareSample({ inputs: {}, outputs }, toSampleForm(second)) === undefined;
}
