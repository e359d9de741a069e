import type { Provider } from '../../config/types.ts';
import { type Login, logins, type Who } from './logins.ts';

export interface WorkflowWish {
  provider: Provider;
  /** Names of the models; the first stands in comments and defaults. */
  models: readonly [string, ...string[]];
  /** Region in which to log in at AWS. */
  region: string;
  /** Variables of the repository that models.yaml reads. */
  variables: readonly string[];
  /** Whether models are in Git LFS. */
  lfs: boolean;
  /** How this project's actions are named: `owner/name@ref`. */
  action: string;
}

/** Pinned by commit: a tag can be moved. */
const checkout = 'actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0';

const indent = (lines: readonly string[], by: number): string[] =>
  lines.map((line) => (line === '' ? '' : ' '.repeat(by) + line));

const courtesy = [
  'concurrency:',
  '  # Courtesy to the next run; what two runs at once do to each other is settled by the swap.',
  '  group: models-${{ github.event_name }}-${{ github.ref }}',
  '  cancel-in-progress: false',
  '',
];

const byHand = (input: readonly string[]): string[] => [
  'workflow_dispatch:',
  '  inputs:',
  '    verb:',
  '      description: What to do by hand',
  '      type: choice',
  '      options: [rollback, status, history, prune]',
  '      default: rollback',
  ...indent(input, 4),
];

const checkOut = (lfs: boolean, history: boolean): string[] => [
  `- uses: ${checkout}`,
  '  with:',
  '    persist-credentials: false',
  ...(lfs ? ['    lfs: true # the models are there'] : []),
  ...(history ? ['    fetch-depth: 0 # to see which models changed'] : []),
];

/** A step that is one of ours, with its inputs. */
function ours({ action, provider }: WorkflowWish, who: Who, inputs: readonly string[]): string[] {
  const env = provider === 'local' ? undefined : logins[provider].env?.(who);
  return [
    `- uses: ${action}`,
    ...indent(env ?? [], 2),
    ...(inputs.length > 0 ? ['  with:', ...indent(inputs, 4)] : []),
  ];
}

/** The runner is the platform: one job, whatever happened. */
function localJobs(wish: WorkflowWish): string[] {
  return [
    'models:',
    '  runs-on: ubuntu-latest',
    '  timeout-minutes: 20',
    '  permissions:',
    '    contents: read # to check the sources out',
    '    deployments: write # to show where a preview answers',
    '    pull-requests: write # to keep its comment',
    '    checks: write # to annotate what the gate found',
    '  steps:',
    ...indent(
      [
        ...checkOut(wish.lfs, true),
        ...ours(wish, 'pipeline', ['verb: ${{ inputs.verb }}', 'model: ${{ inputs.model }}']),
      ],
      4,
    ),
  ];
}

/** Each job has the permissions of what it does, and its own identity in the cloud. */
function cloudJobs(wish: WorkflowWish, { title, trust, uses, with: inputs }: Login): string[] {
  const token = `id-token: write # to log in at ${title}`;
  const logIn = (who: Who, first: readonly string[] = []) =>
    [...first, `uses: ${uses}`, 'with:', ...indent(inputs(who, wish.region), 2)].map((line, at) =>
      at === 0 ? `- ${line}` : `  ${line}`,
    );
  const notForks =
    "if: github.event.pull_request.head.repo.full_name == github.repository && github.actor != 'dependabot[bot]'";
  const place = "${{ inputs.environment || (github.ref_type == 'tag' && 'production' || 'staging') }}";
  return [
    ...['preview:', "  if: github.event_name == 'pull_request'", '  runs-on: ubuntu-latest', '  timeout-minutes: 60'],
    '  permissions:',
    '    contents: read # to check the sources out',
    `    ${token}; pull requests of forks get no token, and are measured on the runner`,
    '    deployments: write # to show where a preview answers',
    '    pull-requests: write # to keep its comment',
    '    checks: write # to annotate what the gate found',
    '  steps:',
    ...indent([...checkOut(wish.lfs, true), ...logIn('preview', [notForks]), ...ours(wish, 'preview', []), ''], 4),
    'ship:',
    "  if: github.event_name == 'push' || github.event_name == 'workflow_dispatch'",
    ...['  runs-on: ubuntu-latest', '  timeout-minutes: 60'],
    `  # Its name is part of what the ${trust} checks; reviewers of production approve a release.`,
    `  environment: ${place}`,
    '  permissions:',
    ...['    contents: read # to check the sources out', `    ${token}`],
    '    deployments: write # to show what is live where',
    '  steps:',
    ...indent([...checkOut(wish.lfs, true), ...logIn('pipeline')], 4),
    ...indent(
      [...ours(wish, 'pipeline', ['verb: ${{ inputs.verb }}', 'environment: ${{ inputs.environment }}']), ''],
      4,
    ),
    ...sweepJob(wish, token, logIn('pipeline')),
  ];
}

/** Every night, in both places, whatever happens to one of them. */
const sweepJob = (wish: WorkflowWish, token: string, login: readonly string[]): string[] => [
  ...['sweep:', "  if: github.event_name == 'schedule'", '  strategy:', '    fail-fast: false', '    matrix:'],
  ...['      environment: [staging, production]', '  runs-on: ubuntu-latest', '  timeout-minutes: 30'],
  '  environment: ${{ matrix.environment }}',
  '  permissions:',
  ...['    contents: read # to check the sources out', `    ${token}`],
  '    deployments: write # to take down what a preview showed',
  '    pull-requests: read # to know which pull requests are open',
  '  steps:',
  ...indent([...checkOut(wish.lfs, false), ...login], 4),
  ...indent(ours(wish, 'pipeline', ['environment: ${{ matrix.environment }}']), 4),
];

const inputOf = ({ provider, models }: WorkflowWish): string[] =>
  provider === 'local'
    ? ['model:', '  description: Model to work on', `  default: ${models[0]}`]
    : [
        ...['environment:', '  description: Where', '  type: choice', '  options: [production, staging]'],
        '  default: production',
      ];

const meaning = (model: string): string[] => [
  '# What an event means: docs/github.md. A pull request gets previews, a push to main ships to staging, a tag such as',
  `# ${model}/v1.0.0 makes that version live in production, and every night what lost events left behind is removed.`,
];

/** More names than anybody reads. */
const maxTags = 8;

function tagsOf({ provider, models }: WorkflowWish): string {
  if (provider === 'local')
    return "['**'] # every tag, so that one that is nearly a release is refused and not overlooked";
  return models.length > maxTags ? "['**/v*']" : `[${models.map((name) => `'${name}/v*'`).join(', ')}]`;
}

/** The workflow that answers every event for models of this platform, as the examples have it. */
export function workflowText(wish: WorkflowWish): string {
  const login = wish.provider === 'local' ? undefined : logins[wish.provider];
  const variables = wish.variables.map((name) => `  ${name}: \${{ vars.${name} }} # models.yaml reads it`);
  return [
    'name: Models',
    ...(login ? meaning(wish.models[0]) : []),
    'on:',
    '  pull_request:',
    '    types: [opened, synchronize, reopened, closed]',
    '  push:',
    '    branches: [main]',
    `    tags: ${tagsOf(wish)}`,
    '  schedule:',
    "    - cron: '23 4 * * *'",
    ...indent(byHand(inputOf(wish)), 2),
    ...['', 'permissions: {}', ''],
    ...courtesy,
    ...(variables.length > 0 ? ['env:', ...variables, ''] : []),
    'jobs:',
    ...indent(login ? cloudJobs(wish, login) : localJobs(wish), 2),
    '',
  ].join('\n');
}
