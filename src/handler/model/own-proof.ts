import { sha256 } from '../../model/digest.ts';
import type { Manifest } from '../../model/manifest.ts';
import { type Probe, probesFor, probeTensors } from '../../model/probe.ts';
import { checkShape, TensorError } from '../../model/tensor-json.ts';
import type { Reader } from '../readers/reader.ts';
import { RunError } from '../session/run-error.ts';
import type { Signature, Tensors } from '../session/session.ts';
import { type AskTask, proveSample, readSample, type SampleResult } from './golden-sample.ts';
import type { Resolved } from './resolve.ts';

/**
 * What a function has run as its readiness proof, by digests that it computed itself; fields of `/v1/health?warm=true`.
 */
export interface OwnProof {
  manifest_sha256: string | undefined;
  /** Of the golden sample that was run. */
  sample_sha256?: string;
  /** Without a sample: the made-up request that the model answered. */
  probe?: Probe;
  /** Why it answered none. */
  probe_refused?: string;
}

export type Proven = SampleResult & { proof?: OwnProof | undefined };

type Run = (feeds: Tensors) => Promise<Tensors>;

interface Proving {
  reader: Reader;
  resolved: Resolved;
  signature: Signature;
  manifest: Manifest | undefined;
  /** Runs the model, and takes the time. */
  run: Run;
  /** Answers requests, of a version with a task. */
  ask?: AskTask | undefined;
}

/** Twice, so that a first and a second run are known. */
const times = 2;
/** Without a request on record no further one is made up after this, ms. */
const longestMs = 2000;

/**
 * Runs the version's golden sample, or without one the made-up request that its manifest keeps; of a version that was
 * published before there were any, made-up ones of its declared shapes until one is answered. Throws LoadError.
 */
export async function proveVersion(proving: Proving): Promise<Proven> {
  const { reader, resolved, signature, manifest, run, ask } = proving;
  if (!manifest) return { status: 'none' };
  const { manifestBytes } = resolved;
  // Of a pointer's version the manifest was held against this very digest when it was read.
  const manifest_sha256 = manifestBytes ? sha256(manifestBytes) : resolved.manifestSha256;
  const entry = manifest.files.find((file) => file.path === manifest.sample);
  if (entry) {
    const sample = await readSample(reader, resolved);
    return {
      ...(await proveSample(signature, sample, times, run, ask)),
      proof: { manifest_sha256, sample_sha256: entry.sha256 },
    };
  }
  return proveByProbe(signature, manifest, run, manifest_sha256);
}

async function proveByProbe(
  signature: Signature,
  manifest: Manifest,
  run: Run,
  manifest_sha256: string | undefined,
): Promise<Proven> {
  const { probe, inputs } = manifest;
  if (probe) {
    const refusal = await refusalOf(probe, signature, run);
    const isAsPublished = refusal === undefined || (probe.refused === true && refusal.byNode);
    if (isAsPublished) return { status: 'none', proof: { manifest_sha256, probe } };
    const want = probe.refused
      ? 'an answer, or a refusal by a node of the graph'
      : 'an answer to the request that the model answered when it was published';
    const got = refusal.message;
    const difference = { output: '', field: '', want, got };
    return { status: 'mismatch', difference, proof: { manifest_sha256, probe_refused: got } };
  }
  const started = performance.now();
  let last = 'nothing could be made up';
  for (const made of probesFor(inputs)) {
    if (performance.now() - started > longestMs) break;
    const refusal = await refusalOf(made, signature, run);
    if (refusal === undefined) return { status: 'none', proof: { manifest_sha256, probe: made } };
    last = refusal.message;
  }
  return { status: 'none', proof: { manifest_sha256, probe_refused: last } };
}

interface Refusal {
  message: string;
  /** A node of the graph refused values of the right names, types and shapes. */
  byNode: boolean;
}

/** Why the model does not answer the request; undefined where it does. Inputs are held against it as a caller's are. */
async function refusalOf(probe: Probe, { inputs }: Signature, run: Run): Promise<Refusal | undefined> {
  const outside = (message: string): Refusal => ({ message, byNode: false });
  try {
    for (const info of inputs) {
      const given = probe.inputs.find(({ name }) => name === info.name);
      if (!given && !info.optional) {
        return outside(`it needs an input ${info.name}, which the published model does not have`);
      }
      if (given) checkShape(given.shape, info);
    }
    const unknown = probe.inputs.find(({ name }) => !inputs.some((info) => info.name === name));
    if (unknown) return outside(`it has no input ${unknown.name}`);
    const feeds = probeTensors(probe);
    for (let i = 0; i < times; i++) await run(feeds);
    return undefined;
  } catch (error) {
    if (error instanceof TensorError) return outside(error.message);
    if (error instanceof RunError) return { message: error.message, byNode: error.operator !== undefined };
    throw error;
  }
}
