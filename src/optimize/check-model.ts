import { readFile } from 'node:fs/promises';
import { proveSample } from '../handler/golden-sample.ts';
import { LoadError } from '../handler/load-error.ts';
import { openSession } from '../handler/open-session.ts';
import { runtimeVersion } from '../handler/runtime.ts';
import type { Session } from '../handler/session.ts';
import type { CheckJob, CheckResult } from './jobs.ts';

/** Loads the model as the handler would and runs its golden sample. Throws LoadError `runtime-unavailable` alone. */
export async function checkModel(job: CheckJob): Promise<CheckResult> {
  let session: Session;
  try {
    session = await openSession({ path: job.model, form: formOf(job.model) }, undefined);
  } catch (error) {
    if (!(error instanceof LoadError) || error.code !== 'model-unusable') throw error;
    const empty = { inputs: [], outputs: [], runtime_version: runtimeVersion };
    return { loaded: false, reason: error.message, sample: 'none', ...empty };
  }
  const { inputs, outputs } = session;
  const result = job.sample === undefined ? undefined : await proveSample(session, await readJson(job.sample), 1);
  await session.close();
  return {
    loaded: true,
    inputs: [...inputs],
    outputs: [...outputs],
    sample: result?.status ?? 'none',
    ...(result?.difference && { difference: result.difference }),
    runtime_version: runtimeVersion,
  };
}

export const formOf = (path: string): 'original' | 'cold' => (path.endsWith('.ort') ? 'cold' : 'original');

const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));
