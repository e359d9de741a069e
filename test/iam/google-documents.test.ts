import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { cloudRun, gatewayRun, iamYaml, imageRun, run } from '../fixtures/iam-config.ts';
import { iamOf, type PrintedPolicySet, policySetOf } from './printed.ts';

const production = { environment: 'production', repository: 'acme/models', role: 'pipeline,preview,function' };
const gs = 'gs://acme-models/models';

async function printed(
  who: 'pipeline' | 'preview' | 'function',
  { target = run, store = gs, ...given }: { target?: string; store?: string; [input: string]: string } = {},
): Promise<PrintedPolicySet> {
  return policySetOf(await iamOf(iamYaml({ store, target }), { ...production, ...given }), who, 'google');
}

/** Permissions of a custom role by its id. */
function permissionsOf({ documents }: PrintedPolicySet, id: RegExp): string[] {
  const files = documents.filter(({ file, kind }) => kind === 'permissions' && id.test(file));
  return files.flatMap(
    ({ content }) => (load(content as string) as { includedPermissions: string[] }).includedPermissions,
  );
}

const ofProject = /^coldgateP(?:ipeline|review)_/;
const account = 'coldgate-pipeline-production';

describe('who a job is on Google Cloud', () => {
  it('is a service account that the job impersonates where functions are on Cloud Run', async () => {
    const { commands } = await printed('pipeline');
    const text = commands.join('\n');
    expect(text).toContain(`gcloud iam service-accounts create ${account} --project="$PROJECT"`);
    expect(text).toContain(`ACCOUNT="${account}@$PROJECT.iam.gserviceaccount.com"`);
    const federated = commands.filter((line) => line.includes('principal://'));
    expect(federated).toHaveLength(1);
    expect(federated[0]).toContain('service-accounts add-iam-policy-binding "$ACCOUNT"');
    expect(federated[0]).toContain('--role=roles/iam.workloadIdentityUser');
    expect(federated[0]).toContain('/subject/repo:acme/models:environment:production"');
    expect(text).toContain('MEMBER="serviceAccount:$ACCOUNT"');
  });

  it('has an account for each role and environment', async () => {
    const { commands } = await printed('preview', { environment: 'staging' });
    expect(commands.join('\n')).toContain('gcloud iam service-accounts create coldgate-preview-staging ');
    expect(commands.join('\n')).toContain('/subject/repo:acme/models:pull_request"');
  });

  it('takes tokens of one repository alone', async () => {
    const provider = (await printed('pipeline')).commands.find((line) => line.includes('providers create-oidc'));
    expect(provider).toContain(`--attribute-condition="assertion.repository == 'acme/models'"`);
  });

  it('is a principal of the pool where nothing but a bucket is met', async () => {
    const { commands } = await printed('pipeline', { target: '{ provider: local }' });
    expect(commands.join('\n')).toContain('MEMBER="principal://iam.googleapis.com/');
    expect(commands.join('\n')).not.toContain('service-accounts');
  });

  it('cuts what is too long for an account', async () => {
    const yaml = iamYaml({ store: gs, target: run }).replaceAll('production:', 'the-longest-environment:');
    const result = await iamOf(yaml, { ...production, environment: 'the-longest-environment' });
    const id = /service-accounts create (\S+)/.exec(policySetOf(result, 'pipeline', 'google').commands.join('\n'))?.[1];
    expect(id).toMatch(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/);
  });
});

