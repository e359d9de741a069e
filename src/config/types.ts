import type { z } from 'zod';
import type { QualityOptions } from '../gate/quality/options.ts';
import type { GateOptions } from '../gate/rule/options.ts';
import type { CamelKeys } from './camel-keys.ts';
import type { AwsLambdaSettings } from './schema/aws-lambda.ts';
import type { AzureFunctionsSettings } from './schema/azure-functions.ts';
import type { GoogleCloudRunSettings } from './schema/google-cloud-run.ts';
import type { QueueSettings } from './schema/queue.ts';
import type { taskSchema } from './schema/task.ts';

/** models.yaml after defaults, interpolation and path resolution. Fields are camelCase here, kebab-case in the file. */
export interface Config {
  /** Absolute path of the file, and its folder, which all paths inside are relative to. */
  file: string;
  root: string;
  environments: Record<string, Environment>;
  models: Record<string, ModelEntry>;
  /** What came from the environment and is shown by its name alone. */
  interpolated?: { name: string; value: string }[] | undefined;
}

/** A place for versions. `url` has its scheme: `file:` paths are absolute here. */
export interface StoreSettings {
  url: string;
  region?: string | undefined;
  /** Base URL of a compatible server or emulator. */
  endpoint?: string | undefined;
  /** URL of a cache in front of the store, by which functions read versions; its query may be a signature. */
  readUrl?: string | undefined;
  /** SSE-KMS key or CMEK key name; passed through. */
  kmsKey?: string | undefined;
  /** Encryption at rest on S3; the bucket's own setting when absent. */
  encryption?: 'sse-s3' | 'sse-kms' | undefined;
  /** Name of an encryption scope on Azure. */
  encryptionScope?: string | undefined;
}

export interface LocalTargetSettings {
  provider: 'local';
  /** Port of the live endpoint on loopback; chosen once and remembered when absent. */
  port?: number | undefined;
  queue?: QueueSettings | undefined;
}

/** Settings of a target by its provider, checked by the schema, with defaults; camelCase as everything here. */
export interface SettingsByProvider {
  local: LocalTargetSettings;
  'aws-lambda': AwsLambdaSettings;
  'google-cloud-run': GoogleCloudRunSettings;
  'azure-functions': AzureFunctionsSettings;
}

export type Provider = keyof SettingsByProvider;

export type TargetSettings = SettingsByProvider[Provider];

export interface Environment {
  name: string;
  store: StoreSettings;
  pointer: string;
  target: TargetSettings;
}

export interface SourceFile {
  /** Path inside the version: `model.onnx`. */
  path: string;
  /** Absolute path on this machine. */
  source: string;
}

export interface HandlerOptions {
  maxPayloadKb: number;
  threads: number;
  refreshSeconds: number;
  /** The time over which the instances of a function follow a flip, s. */
  followOverSeconds: number;
  runTimeoutMs: number;
  cors: string[];
  /** Names of models that share one function, this one included. */
  models: string[];
}

/** One metric of the quality gate. */
export interface QualityMetricSettings {
  /** `cap` is open where models.yaml has none and it follows from the examples (mae, rmse). */
  options: QualityOptions;
  /** Of top-k. */
  k: number;
  /** Name of the output; the first one where absent. */
  output: string | undefined;
  /** Whether it can block; the first one always does. */
  decides: boolean;
}

export interface QualitySettings {
  data: SourceFile;
  /** The first one decides. */
  metrics: QualityMetricSettings[];
}

/** `task:` of a model, as it is written. */
export type TaskSettings = CamelKeys<z.output<typeof taskSchema>>;

export interface ModelEntry {
  name: string;
  version: string;
  /** Everything that is published, the golden sample included. */
  files: SourceFile[];
  /** Which of `files` is the ONNX model. */
  model: string;
  /** The golden sample; one of `files`. */
  sample: SourceFile | undefined;
  retain: number;
  optimize: 'off' | 'cold' | 'steady';
  /** Whether a version is published only with that form. */
  formRequired: boolean;
  /** How requests become tensors; tensors alone without it. */
  task: TaskSettings | undefined;
  gate: GateOptions;
  /** Labelled examples and what is judged by them. */
  quality: QualitySettings | undefined;
  /** How long a promotion watches what it has made live, s; 0 not at all. */
  watchSeconds: number;
  handler: HandlerOptions;
  /** Overrides the environment's. */
  target: TargetSettings | undefined;
}
