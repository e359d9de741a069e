import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { type AskTask, proveSample } from '../handler/model/golden-sample.ts';
import { LoadError } from '../handler/model/load-error.ts';
import { openSession } from '../handler/session/open-session.ts';
import { OptionalRuns } from '../handler/session/optional-runs.ts';
import { RunError } from '../handler/session/run-error.ts';
import { runtimeVersion } from '../handler/session/runtime.ts';
import type { Session, Signature, Tensors } from '../handler/session/session.ts';
import { askWith } from '../handler/task/ask-task.ts';
import { writeOutputs } from '../handler/tensors/tensors-out.ts';
import { parseJson } from '../model/json-text.ts';
import { type Probe, probesFor, probeTensors, usualBytes } from '../model/probe.ts';
import { type GoldenSample, requestOf } from '../model/sample.ts';
import { describeShape } from '../model/tensor-error.ts';
import type { TensorInfo } from '../model/tensor-info.ts';
import { bindSymbols, checkShape, TensorError } from '../model/tensor-json.ts';
import type { ModelHead } from '../onnx/read-head.ts';
import type { Task } from '../task/task.ts';
import { openJobTask, taskFault } from './job-task.ts';
import type { CheckJob, CheckResult, WireSize } from './jobs.ts';
import { formOf, withServedForm } from './served-form.ts';

/**
 * Where the tensors of a run are otherwise than the model declares them, in sentences: an output of another shape,
 * dimensions of one name and two sizes. The runtime serves such models, and so do functions: it is good to know, no more.
 */
function shapeDifferences(declared: Signature, feeds: Tensors, outputs: Tensors): string[] {
  const bound = new Map<string, number>();
  return [
    ...declared.inputs.flatMap((info) => differenceOf('input', info, feeds, bound)),
    ...declared.outputs.flatMap((info) => differenceOf('output', info, outputs, bound)),
  ];
}

function differenceOf(
  role: 'input' | 'output',
  info: TensorInfo,
  tensors: Tensors,
  bound: Map<string, number>,
): string[] {
  const tensor = tensors.get(info.name);
  if (!tensor) return [];
  try {
    checkShape(tensor.shape, info);
    bindSymbols(tensor.shape, info, bound);
    return [];
  } catch (error) {
    if (!(error instanceof TensorError)) throw error;
    const shapes = `declares the shape ${describeShape(info.shape)} and has ${describeShape(tensor.shape)}`;
    return [`The ${role} "${info.name}" ${shapes}; the function answers with what the model gives.`];
  }
}

/** No further made-up request is begun after this, ms: some models take seconds to run. */
const longestMs = 20_000;

/**
 * Loads the model as the handler would and runs its golden sample; without one, made-up requests until one is answered.
 * Throws LoadError `runtime-unavailable` alone.
 */
export async function checkModel(job: CheckJob): Promise<CheckResult> {
  return withServedForm(job.model, (model, head) => checkServed({ ...job, model }, head, dirname(job.model)));
}

/** @param folder where the files lie that the model keeps tensors in */
async function checkServed(job: CheckJob, head: ModelHead | undefined, folder: string): Promise<CheckResult> {
  let session: Session;
  try {
    session = await openSession({ path: job.model, form: formOf(job.model), folder }, undefined);
  } catch (error) {
    if (!(error instanceof LoadError) || error.code !== 'model-unusable') throw error;
    const empty = { inputs: [], outputs: [], warnings: [], runtime_version: runtimeVersion };
    return { loaded: false, reason: reasonOf(error, job.model), sample: 'none', ...empty };
  }
  const { inputs, outputs } = session;
  const declared = head ?? session;
  const task = job.task && (await openJobTask(job.task, session));
  const fault = task && (await taskFault(task, session));
  const ran = await (job.sample === undefined
    ? findProbe(session, declared)
    : runSample(session, declared, { ...job, sample: job.sample, folder }, task));
  await session.close();
  return {
    ...{ loaded: true, inputs: [...inputs], outputs: [...outputs], ...ran },
    ...(fault !== undefined && { taskFault: fault }),
    runtime_version: runtimeVersion,
  };
}

/** The runtime's message, without the path, which the caller knows. */
function reasonOf({ cause, message }: LoadError, model: string): string {
  const firstLine = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : message;
  return firstLine.replace(`Load model from ${model} failed:`, '').replaceAll(model, 'the model').replace(/\.$/, '');
}

