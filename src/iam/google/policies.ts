import type { GoogleCloudRunSettings } from '../../config/schema/google-cloud-run.ts';
import { issuer, type JobRole, jobName, jobSubject, purposeOf, sharedNote, unknownRepository } from '../github.ts';
import { functionGrants, pipelineGrants, type StoreGrants } from '../grants.ts';
import { type IamVerb, needsOf } from '../needs.ts';
import type { PolicyFile, PolicySet } from '../policy-set.ts';
import { bucketRef, type Subject } from '../subject.ts';
import { runPermissions } from './run.ts';
import { objectRoles } from './store.ts';

interface Bindings {
  files: PolicyFile[];
  commands: string[];
}

/** Previews have the settings of the environment, and its identity. */
const ownFunctions = ({ functions }: Subject) => functions.filter(({ kind }) => kind === 'own');

const settingsOf = (subject: Subject): GoogleCloudRunSettings[] => {
  const own = ownFunctions(subject).flatMap(({ target }) => (target.provider === 'google-cloud-run' ? [target] : []));
  const distinct = new Map(own.map((target) => [JSON.stringify(target), target]));
  return [...distinct.values()];
};

const roleYaml = (title: string, description: string, permissions: readonly string[]): string =>
  [
    `title: "${title}"`,
    `description: "${description}"`,
    'stage: GA',
    'includedPermissions:',
    ...permissions.map((permission) => `- ${permission}`),
    '',
  ].join('\n');

const makeRole = (id: string): string[] => [
  `gcloud iam roles create ${id} --project="$PROJECT" --file=${id}.yaml --quiet ||`,
  `  gcloud iam roles update ${id} --project="$PROJECT" --file=${id}.yaml --quiet`,
];

/** The shell knows the project that is worked on; one that models.yaml names is written out. */
const projectLine = (project: string | undefined): string =>
  `PROJECT=${project ?? '"$(gcloud config get-value project)"'}`;

/** Roles on the bucket. `owner` begins the names of files. */
function storeBindings(subject: Subject, owner: string, grants: StoreGrants): Bindings {
  const { bucket, store } = bucketRef(subject.store);
  if (store !== 'gcs') return { files: [], commands: [] };
  const files: PolicyFile[] = [];
  const commands: string[] = [];
  for (const { id, title, permission, conditions } of objectRoles(bucket, grants)) {
    const description = 'Made by coldgate iam; bound with a condition.';
    files.push({ file: `${id}.yaml`, kind: 'permissions', content: roleYaml(title, description, [permission]) });
    commands.push(...makeRole(id));
    for (const [at, expression] of conditions.entries()) {
      const file = `${owner}.${id}${conditions.length > 1 ? `-${at + 1}` : ''}.condition.json`;
      files.push({ file, kind: 'condition', content: { title: `${subject.environment} ${at + 1}`, expression } });
      commands.push(
        `gcloud storage buckets add-iam-policy-binding gs://${bucket} --member="$MEMBER" --role="projects/$PROJECT/roles/${id}" --condition-from-file=${file}`,
      );
    }
  }
  return { files, commands };
}

function runBindings(settings: readonly GoogleCloudRunSettings[], role: JobRole, verbs: readonly IamVerb[]): Bindings {
  const needs = needsOf(verbs);
  const target = [...new Set([...needs.target, ...needs.previews])];
  const permissions = [...new Set(settings.flatMap((one) => runPermissions(one, target)))];
  if (permissions.length === 0) return { files: [], commands: [] };
  const id = role === 'pipeline' ? 'coldgatePipeline' : 'coldgatePreview';
  const description = `Made by coldgate iam for ${verbs.join(', ')}.`.slice(0, 256);
  const accounts = target.includes('make') ? [...new Set(settings.map((one) => one.serviceAccount))] : [];
  return {
    files: [
      { file: `${id}.yaml`, kind: 'permissions', content: roleYaml(`Coldgate: ${role}`, description, permissions) },
    ],
    commands: [
      ...makeRole(id),
      `gcloud projects add-iam-policy-binding "$PROJECT" --member="$MEMBER" --role="projects/$PROJECT/roles/${id}" --condition=None`,
      ...accounts.map(
        (account) =>
          `gcloud iam service-accounts add-iam-policy-binding ${account} --project="$PROJECT" --member="$MEMBER" --role=roles/iam.serviceAccountUser`,
      ),
    ],
  };
}

