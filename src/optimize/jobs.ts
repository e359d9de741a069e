import type { Artifact, FormKind } from '../model/manifest.ts';
import type { Probe } from '../model/probe.ts';
import type { SampleDifference } from '../model/sample-compare.ts';
import type { TaskSection } from '../model/task.ts';
import type { TensorInfo } from '../model/tensor-info.ts';
import type { ModelHead } from '../onnx/read-head.ts';

/** Work on a model that needs the native runtime, and so runs in a separate process. Paths are absolute. */
export type Job = OptimizeJob | CheckJob | SampleJob | TokenizerJob;

export interface OptimizeJob {
  do: 'optimize';
  /** `tensors` is of use only for a model with outputs that are no tensors; the other two are made from it then. */
  kind: FormKind;
  /** The ONNX file. */
  model: string;
  /** Where the files lie that it keeps tensors in, if not beside it. */
  folder?: string;
  /** Folder that the files are written into; made if it is not there. */
  out: string;
  /** The golden sample, as JSON. Its inputs join the parity check, and are all of it where random ones do not run. */
  sample?: string | undefined;
  /** For a sample of a request. */
  task?: TaskJob | undefined;
}

/** The version's task, and the files on this machine that it is made of. */
export interface TaskJob {
  section: TaskSection;
  /** By their paths in the version. */
  files: Record<string, string>;
}

/** Compiles a tokenizer. */
export interface TokenizerJob {
  do: 'tokenizer';
  /** The tokenizer.json. */
  model: string;
  /** Folder that the file is written into; made if it is not there. */
  out: string;
}

/** The part of it that writing a form needs. */
export type FormJob = Pick<OptimizeJob, 'model' | 'folder' | 'out'>;

/** What was written. */
export interface MadeForm {
  /** How far the runtime had optimised what is in it. */
  level: Artifact['optimization'];
  /** Metadata of the optimised graph. */
  head: ModelHead;
  /** Absolute paths; the one that is loaded comes first. */
  files: string[];
}

export interface CheckJob {
  do: 'check';
  model: string;
  sample?: string | undefined;
  task?: TaskJob | undefined;
}

export interface SampleJob {
  do: 'sample';
  model: string;
  task?: TaskJob | undefined;
  /** JSON with `inputs` by name, or with a `request`; made up without it. */
  inputs?: string | undefined;
  /** The golden sample to write. */
  out: string;
}

export interface SampleResult {
  /** Whether the model answered the same inputs alike twice; the sample has no outputs otherwise. */
  repeatable: boolean;
}

/** A file of an artifact, for the registry to publish. */
export interface MadeArtifact {
  entry: Artifact;
  /** Absolute path on this machine. */
  source: string;
  /** The version is not published without it. */
  required?: boolean;
}

export interface OptimizeResult {
  /** One file for `cold`; the graph, and its weights where it has any, for `steady`. All of one kind belong together. */
  artifacts: MadeArtifact[];
  /** Input sets that original and artifact were compared on. */
  compared: number;
}

/** Bytes of a request or an answer in either form. */
export interface WireSize {
  json: number;
  binary: number;
}

export interface CheckResult {
  loaded: boolean;
  /** First line of the runtime's message when it refused to load the model. */
  reason?: string;
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  sample: 'ok' | 'mismatch' | 'none';
  difference?: SampleDifference;
  /** What the model does otherwise than it declares, in sentences. */
  warnings: string[];
  /** Without a sample: the first made-up request that the model answered, else one that a node of it refused. */
  probe?: Probe;
  /** Why the task does not fit the model, by a request that was made up for it. */
  taskFault?: string;
  /** Why it answered none of them, by the last that was tried. */
  refusal?: string;
  /** What was run, as JSON and as the bytes of its tensors. */
  bytes?: { request: WireSize; answer: WireSize };
  /** How long that ran, ms. */
  runMs?: number;
  runtime_version: string;
}

export interface JobResults {
  optimize: OptimizeResult;
  check: CheckResult;
  sample: SampleResult;
  tokenizer: MadeArtifact;
}
