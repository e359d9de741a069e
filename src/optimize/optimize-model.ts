import { createReadStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ColdgateError, exitCodes } from '../errors.ts';
import { runtimeVersion } from '../handler/session/runtime.ts';
import { Hashing } from '../model/digest.ts';
import { parseJson } from '../model/json-text.ts';
import type { Artifact } from '../model/manifest.ts';
import { type ModelHead, readModelHead } from '../onnx/read-head.ts';
import { writeColdForm } from './cold-form.ts';
import { withoutConstantInputs } from './constant-inputs.ts';
import { tensorSample } from './job-task.ts';
import type { MadeArtifact, MadeForm, OptimizeJob, OptimizeResult } from './jobs.ts';
import { measureParity, type Parity } from './parity.ts';
import { demandSameSignature } from './same-signature.ts';
import { writeSteadyForm } from './steady-form.ts';
import { writeTensorForm } from './tensor-form.ts';

/**
 * Makes a load-optimised form of the model and proves that it answers as the original does, on this machine.
 * Throws IntegrityError `parity` or `parity-unmeasured`, `hardware-bound` for a form that would be wrong on other CPUs,
 * `artifact-unsupported` for models that cannot be split, and LoadError where the runtime refuses the model.
 */
export async function optimizeModel(job: OptimizeJob): Promise<OptimizeResult> {
  if (!['cold', 'steady', 'tensors'].includes(job.kind)) {
    const message = `Expected the kind cold, steady or tensors, got ${job.kind}.`;
    throw new ColdgateError('unknown-kind', exitCodes.usage, message);
  }
  await mkdir(job.out, { recursive: true });
  const head = await readModelHead(job.model);
  if (job.kind === 'tensors') return { artifacts: [await makeTensorForm(job, head)], compared: 0 };
  const model = await withoutConstantInputs(job.model, head.irVersion, job.out);
  const folder = job.folder ?? dirname(job.model);
  const form = { model, folder, out: job.out };
  let made: MadeForm;
  try {
    made = job.kind === 'cold' ? await writeColdForm(form) : await writeSteadyForm(form);
  } finally {
    if (model !== job.model) await rm(model, { force: true });
  }
  const { level, files } = made;
  // Sessions do not show which inputs are optional; what outputs declare is advice.
  demandSameSignature({ inputs: head.inputs, outputs: [] }, { inputs: made.head.inputs, outputs: [] });
  const sample = job.sample === undefined ? undefined : parseJson(await readFile(job.sample, 'utf8'));
  const [main] = files as [string, ...string[]];
  const inputs = await tensorSample(sample, job.task, head);
  const parity = await measureParity(
    job.model,
    { path: main, form: job.kind, inputs: head.inputs },
    inputs,
    head,
    folder,
  );
  const artifacts = [];
  for (const source of files) {
    const entry = await describe(source, { kind: job.kind, optimization: level, parity: inManifest(parity) });
    artifacts.push({ entry, source });
  }
  return { artifacts, compared: parity.compared };
}

/** Of which every node that computes is the model's own, so there is nothing to compare. */
async function makeTensorForm({ model, out, kind }: OptimizeJob, head: ModelHead): Promise<MadeArtifact> {
  const source = join(out, 'tensors.onnx');
  await writeTensorForm(model, head, source);
  const parity = inManifest({ maxRelative: 0, maxAbsolute: 0, compared: 0 });
  return {
    entry: { ...(await describe(source, { kind, optimization: 'none', parity })), runtime_version: '' },
    source,
  };
}

type Known = Pick<Artifact, 'kind' | 'optimization' | 'parity'>;

async function describe(source: string, known: Known): Promise<Artifact> {
  const { sha256, size } = await digestFile(source);
  return { path: `artifacts/${basename(source)}`, sha256, size, runtime_version: runtimeVersion, ...known };
}

const inManifest = ({ maxRelative, maxAbsolute }: Parity): Artifact['parity'] => ({
  max_relative: maxRelative,
  max_absolute: maxAbsolute,
});

async function digestFile(path: string): Promise<{ sha256: string; size: number }> {
  const hashing = new Hashing();
  for await (const _ of hashing.through(createReadStream(path, { highWaterMark: 1024 * 1024 }))) {
    // Only the digest is wanted.
  }
  return { sha256: hashing.sha256, size: hashing.size };
}