export const optionalRuns = (model: string, { inputs }: Signature, data: string): OptionalRuns =>
  new OptionalRuns({
    path: async () => model,
    folder: tmpdir(),
    names: inputs.filter(({ optional }) => optional).map(({ name }) => name),
    open: (path) => openSession({ path, form: 'original', folder: data }, undefined),
  });

type Ran = Pick<CheckResult, 'sample' | 'difference' | 'warnings' | 'probe' | 'refusal' | 'bytes' | 'runMs'>;

async function runSample(
  session: Session,
  declared: Signature,
  { model, sample, folder }: CheckJob & { sample: string; folder: string },
  task: Task | undefined,
): Promise<Ran> {
  const json = parseJson(await readFile(sample, 'utf8'));
  const asked = requestOf(json as GoldenSample);
  const request = { json: Buffer.byteLength(JSON.stringify(asked.json) ?? ''), binary: 0 };
  let warnings: string[] = [];
  let answer: WireSize | undefined;
  let runMs = 0;
  const optional = optionalRuns(model, declared, folder);
  const run = async (feeds: Tensors, names?: readonly string[]): Promise<Tensors> => {
    request.binary = binaryBytes(feeds);
    const started = performance.now();
    const outputs = await (feeds.size > session.inputs.length ? optional : session).run(feeds, names);
    runMs = Math.max(runMs, performance.now() - started);
    warnings = shapeDifferences(declared, feeds, outputs);
    answer = answerSize(outputs);
    return outputs;
  };
  const ask =
    task &&
    askAloud(task, run, (bytes) => {
      // What is sent is the request, whatever its tensors are.
      request.binary = request.json;
      answer = { json: bytes, binary: bytes };
    });
  const { status, difference } = await proveSample(declared, json, 1, run, ask);
  await optional.close();
  const report = { sample: status, warnings, ...(difference && { difference }) };
  return answer ? { ...report, bytes: { request, answer }, runMs } : report;
}

/** Tells the bytes of each answer. */
function askAloud(task: Task, run: (feeds: Tensors) => Promise<Tensors>, tell: (bytes: number) => void): AskTask {
  const ask = askWith(task, run);
  return async (json) => {
    const predictions = await ask(json);
    tell(Buffer.byteLength(JSON.stringify({ predictions })));
    return predictions;
  };
}

async function findProbe(session: Session, declared: Signature): Promise<Ran> {
  const started = performance.now();
  let refusal = 'inputs of its shapes are too large to be made up';
  let refused: Probe | undefined;
  for (const probe of probesFor(declared.inputs)) {
    if (performance.now() - started > longestMs) break;
    const feeds = probeTensors(probe);
    const begun = performance.now();
    try {
      const outputs = await session.run(feeds);
      const runMs = performance.now() - begun;
      const warnings = shapeDifferences(declared, feeds, outputs);
      const answer = answerSize(outputs);
      const request = { json: usualBytes(probe), binary: binaryBytes(feeds) };
      return { sample: 'none', warnings, probe, bytes: { request, answer }, runMs };
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      refusal = error.message;
      // What a node refuses has come through the checks of names, types and shapes.
      if (error.operator !== undefined) refused ??= { ...probe, refused: true };
    }
  }
  return { sample: 'none', warnings: [], refusal, ...(refused && { probe: refused }) };
}

/** Beyond this an answer is not written as JSON to be measured: a float takes about ten digits for its four bytes. */
const maxMeasured = 64 * 1024 * 1024;

function answerSize(outputs: Tensors): WireSize {
  const binary = binaryBytes(outputs);
  if (binary > maxMeasured) return { json: binary * 2.5, binary };
  return { json: Buffer.byteLength(JSON.stringify(writeOutputs(outputs, 'nested'))), binary };
}

/** Of text each element with its length, as the Open Inference Protocol sends it. */
const binaryBytes = (tensors: Tensors): number =>
  [...tensors.values()].reduce((sum, { data }) => {
    if (!Array.isArray(data)) return sum + data.byteLength;
    return sum + data.reduce((bytes, text) => bytes + 4 + Buffer.byteLength(text), 0);
  }, 0);
