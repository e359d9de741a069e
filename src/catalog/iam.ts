import { config, environment, model } from './shared.ts';
import { verb } from './spec.ts';

export const iam = verb({
  name: 'iam',
  summary: 'Prints the permissions that an environment needs, and no more.',
  about:
    'Reads models.yaml alone and asks no cloud. Least-privilege policies for the pipeline, for pull requests and for the function on AWS, Google Cloud and Azure, with the commands that put them in place: standard output is a shell script to read and then run. With --json one document holds the same.',
  examples: [
    'coldgate iam --environment production',
    'coldgate iam --environment production --role function --json',
    'coldgate iam --environment production --role pipeline --verbs publish,verify',
  ],
  inputs: [
    config,
    environment,
    model,
    {
      name: 'role',
      type: 'list',
      description:
        'Whose permissions: `pipeline`, `preview` (pull requests), `function`. Default: pipeline and function.',
    },
    {
      name: 'verbs',
      type: 'list',
      description: 'Verbs that the job runs, for a narrower policy. Default: all that the role may run.',
    },
    {
      name: 'repository',
      type: 'text',
      description: 'GitHub repository whose jobs take the role, as owner/name. Default: the one that this runs for.',
    },
    {
      name: 'account',
      type: 'text',
      description: 'Id of the AWS account. Default: the one of the role in models.yaml.',
    },
  ],
  outputs: [{ name: 'results', description: 'JSON list with one entry per identity: policies, commands, notes.' }],
  permissions: ['contents: read'],
  load: async () => (await import('../verbs/iam.ts')).run,
});