describe('what a job may do on Google Cloud', () => {
  it('calls private functions with ID tokens of its own account, and public ones with none', async () => {
    const creator = 'roles/iam.serviceAccountOpenIdTokenCreator';
    expect((await printed('pipeline')).commands.join('\n')).toContain(
      `add-iam-policy-binding "$ACCOUNT" --project="$PROJECT" --role=${creator} --member="$MEMBER"`,
    );
    const open = await printed('pipeline', { target: cloudRun('auth: none') });
    expect(open.commands.join('\n')).not.toContain(creator);
    expect(permissionsOf(open, ofProject)).toContain('run.services.setIamPolicy');
    expect(permissionsOf(open, ofProject)).not.toContain('run.routes.invoke');
    const closed = permissionsOf(await printed('pipeline'), ofProject);
    expect(closed).toContain('run.routes.invoke');
    expect(closed.filter((one) => /IamPolicy$/.test(one))).toEqual([]);
  });

  it.each([
    ['status', ['run.services.get', 'run.revisions.list']],
    ['publish', []],
  ])('is granted no more than it needs for %s', async (verbs, expected) => {
    expect(permissionsOf(await printed('pipeline', { verbs }), ofProject)).toEqual(expected);
  });

  it('removes services only where functions are removed', async () => {
    const may = async (verbs: string) => permissionsOf(await printed('pipeline', { verbs }), ofProject);
    expect(await may('ship')).not.toContain('run.services.delete');
    expect(await may('destroy')).toContain('run.services.delete');
    expect(await may('destroy')).not.toContain('run.services.create');
  });

  it('has one role an environment, so that one does not take what another needs', async () => {
    const files = async (environment: string) =>
      (await printed('pipeline', { environment })).documents
        .map(({ file }) => file)
        .filter((file) => ofProject.test(file));
    expect(await files('production')).toEqual(['coldgatePipeline_production.yaml']);
    expect(await files('staging')).toEqual(['coldgatePipeline_staging.yaml']);
  });

  it('gives functions and gateways their accounts, and no other', async () => {
    const { commands } = await printed('pipeline', { target: gatewayRun });
    const given = commands.filter((line) => line.includes('roles/iam.serviceAccountUser'));
    expect(given.map((line) => /binding (\S+) /.exec(line)?.[1])).toEqual([
      'digits@acme-prod.iam.gserviceaccount.com',
      'edge@acme-prod.iam.gserviceaccount.com',
    ]);
    const looks = await printed('pipeline', { target: gatewayRun, verbs: 'status' });
    expect(looks.commands.join('\n')).not.toContain('serviceAccountUser');
  });

  it('puts archives below one prefix of one bucket, and nowhere else', async () => {
    const { commands, documents } = await printed('pipeline', { target: gatewayRun });
    const bound = commands.filter((line) => line.includes('gs://acme-uploads '));
    const roles = bound.map((line) => /--role="?(\S+?)"? --condition/.exec(line)?.[1]);
    expect(roles).toEqual([
      'projects/$PROJECT/roles/coldgateObjectReader',
      'projects/$PROJECT/roles/coldgateObjectCreator',
    ]);
    for (const line of bound) {
      const file = /--condition-from-file=(\S+)/.exec(line)?.[1];
      const expression = 'resource.name.startsWith("projects/_/buckets/acme-uploads/objects/coldgate/packages/")';
      expect(documents.find((one) => one.file === file)?.content).toMatchObject({ expression });
    }
  });

  it('pushes images to one repository, and archives nowhere', async () => {
    const set = await printed('pipeline', { target: imageRun });
    const text = set.commands.join('\n');
    expect(text).toContain('gcloud artifacts repositories add-iam-policy-binding coldgate --location=europe-west1');
    expect(text).not.toContain('coldgate/packages');
    expect(permissionsOf(set, /^coldgateImageWriter/)).toEqual([
      'artifactregistry.repositories.downloadArtifacts',
      'artifactregistry.repositories.uploadArtifacts',
    ]);
    const own = `image-digest: "sha256:${'a'.repeat(64)}"`;
    const theirs = await printed('pipeline', { target: imageRun.replace(' }', `, ${own} }`) });
    expect(permissionsOf(theirs, /^coldgateImage/)).toEqual(['artifactregistry.repositories.downloadArtifacts']);
  });

  it('uses Google’s own role on a repository of another project', async () => {
    const { commands } = await printed('pipeline', { target: imageRun.replace('dev/acme-prod', 'dev/acme-images') });
    const bound = commands.filter((line) => line.startsWith('gcloud artifacts'));
    expect(bound.map((line) => /--project=(\S+) .* --role=(\S+)$/.exec(line)?.slice(1))).toEqual([
      ['acme-images', 'roles/artifactregistry.writer'],
    ]);
  });

  it('says how long Google takes, and that previews share the project', async () => {
    expect((await printed('pipeline')).notes.join('\n')).toContain('two minutes');
    expect((await printed('preview')).notes.join('\n')).toContain('the whole project');
  });
});

describe('what functions and gateways may do on Google Cloud', () => {
  it('a function reads its models and nothing else', async () => {
    const { commands } = await printed('function');
    const roles = commands.filter((line) => line.includes('policy-binding'));
    expect(roles.map((line) => /roles\/(\w+)/.exec(line)?.[1])).toEqual([
      'coldgateObjectReader',
      'coldgateObjectLister',
    ]);
  });

  it('a function with a queue sends to its own topic, and makes results of its own', async () => {
    const { commands, documents } = await printed('function', { target: cloudRun('queue: {}') });
    const topic = 'coldgate-digits-production-europe-west1';
    expect(commands.filter((line) => line.includes('pubsub topics add-iam'))).toEqual([
      expect.stringMatching(`${topic} .*--role=roles/pubsub.publisher`),
    ]);
    expect(commands).toContainEqual(expect.stringContaining('--role=roles/run.invoker'));
    const created = documents.filter(({ content }) =>
      JSON.stringify(content).includes('_coldgate/async/digits-production/'),
    );
    expect(created.length).toBeGreaterThan(1);
  });

  it('a function with a batch reads uploads and creates results, and replaces none', async () => {
    const { commands, documents } = await printed('function', {
      target: cloudRun('batch: { bucket: acme-batches, prefix: in/ }'),
    });
    const bound = commands.filter((line) => line.includes('gs://acme-batches '));
    const objects = 'projects/_/buckets/acme-batches/objects/';
    const expressions = bound.map((line) => {
      const [, role = '', file] = /roles\/(\w+)" --condition-from-file=(\S+)/.exec(line) ?? [];
      const content = documents.find((one) => one.file === file)?.content;
      return [role, (content as { expression?: string } | undefined)?.expression];
    });
    expect(expressions).toEqual([
      [
        'coldgateObjectReader',
        `(resource.name.startsWith("${objects}in/") && resource.name.endsWith(".jsonl")) || resource.name.startsWith("${objects}results/")`,
      ],
      ['coldgateObjectCreator', `resource.name.startsWith("${objects}results/")`],
    ]);
    // As itself, Eventarc calls the function.
    const ofProject = commands.flatMap((line) => /projects add-iam.*--role=(roles\/\S+)/.exec(line)?.[1] ?? []);
    expect(ofProject).toEqual(['roles/run.invoker', 'roles/eventarc.eventReceiver']);
  });

  it('a gateway calls functions and reads no model', async () => {
    const result = await iamOf(iamYaml({ store: gs, target: gatewayRun }), production);
    const sets = (result.document['results'] as PrintedPolicySet[]).filter(({ role }) => role === 'function');
    expect(sets.map(({ name }) => name)).toEqual(['digits', 'edge']);
    const [, edge] = sets;
    expect(edge?.documents).toEqual([]);
    expect(edge?.commands.filter((line) => line.includes('policy-binding'))).toEqual([
      'gcloud projects add-iam-policy-binding "$PROJECT" --member="$MEMBER" --role=roles/run.invoker --condition=None',
    ]);
    expect(sets[0]?.commands.join('\n')).not.toContain('run.invoker');
  });
});
