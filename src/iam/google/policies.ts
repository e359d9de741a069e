import type { GoogleCloudRunSettings } from '../../config/schema/google-cloud-run.ts';
import { type JobRole, jobName, jobSubject, purposeOf, sharedNote, unknownRepository } from '../github.ts';
import { pipelineGrants, type StoreGrants } from '../grants.ts';
import { type IamVerb, needsOf, type TargetOperation } from '../needs.ts';
import type { PolicySet } from '../policy-set.ts';
import { bucketRef, type FunctionPlan, type Subject } from '../subject.ts';
import { accountMember, actAs, federatedMember, signerBindings } from './accounts.ts';
import { packageBindings } from './packages.ts';
import { projectPermissions } from './permissions.ts';
import { type Bindings, bindBucket, joined, makeRole, roleYaml } from './roles.ts';

export type RunPlan = Omit<FunctionPlan, 'target'> & { target: GoogleCloudRunSettings };

/** Previews have the settings of the environment, and its identity. */
export const functionPlans = ({ functions }: Subject): RunPlan[] =>
  functions.flatMap(({ target, ...one }) =>
    one.kind === 'own' && target.provider === 'google-cloud-run' ? [{ ...one, target }] : [],
  );

/** Distinct settings of functions on Cloud Run. */
export const settingsOf = (subject: Subject): GoogleCloudRunSettings[] => {
  const distinct = new Map(functionPlans(subject).map(({ target }) => [JSON.stringify(target), target]));
  return [...distinct.values()];
};

/** The shell knows the project that is worked on; one that models.yaml names is written out. */
export const projectLine = (project: string | undefined): string =>
  `PROJECT=${project ?? '"$(gcloud config get-value project)"'}`;

export const bindProject = (role: string): string =>
  `gcloud projects add-iam-policy-binding "$PROJECT" --member="$MEMBER" --role=${role} --condition=None`;

/** Roles on the store's bucket. `owner` begins the names of files. */
export function storeBindings(subject: Subject, owner: string, grants: StoreGrants): Bindings {
  const { bucket, store } = bucketRef(subject.store);
  if (store !== 'gcs') return { files: [], commands: [] };
  return bindBucket({ bucket, grants, owner, title: subject.environment });
}

/** One custom role an environment and a role: several environments of a project differ in what they use. */
function runBindings(subject: Subject, role: JobRole, verbs: readonly IamVerb[]): Bindings {
  const settings = settingsOf(subject);
  const operations = targetOperations(verbs);
  const permissions = projectPermissions(settings, operations);
  if (settings.length === 0 || permissions.length === 0) return { files: [], commands: [] };
  const id = `${role === 'pipeline' ? 'coldgatePipeline' : 'coldgatePreview'}_${subject.environment.replaceAll('-', '_')}`;
  const description = `Made by coldgate iam for ${verbs.join(', ')}.`.slice(0, 256);
  const content = roleYaml(`Coldgate: ${role} of ${subject.environment}`, description, permissions);
  const packages = operations.includes('make')
    ? packageBindings(subject, jobName(role, subject.environment), settings)
    : undefined;
  return {
    files: [{ file: `${id}.yaml`, kind: 'permissions', content }, ...(packages?.files ?? [])],
    commands: [
      ...makeRole(id),
      bindProject(`"projects/$PROJECT/roles/${id}"`),
      ...actAs(settings, operations),
      ...(packages?.commands ?? []),
    ],
  };
}

function targetOperations(verbs: readonly IamVerb[]): TargetOperation[] {
  const { target, previews } = needsOf(verbs);
  return [...new Set([...target, ...previews])];
}

/** Policies of the pipeline (or preview) where store or functions are on Google Cloud. */
export function googleJobPolicies(subject: Subject, role: JobRole, verbs: readonly IamVerb[]): PolicySet[] {
  const settings = settingsOf(subject);
  const isGcs = bucketRef(subject.store).store === 'gcs';
  if (!isGcs && settings.length === 0) return [];
  const name = jobName(role, subject.environment);
  const signs = isGcs && needsOf(verbs).signs;
  const { files, commands } = joined(
    storeBindings(subject, name, pipelineGrants(subject, verbs)),
    signs ? signerBindings() : { files: [], commands: [] },
    runBindings(subject, role, verbs),
  );
  if (files.length === 0) return [];
  const member =
    settings.length > 0 || signs
      ? accountMember(subject, role, settings, targetOperations(verbs))
      : federatedMember(subject, role);
  const { kmsKey } = subject.store;
  const key = isGcs && kmsKey ? [`gcloud storage service-agent --project="$PROJECT" --authorize-cmek=${kmsKey}`] : [];
  return [
    {
      ...{ role, cloud: 'google', name, purpose: purposeOf(role, subject), files },
      commands: [projectLine(settings[0]?.project), ...member, ...key, ...commands],
      notes: [
        ...sharedNote(subject, role),
        ...(jobSubject(role, subject) === undefined ? [unknownRepository] : []),
        ...(isGcs ? [uniformAccess] : []),
        ...(signs ? [signerNote] : []),
        ...runNotes(settings, role),
      ],
    },
  ];
}

const signerNote =
  'who may sign in the name of an account can make tokens of that account too; it is bound on the job’s own account alone. With a key file for the account it is not needed.';

export const uniformAccess = 'conditions on objects need uniform bucket-level access.';

function runNotes(settings: readonly GoogleCloudRunSettings[], role: JobRole): string[] {
  const [first, ...others] = new Set(settings.map(({ project }) => project));
  if (first === undefined) return [];
  return [
    'Google takes some two minutes to act on a change of permissions, at times more than seven: what is denied right after this script is not wrong yet. A new account that a command does not find is there when the script is run again.',
    ...(role === 'preview'
      ? [
          'permissions on Cloud Run hold for the whole project, so this identity could change services that are no previews; give previews an environment in a project of their own where that is too much.',
        ]
      : []),
    ...(others.length > 0
      ? [`functions are in several projects: run this for ${others.join(', ')} too, with PROJECT changed.`]
      : []),
  ];
}
