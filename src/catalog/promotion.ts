import {
  config,
  dryRun,
  endpointOut,
  environment,
  fresh,
  gateOut,
  model,
  promotionOut,
  qualityOut,
  reportPath,
  results,
  sha256,
  shaOut,
  verdict,
  version,
  versionOut,
  watch,
  watchOut,
} from './shared.ts';
import { verb } from './spec.ts';

export const ship = verb({
  name: 'ship',
  action: '.',
  summary:
    'Check, publish, verify, evaluate, deploy, warm up, promote: the whole release, stopping at the first failure.',
  about:
    'Begins with what validate does, before anything is published. Every step is idempotent: killed anywhere and run again, it converges. On a failure the candidate is removed and the pointer is untouched. Exit codes are those of the step that failed.',
  examples: ['coldgate ship', 'coldgate ship --environment production --model digits'],
  inputs: [config, environment, model, fresh, reportPath, watch, dryRun],
  outputs: [
    versionOut,
    shaOut,
    { name: 'published', description: '`true` when this run published the version.' },
    { name: 'promoted', description: '`true` when the pointer moved.' },
    { name: 'previous-version', description: 'Version that was live before.' },
    { name: 'sequence', description: 'Number of the move in the history.' },
    endpointOut,
    ...qualityOut,
    ...gateOut,
    watchOut,
    results,
  ],
  permissions: ['contents: read', 'id-token: write  # only where store or target are in a cloud'],
  load: async () => (await import('../verbs/ship.ts')).run,
});

export const promote = verb({
  name: 'promote',
  action: 'promote-pointer',
  summary: 'Makes a version live: one compare-and-swap of the pointer, then proof from the endpoint.',
  about:
    'Verifies the bytes, refuses a version whose recorded verdict on this target is not a pass, swaps the pointer under a precondition and proves that the live function, where one is deployed, serves it. --watch keeps calling it for a while and rolls pointer and function back when it breaks (exit 7). With --from the version is first copied from the store of another environment, byte for byte, and read back; a verdict against it there is refused too. Exit 3: the bytes are damaged, or the store has others under that version. Exit 6: someone else moved the pointer; the message says who.',
  examples: [
    'coldgate promote',
    'coldgate promote --model digits --version 1.1.0 --gate required',
    'coldgate promote --watch 120s',
    'coldgate promote --from staging --environment production --model digits',
  ],
  inputs: [
    config,
    environment,
    model,
    version,
    sha256,
    verdict,
    {
      name: 'from',
      type: 'text',
      description:
        'Environment to copy the version from, where its store is another one: a staging bucket, another cloud. Default: nothing is copied.',
    },
    {
      name: 'gate',
      type: ['recorded', 'required', 'skip'],
      default: 'recorded',
      description:
        '`recorded`: a recorded verdict must be a pass, a missing one warns. `required`: there must be one. `skip`: not asked.',
    },
    watch,
    {
      name: 'wait',
      type: 'seconds',
      description:
        'Retry for this long (90s, 10m) if someone else moves the pointer meanwhile or the store throttles, replacing whatever won and checking the gate again each time. Default: the loser stops, exit 6.',
    },
    dryRun,
  ],
  outputs: [
    ...promotionOut,
    { name: 'copied', description: '`true` when this run brought the version from the store of `from`.' },
    watchOut,
    results,
  ],
  permissions: ['contents: read', 'id-token: write  # only where the store is in a cloud'],
  load: async () => (await import('../steps/step-inputs.ts')).checked((await import('../verbs/promote.ts')).run),
});

export const rollback = verb({
  name: 'rollback',
  summary: 'Moves the pointer back to the previous or a named version.',
  about:
    'The same compare-and-swap as promote, without a gate: the version has been live before. Without --to it goes back from a promotion, once: what a rollback has made live already stays, so running it again, or re-running a failed job, changes nothing (exit 0) but finishes what a killed run left undone. Further back, or forward again, needs --to.',
  examples: ['coldgate rollback --model digits', 'coldgate rollback --model digits --to 1.0.0'],
  inputs: [
    config,
    environment,
    model,
    {
      name: 'to',
      type: 'version',
      description: 'Version to go to. Default: the one that was live before the last promotion.',
    },
    dryRun,
  ],
  outputs: [...promotionOut, results],
  permissions: ['contents: read', 'id-token: write  # only where the store is in a cloud'],
  load: async () => (await import('../verbs/rollback.ts')).run,
});

export const status = verb({
  name: 'status',
  summary: 'Shows what is live where, and every published version.',
  about:
    'Reads pointers, versions and the functions of the environment, and checks that what pointers name is there and agrees with them. Changes nothing. Exit 3: a pointer is missing, or contradicts its version or its record.',
  examples: ['coldgate status', 'coldgate status --environment production --json'],
  inputs: [config, environment, model],
  outputs: [results],
  permissions: ['contents: read'],
  load: async () => (await import('../verbs/status.ts')).run,
});

export const history = verb({
  name: 'history',
  summary: 'Lists who promoted what, newest first.',
  about:
    'One record a move of the pointer, gapless; a record that a crash left out is shown from the pointer itself. The pointer is compared with the version that it names and with its own record, with --check every record with the others. Exit 3: they contradict each other.',
  examples: ['coldgate history --model digits', 'coldgate history --limit 5 --json', 'coldgate history --check'],
  inputs: [
    config,
    environment,
    model,
    { name: 'limit', type: 'count', default: '20', description: 'Records to show.' },
    {
      name: 'check',
      type: 'flag',
      default: 'false',
      description: 'Read the whole history and hold every record against the one before it.',
    },
    {
      name: 'repair',
      type: 'flag',
      default: 'false',
      description:
        'Write the record that a crash left out, and put back a pointer that is missing, unreadable or contradicts its version from its newest record; then check. Needs the permissions of promote.',
    },
  ],
  outputs: [results],
  permissions: ['contents: read'],
  load: async () => (await import('../verbs/history.ts')).run,
});
