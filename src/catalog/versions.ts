import {
  config,
  dryRun,
  environment,
  local,
  model,
  results,
  sha256,
  shaOut,
  unpromoted,
  version,
  versionOut,
} from './shared.ts';
import { verb } from './spec.ts';

export const validate = verb({
  name: 'validate',
  summary: 'Checks models.yaml, the model files and their golden samples on this machine.',
  about:
    'Lists every problem of every model at once, with file and line, and the models that are fine beside them. Each is loaded by the real runtime outside of this process and runs its sample, or without one a made-up request, several models side by side; --skip-run leaves that out. Exit code of the worst: 2: the configuration or a sample is wrong; 3: a file is not what its name says, or the model does not load or answers its sample otherwise.',
  examples: ['coldgate validate', 'coldgate validate --model digits --skip-run'],
  inputs: [
    config,
    environment,
    model,
    { name: 'skip-run', type: 'flag', default: 'false', description: 'Do not run the samples.' },
    local,
    { name: 'parallel', type: 'count', description: 'Models to check at once. Default: one for each core.' },
  ],
  outputs: [
    {
      name: 'models',
      description:
        'JSON list {model, version, published, ok}, usable as a job matrix; published is null where no store is asked.',
    },
  ],
  permissions: ['contents: read'],
  load: async () => (await import('../verbs/validate.ts')).run,
});

export const sample = verb({
  name: 'sample',
  summary: 'Makes a golden sample by running the model.',
  about:
    'Runs the model on this machine, writes its inputs and its answer, and proves the file as validate does before it is put in its place: what models.yaml names, else <model>-sample.json beside the model. Without --inputs they are made up, for all models that have no sample. --from records what a running endpoint answers, which must be what the model answers here. Exit 2: the inputs are not what the model takes, or the file is there; 3: the model refuses them, or test data or the endpoint answer otherwise; 7: the endpoint does not answer.',
  examples: [
    'coldgate sample',
    'coldgate sample --model digits --inputs digits.npz',
    'coldgate sample --model digits --inputs test_data_set_0 --force',
    'coldgate sample --model digits --inputs x=x.npy,mask=mask.npy --output models/digits/sample.json',
    'coldgate sample --model digits --from https://api.example/v2/models/digits',
  ],
  inputs: [
    config,
    model,
    {
      name: 'inputs',
      type: 'list',
      only: 'cli',
      description:
        'Files with inputs: .npz, .npy, .pb (ONNX tensors), .json or .csv, or a folder test_data_set_*; NAME=PATH for the input of that name. Of a model with a task: a request (.json), or pictures (.jpg, .png, .webp).',
    },
    {
      name: 'from',
      type: 'text',
      only: 'cli',
      description:
        'Running endpoint to record: a function, or a model of the Open Inference Protocol (…/v2/models/NAME).',
    },
    { name: 'output', type: 'text', only: 'cli', description: 'File to write.' },
    { name: 'force', type: 'flag', only: 'cli', default: 'false', description: 'Write over a file that is there.' },
  ],
  outputs: [{ name: 'sample', description: 'Path of the sample.' }, results],
  permissions: ['contents: read'],
  load: async () => (await import('../verbs/sample.ts')).run,
});

export const publish = verb({
  name: 'publish',
  action: 'publish-model',
  summary: 'Publishes model versions that can never change.',
  about:
    'First does what validate does, so that a model that cannot serve takes no version. Streams each file once, hashing while it uploads, and writes manifest.json last: a version is visible when it is complete. The same bytes again are a no-op; other bytes under a published version are refused (exit 3) with both digests.',
  examples: ['coldgate publish', 'coldgate publish --model digits --environment staging --dry-run'],
  inputs: [config, environment, model, version, dryRun],
  outputs: [
    versionOut,
    shaOut,
    { name: 'manifest-url', description: 'Where the manifest is stored.' },
    { name: 'published', description: '`true` when this run published, `false` when the same bytes were there.' },
    results,
  ],
  permissions: ['contents: read', 'id-token: write  # only where the store is in a cloud'],
  load: async () => (await import('../verbs/publish.ts')).run,
});

export const verify = verb({
  name: 'verify',
  action: 'verify-checksum',
  summary: 'Reads a published version back and compares every byte with its manifest.',
  about:
    'Streams every file, compares sha256 and size with the manifest, and the manifest with the pointer where that names the version. --deep also loads the model and runs its sample. Exit 3: something differs.',
  examples: ['coldgate verify', 'coldgate verify --model digits --version 1.0.0 --deep'],
  inputs: [
    config,
    environment,
    model,
    version,
    sha256,
    { name: 'deep', type: 'flag', default: 'false', description: 'Load the stored model and run its golden sample.' },
  ],
  outputs: [{ name: 'verified', description: '`true` when everything agrees.' }, versionOut, shaOut, results],
  permissions: ['contents: read', 'id-token: write  # only where the store is in a cloud'],
  load: async () => (await import('../steps/step-inputs.ts')).checked((await import('../verbs/verify.ts')).run),
});

export const url = verb({
  name: 'url',
  summary: 'Makes time-limited links that read a version without a role.',
  about:
    'Signs a link for each file of the version (S3 presigned, Google V4, Azure user delegation) and reads one byte by it. A link ends with what signed it: with the session of temporary credentials on S3, after 12 hours on Google where the account has no key file, with the delegated key on Azure. --expires beyond that is refused (exit 2). Links are masked in logs; GitHub drops masked values between jobs, so use one in the same job.',
  examples: [
    'coldgate url --model digits --live --expires 30m --json',
    'coldgate url --version 1.0.0 --path model.onnx',
  ],
  inputs: [
    config,
    environment,
    model,
    version,
    { name: 'live', type: 'flag', default: 'false', description: 'Of the version that the pointer names.' },
    { name: 'path', type: 'list', description: 'A file of the version; several may be given. Default: all.' },
    {
      name: 'expires',
      type: 'seconds',
      description:
        'How long the links last, up to 7 days: 90s, 30m, 12h. Default: an hour, or what the credentials allow.',
    },
    { name: 'no-check', type: 'flag', default: 'false', description: 'Do not read a byte by each link.' },
  ],
  outputs: [
    versionOut,
    { name: 'url', description: 'Link to the first file: the model, unless others were asked for.' },
    { name: 'urls', description: 'JSON list {path, url, sha256, size, expires-at}.' },
    { name: 'expires-at', description: 'When the first of them ends.' },
    results,
  ],
  permissions: ['contents: read', 'id-token: write  # only where the store is in a cloud'],
  load: async () => (await import('../verbs/url.ts')).run,
});

export const prune = verb({
  name: 'prune',
  summary: 'Deletes old versions that nothing names any more.',
  about:
    'Keeps the newest `retain` versions and everything that a pointer, the history window or a deployed revision names. --dry-run says what and why. Deletes nothing (exit 3) where a pointer is missing although its history is there, or an environment names it and releases would go; where a pointer is a link or cannot be read; and where a pointer contradicts its version or its record.',
  examples: ['coldgate prune --dry-run', 'coldgate prune --model digits --retain 3'],
  inputs: [
    config,
    environment,
    model,
    { name: 'retain', type: 'count', description: 'Newest versions to keep. Default: retain of models.yaml.' },
    unpromoted,
    dryRun,
  ],
  outputs: [{ name: 'pruned', description: 'JSON list of the versions that were deleted.' }, results],
  permissions: ['contents: read', 'id-token: write  # only where the store is in a cloud'],
  load: async () => (await import('../verbs/prune.ts')).run,
});
