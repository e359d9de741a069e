import { verb } from './spec.ts';

const text = (name: string, description: string) => ({ name, type: 'text', only: 'cli', description }) as const;

export const init = verb({
  name: 'init',
  summary: 'Writes models.yaml, golden samples and the workflow for the ONNX files of a repository.',
  about:
    'Finds the ONNX files below the current folder, runs each on made-up inputs, and writes what is missing: models.yaml with the environments staging and production, a golden sample beside each model, .github/workflows/models.yml, and .gitattributes for Git LFS where a file is large. What is there stays as it is. Asks what it needs to know where somebody sits at the terminal; --yes takes flags and defaults. What it writes passes coldgate validate. Exit 2: there is no ONNX file, or something is missing or wrong; 3: a model does not load or run and is left out.',
  examples: [
    'coldgate init',
    'coldgate init --yes',
    'coldgate init --yes --provider aws-lambda --store s3://acme/models --region eu-west-1 --execution-role $ROLE',
    'coldgate init --yes --provider google-cloud-run --store gs://acme/m --project acme --region us-east1 --service-account $NAME',
  ],
  inputs: [
    {
      name: 'model',
      type: 'list',
      only: 'cli',
      description: 'Names or paths of ONNX files to take. Default: all that are found.',
    },
    {
      name: 'provider',
      type: ['local', 'aws-lambda', 'google-cloud-run', 'azure-functions'],
      only: 'cli',
      description: 'Where functions run. Default: local, on this machine and on the runner.',
    },
    text('store', 'Where versions are kept. Default for local functions: file:.coldgate/store.'),
    text('region', 'Region of bucket and functions, on AWS and Google Cloud.'),
    text('execution-role', 'Role that functions on AWS run as; ${NAME} reads a variable of the repository.'),
    text('project', 'Project of Google Cloud.'),
    text('service-account', 'Account that services on Google Cloud run as.'),
    text('subscription', 'Subscription of Azure.'),
    text('resource-group', 'Resource group of the function apps.'),
    text('location', 'Location of the function apps.'),
    text('storage-account', 'Storage account of the function apps themselves.'),
    text('identity', 'User-assigned identity that function apps run as.'),
    text(
      'action',
      'How the workflow names this action, OWNER/NAME@REF; pin it to a commit. Default: the tag of this version.',
    ),
    { name: 'yes', type: 'flag', only: 'cli', default: 'false', description: 'Ask nothing.' },
  ],
  outputs: [],
  permissions: ['contents: read'],
  load: async () => (await import('../verbs/init.ts')).run,
});
