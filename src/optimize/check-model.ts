import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { proveSample } from '../handler/golden-sample.ts';
import { LoadError } from '../handler/load-error.ts';
import { openSession } from '../handler/open-session.ts';
import { OptionalRuns } from '../handler/optional-runs.ts';
import { runtimeVersion } from '../handler/runtime.ts';
import type { Session } from '../handler/session.ts';
import type { Signature } from '../handler/signature.ts';
import { readModelHead } from '../onnx/read-head.ts';
import { shapeDifferences } from './declared-shapes.ts';
import type { CheckJob, CheckResult } from './jobs.ts';

/** Loads the model as the handler would and runs its golden sample. Throws LoadError `runtime-unavailable` alone. */
export async function checkModel(job: CheckJob): Promise<CheckResult> {
  let session: Session;
  try {
    session = await openSession({ path: job.model, form: formOf(job.model) }, undefined);
  } catch (error) {
    if (!(error instanceof LoadError) || error.code !== 'model-unusable') throw error;
    const empty = { inputs: [], outputs: [], warnings: [], runtime_version: runtimeVersion };
    return { loaded: false, reason: error.message, sample: 'none', ...empty };
  }
  const { inputs, outputs } = session;
  // A form in ORT format has no head that could be read.
  const declared = formOf(job.model) === 'original' ? await readModelHead(job.model) : session;
  const { sample } = job;
  const ran = sample === undefined ? undefined : await runSample(session, declared, { ...job, sample });
  await session.close();
  const { result, warnings = [] } = ran ?? {};
  return {
    loaded: true,
    inputs: [...inputs],
    outputs: [...outputs],
    sample: result?.status ?? 'none',
    ...(result?.difference && { difference: result.difference }),
    warnings,
    runtime_version: runtimeVersion,
  };
}

async function runSample(session: Session, declared: Signature, { model, sample }: CheckJob & { sample: string }) {
  let warnings: string[] = [];
  const optional = optionalRuns(model, declared);
  const result = await proveSample(declared, await readJson(sample), 1, async (feeds) => {
    const outputs = await (feeds.size > session.inputs.length ? optional : session).run(feeds);
    warnings = shapeDifferences(declared, feeds, outputs);
    return outputs;
  });
  await optional.close();
  return { result, warnings };
}

const optionalRuns = (model: string, { inputs }: Signature): OptionalRuns =>
  new OptionalRuns({
    path: async () => model,
    folder: tmpdir(),
    names: inputs.filter(({ optional }) => optional).map(({ name }) => name),
    open: (path) => openSession({ path, form: 'original' }, undefined),
  });

export const formOf = (path: string): 'original' | 'cold' => (path.endsWith('.ort') ? 'cold' : 'original');

const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));