/** GitHub's tokens are taken by a pool; the job is then a principal of its own, without a key and without an account. */
const openPool = (repository: string): string[] => [
  'gcloud iam workload-identity-pools create github --project="$PROJECT" --location=global || true # once a project',
  `gcloud iam workload-identity-pools providers create-oidc github --project="$PROJECT" --location=global --workload-identity-pool=github --issuer-uri=https://${issuer} --attribute-mapping=google.subject=assertion.sub --attribute-condition="assertion.repository == '${repository}'" || true`,
];

/** Sheets of the pipeline (or preview) where store or functions are on Google Cloud. */
export function googleJobPolicies(subject: Subject, role: JobRole, verbs: readonly IamVerb[]): PolicySet[] {
  const settings = settingsOf(subject);
  const isGcs = bucketRef(subject.store).store === 'gcs';
  if (!isGcs && settings.length === 0) return [];
  const name = jobName(role, subject.environment);
  const store = storeBindings(subject, name, pipelineGrants(subject, verbs));
  const run = runBindings(settings, role, verbs);
  if (store.files.length + run.files.length === 0) return [];
  const sub = jobSubject(role, subject);
  const member =
    sub === undefined
      ? ['MEMBER="${MEMBER:?name who gets this: serviceAccount:… or principal://…}"']
      : [
          ...openPool(subject.repository ?? ''),
          'NUMBER="$(gcloud projects describe "$PROJECT" --format=\'value(projectNumber)\')"',
          `MEMBER="principal://iam.googleapis.com/projects/$NUMBER/locations/global/workloadIdentityPools/github/subject/${sub}"`,
        ];
  const { kmsKey } = subject.store;
  const key = isGcs && kmsKey ? [`gcloud storage service-agent --project="$PROJECT" --authorize-cmek=${kmsKey}`] : [];
  return [
    {
      ...{ role, cloud: 'google', name, purpose: purposeOf(role, subject) },
      files: [...store.files, ...run.files],
      commands: [projectLine(settings[0]?.project), ...member, ...key, ...store.commands, ...run.commands],
      notes: [...sharedNote(subject, role), ...notesOf(isGcs, sub)],
    },
  ];
}

const notesOf = (isGcs: boolean, sub: string | undefined): string[] => [
  ...(sub === undefined ? [unknownRepository] : []),
  ...(isGcs ? ['conditions on objects need uniform bucket-level access.'] : []),
];

/** One sheet for each service account that functions run as. */
export function googleFunctionPolicies(subject: Subject): PolicySet[] {
  const own = settingsOf(subject);
  const byAccount = new Map(own.map(({ serviceAccount, project }) => [serviceAccount, project]));
  return [...byAccount].map(([account, project]): PolicySet => {
    const functions = ownFunctions(subject).filter(
      ({ target }) => (target as { serviceAccount?: string }).serviceAccount === account,
    );
    const name = account.replace(/@.*/, '');
    const models = [...new Set(functions.flatMap((one) => one.models))];
    const store = storeBindings(subject, name, functionGrants(subject, models));
    const isOwn = account.endsWith(`@${project}.iam.gserviceaccount.com`);
    const make = isOwn ? [`gcloud iam service-accounts create ${name} --project="$PROJECT" || true`] : [];
    return {
      ...{ role: 'function', cloud: 'google', name },
      purpose: `The service account of ${functions.map((one) => one.name).join(', ')}.`,
      files: store.files,
      commands: [projectLine(project), ...make, `MEMBER=serviceAccount:${account}`, ...store.commands],
      notes: notesOf(bucketRef(subject.store).store === 'gcs', account),
    };
  });
}
