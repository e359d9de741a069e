import { config, dryRun, endpointOut, environment, model, results, sha256, version } from './shared.ts';
import { verb } from './spec.ts';

export const deploy = verb({
  name: 'deploy',
  action: 'deploy-function',
  summary: 'Deploys the candidate: one shared handler, pinned to the version, proven to serve.',
  about:
    'Builds the reproducible package, creates or updates the candidate revision, waits until it is ready and checks that it answers the golden sample with version and sha256. Unchanged package and settings change nothing. Exit 7: the function did not pass its readiness proof.',
  examples: [
    'coldgate deploy',
    'coldgate deploy --model digits --version 1.0.0',
    'coldgate deploy --image-context build/image',
  ],
  inputs: [
    config,
    environment,
    model,
    version,
    sha256,
    {
      name: 'image-context',
      type: 'text',
      description: 'Write Dockerfile and files for `package: image` to this folder, and deploy nothing.',
    },
    dryRun,
  ],
  outputs: [
    endpointOut,
    { name: 'revision', description: 'Id of the candidate on the platform.' },
    { name: 'package-sha256', description: 'Digest of the deployed package.' },
    { name: 'changed', description: '`false` when nothing had to be done.' },
    results,
  ],
  permissions: ['contents: read', 'id-token: write  # only where the target is in a cloud'],
  load: async () => (await import('../steps/step-inputs.ts')).checked((await import('../verbs/deploy.ts')).run),
});

export const destroy = verb({
  name: 'destroy',
  summary: 'Removes the functions of an environment; versions and pointers stay.',
  about:
    'Stops and removes live and candidate revisions. What is already gone is fine. --candidates keeps the live one. --preview removes the previews of a pull request alone, functions and versions, of every model that has one.',
  examples: ['coldgate destroy --model digits', 'coldgate destroy --candidates', 'coldgate destroy --preview 12'],
  inputs: [
    config,
    environment,
    model,
    { name: 'candidates', type: 'flag', default: 'false', description: 'Remove candidates only.' },
    { name: 'preview', type: 'count', description: 'Pull request whose preview is to go, and nothing else.' },
    dryRun,
  ],
  outputs: [{ name: 'pruned', description: 'JSON list of the versions that were deleted.' }, results],
  permissions: ['contents: read', 'id-token: write  # only where the target is in a cloud'],
  load: async () => (await import('../verbs/destroy.ts')).run,
});

export const serve = verb({
  name: 'serve',
  summary: 'Runs the handler on this machine until it is stopped.',
  about:
    'Follows the pointer of the environment, whatever models.yaml names; --version pins a published one. The very code that is deployed, with a page to try the model in a browser.',
  examples: ['coldgate serve --model digits --port 8080', 'coldgate serve --model digits --version 1.0.0'],
  inputs: [
    config,
    environment,
    model,
    version,
    { name: 'port', type: 'count', default: '8080', description: 'Port on loopback; 0 takes a free one.' },
  ],
  outputs: [],
  permissions: ['contents: read'],
  load: async () => (await import('../verbs/serve.ts')).run,
});

export const doctor = verb({
  name: 'doctor',
  summary: 'Proves that the store honours preconditions, and checks this machine.',
  about:
    'Creates over an existing object, updates with a stale token, races writers: a store that lets one of them through loses promotions and is refused. Prints what each check proved. Exit 8 when the store fails. --suggest makes no request and prints what the owner of the store should set up, as a shell script to read and then run: private access, versions, lifecycle, conditional writes, retention.',
  examples: [
    'coldgate doctor',
    'coldgate doctor --environment staging --json',
    'coldgate doctor --environment production --suggest > setup.sh',
  ],
  inputs: [
    config,
    environment,
    {
      name: 'suggest',
      type: 'flag',
      default: 'false',
      description: 'Print the commands and policies that set the store up, with its own names filled in.',
    },
    {
      name: 'cold-after',
      type: 'count',
      default: '90',
      description: 'With suggest: age at which versions go to a colder class, days.',
    },
    {
      name: 'keep',
      type: 'count',
      default: '30',
      description: 'With suggest: how long what was deleted or replaced can be had back, days.',
    },
  ],
  outputs: [{ name: 'healthy', description: '`true` when every check passed.' }],
  permissions: ['contents: read', 'id-token: write  # only where the store is in a cloud'],
  load: async () => (await import('../verbs/doctor.ts')).run,
});
