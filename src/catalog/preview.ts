import {
  config,
  dryRun,
  endpointOut,
  environment,
  fresh,
  gateOut,
  local,
  model,
  promotionOut,
  qualityOut,
  reportPath,
  results,
  shaOut,
  unpromoted,
  version,
  versionOut,
  watch,
  watchOut,
} from './shared.ts';
import { verb } from './spec.ts';

const idToken = 'id-token: write  # only where store or target are in a cloud';

export const event = verb({
  name: 'event',
  summary: 'Shows what the root action does for a GitHub event, and why; changes nothing.',
  about:
    'Reads the event of the run, or the payload of a file, finds out which models changed and prints the steps. The root action does the same and then runs them. Exit 2: the event is refused, or there is no rule for it.',
  examples: ['coldgate event', 'coldgate event --event pull_request --payload opened.json --json'],
  inputs: [
    config,
    environment,
    model,
    version,
    { name: 'event', type: 'text', only: 'cli', description: 'Name of the event. Default: GITHUB_EVENT_NAME.' },
    { name: 'payload', type: 'text', only: 'cli', description: 'File with its payload. Default: GITHUB_EVENT_PATH.' },
    {
      name: 'token',
      type: 'text',
      only: 'action',
      default: '${{ github.token }}',
      description: "Token for comment, deployment and checks; the job's own unless given.",
    },
  ],
  outputs: [
    { name: 'steps', description: 'JSON list of the verbs that the event asks for.' },
    {
      name: 'models',
      description: 'JSON list of {model, version, …} that the event is about, usable as a job matrix.',
    },
    { name: 'environment', description: 'Environment of models.yaml that was chosen.' },
  ],
  permissions: ['contents: read'],
  load: async () => (await import('../verbs/event.ts')).run,
});

export const preview = verb({
  name: 'preview',
  summary: "Shows a pull request's models at separate addresses, measured against what is live.",
  about:
    'The version is <version>-pr.<number>.<sha7>, the function <model>-pr-<number>, pinned, with a page to try it at /. The same commit again changes nothing; previews of earlier commits go once the new one is proven. Exit 4, 5: the verdict, as with warmup; the preview stays up. --local needs no credentials: everything happens on this machine and is removed again.',
  examples: ['coldgate preview --pull-request 12 --sha 1a2b3c4', 'coldgate preview --pull-request 12 --local'],
  inputs: [
    config,
    environment,
    model,
    { name: 'pull-request', type: 'count', required: true, description: 'Number of the pull request.' },
    {
      name: 'sha',
      type: 'text',
      description: 'Head commit of the pull request. Default: the commit of this checkout.',
    },
    local,
    fresh,
    reportPath,
    dryRun,
  ],
  outputs: [versionOut, shaOut, endpointOut, ...qualityOut, ...gateOut, results],
  permissions: ['contents: read', idToken, 'pull-requests: write', 'deployments: write', 'checks: write'],
  load: async () => (await import('../verbs/preview.ts')).run,
});

export const release = verb({
  name: 'release',
  summary: 'Makes a published version live: verify, evaluate, deploy, warm up, promote. Publishes nothing.',
  about:
    'What a release tag does. The version must be published; its bytes are read back and compared, a candidate is measured against what is live, and the pointer moves only after a pass. On a failure the candidate is removed and the pointer is untouched. Exit codes are those of the step that failed.',
  examples: ['coldgate release --environment production --model digits --version 1.1.0'],
  inputs: [
    config,
    environment,
    model,
    version,
    {
      name: 'from',
      type: 'text',
      description: 'Environment to copy the version from, where its store is another one. Default: nothing is copied.',
    },
    fresh,
    reportPath,
    watch,
    dryRun,
  ],
  outputs: [...promotionOut, shaOut, ...qualityOut, ...gateOut, watchOut, results],
  permissions: ['contents: read', idToken, 'deployments: write'],
  load: async () => (await import('../verbs/release.ts')).run,
});

export const sweep = verb({
  name: 'sweep',
  summary: 'Removes what lost events left behind: orphan previews, old versions; compares pointers with endpoints.',
  about:
    'Removes previews whose pull request is not open or, if the open ones are not known, those older than --max-age-days. Previews are found by listing stores and targets, also for models that are no longer in models.yaml; other functions and models that it does not name are listed. Prunes, and asks every live function which version it serves. Exit 7: an endpoint does not serve what its pointer names. Exit 3: a pointer is missing, or contradicts its version or its record; then nothing of that model is deleted.',
  examples: ['coldgate sweep --open 12,15', 'coldgate sweep --environment staging --max-age-days 7 --dry-run'],
  inputs: [
    config,
    environment,
    model,
    {
      name: 'open',
      type: 'list',
      description: 'Numbers of open pull requests, or none. On GitHub they are asked for unless given.',
    },
    {
      name: 'max-age-days',
      type: 'count',
      default: '14',
      description: 'Age at which a preview is removed if the open pull requests are not known.',
    },
    unpromoted,
    dryRun,
  ],
  outputs: [
    { name: 'previews', description: 'JSON list of the pull requests whose previews were removed.' },
    { name: 'pruned', description: 'JSON list of the versions that were deleted.' },
    {
      name: 'unowned',
      description: 'JSON list of functions and models that exist, and that no entry of models.yaml owns.',
    },
    { name: 'drift', description: '`true` when an endpoint serves something else than its pointer names.' },
    results,
  ],
  permissions: ['contents: read', idToken, 'pull-requests: read', 'deployments: write'],
  load: async () => (await import('../verbs/sweep.ts')).run,
});
