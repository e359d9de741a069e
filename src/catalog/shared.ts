/** Inputs and outputs that several verbs spell the same way. */
export const config = {
  name: 'config',
  type: 'text',
  default: 'models.yaml',
  description: 'Path of models.yaml.',
} as const;
export const environment = {
  name: 'environment',
  type: 'text',
  description: 'Environment of models.yaml to work on. Default: the only one, or `local`.',
} as const;
export const model = {
  name: 'model',
  type: 'list',
  description: 'Models to work on, by name; repeat the flag or separate by commas. Default: all.',
} as const;
export const version = {
  name: 'version',
  type: 'version',
  description: 'Version to work on. Default: the one that models.yaml names.',
} as const;
export const sha256 = {
  name: 'sha256',
  type: 'sha256',
  description: 'sha256 that the model file must have, from the output of an earlier step. Exit 3 where it differs.',
} as const;
export const endpointUrl = {
  name: 'endpoint-url',
  type: 'url',
  description: 'Address of the candidate, from the output of deploy. Exit 7 if no candidate of this version is there.',
} as const;
export const verdict = {
  name: 'verdict',
  type: ['pass', 'regression', 'inconclusive', 'error'],
  description: 'Verdict of an earlier step; any but pass stops with its exit code.',
} as const;
export const dryRun = {
  name: 'dry-run',
  type: 'flag',
  default: 'false',
  description: 'Say what would be done, change nothing.',
} as const;
export const local = {
  name: 'local',
  type: 'flag',
  default: 'false',
  description: 'Work on this machine alone, without environments and credentials, and leave nothing.',
} as const;
export const unpromoted = {
  name: 'unpromoted',
  type: 'list',
  description:
    'Models that not every environment of the store has promoted yet: versions go although pointers without history are missing.',
} as const;
export const fresh = {
  name: 'fresh',
  type: 'flag',
  default: 'false',
  description: 'Measure again from nothing instead of going on with the recorded samples of this candidate.',
} as const;
export const reportPath = {
  name: 'report-path',
  type: 'text',
  default: '.coldgate/reports',
  description: 'Folder for the JSON report of the measurement.',
} as const;
export const watch = {
  name: 'watch',
  type: 'seconds',
  description:
    'Watch the live endpoint for so long afterwards (120s, 2m), and roll pointer and function back when it breaks. Default: gate.watch of models.yaml.',
} as const;

export const results = {
  name: 'results',
  description: 'JSON list with one entry per model: everything that the other outputs contain.',
};
export const versionOut = { name: 'version', description: 'Version of the model.' };
export const watchOut = {
  name: 'watch',
  description:
    '`passed`, `superseded` (someone else has moved the pointer) or, of a version that broke: `rolled-back`, `partially-rolled-back` (the pointer, not the function), `rollback-failed`, `not-rolled-back` (nothing to go back to). Empty without a watch.',
};
export const shaOut = { name: 'sha256', description: 'sha256 of the model file, hexadecimal.' };
export const endpointOut = { name: 'endpoint-url', description: 'Address that the function answers at.' };
export const verdictOut = { name: 'verdict', description: '`pass`, `regression`, `inconclusive` or `error`.' };
export const gateOut = [
  verdictOut,
  { name: 'ratio', description: 'Cold start of the candidate / of the live version (Hodges-Lehmann).' },
  { name: 'lower', description: 'Proven lower bound of the ratio.' },
  { name: 'upper', description: 'Proven upper bound of the ratio.' },
  { name: 'candidate-p50', description: 'Median of the candidate, ms.' },
  { name: 'candidate-p95', description: '95th percentile of the candidate, ms.' },
  { name: 'baseline-p50', description: 'Median of the live version, ms.' },
  { name: 'report-path', description: 'JSON file with every sample.' },
];
export const promotionOut = [
  { name: 'promoted', description: '`true` when the pointer moved, `false` when it already was where it should be.' },
  versionOut,
  { name: 'previous-version', description: 'Version that was live before; empty at the first promotion.' },
  { name: 'sequence', description: 'Number of the move in the history.' },
  endpointOut,
];
export const qualityOut = [
  {
    name: 'quality-verdict',
    description: 'Of the examples under quality: `pass`, `regression`, `inconclusive` or `error`; empty without them.',
  },
  { name: 'quality-metric', description: 'The metric that decided.' },
  { name: 'quality-candidate', description: 'What the version reaches in it; of losses the mean loss.' },
  { name: 'quality-baseline', description: 'What the live version reaches in it.' },
  { name: 'quality-difference', description: 'The loss of quality as seen, above 0 where the version is worse.' },
  { name: 'quality-report-path', description: 'JSON file of the evaluation.' },
];
