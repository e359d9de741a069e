import type { GoogleCloudRunSettings } from '../../config/schema/google-cloud-run.ts';
import { type JobRole, jobName, jobSubject, purposeOf, sharedNote, unknownRepository } from '../github.ts';
import { functionGrants, pipelineGrants, type StoreGrants } from '../grants.ts';
import { type IamVerb, needsOf, type TargetOperation } from '../needs.ts';
import type { PolicySet } from '../policy-set.ts';
import { bucketRef, type FunctionPlan, type Subject } from '../subject.ts';
import { accountMember, actAs, federatedMember, signerBindings } from './accounts.ts';
import { packageBindings } from './packages.ts';
import { projectPermissions } from './permissions.ts';
import { type Bindings, bindBucket, joined, makeRole, roleYaml } from './roles.ts';

type RunPlan = Omit<FunctionPlan, 'target'> & { target: GoogleCloudRunSettings };

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
const projectLine = (project: string | undefined): string =>
  `PROJECT=${project ?? '"$(gcloud config get-value project)"'}`;

const bindProject = (role: string): string =>
  `gcloud projects add-iam-policy-binding "$PROJECT" --member="$MEMBER" --role=${role} --condition=None`;

/** Roles on the store's bucket. `owner` begins the names of files. */
function storeBindings(subject: Subject, owner: string, grants: StoreGrants): Bindings {
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

const uniformAccess = 'conditions on objects need uniform bucket-level access.';

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

/** Policies of each service account that functions run as, or that a gateway calls them as. */
export function googleFunctionPolicies(subject: Subject): PolicySet[] {
  const functions = functionPlans(subject);
  const gatewayAccount = ({ target }: RunPlan) =>
    target.gateway && (target.gateway.serviceAccount ?? target.serviceAccount);
  const accounts = new Set(functions.flatMap((one) => [one.target.serviceAccount, gatewayAccount(one) ?? []].flat()));
  return [...accounts].map((account): PolicySet => {
    const run = functions.filter(({ target }) => target.serviceAccount === account);
    const called = functions.filter((one) => gatewayAccount(one) === account);
    return accountPolicies(subject, account, run, called);
  });
}

/** Uploads that a function answers, and the results that it creates. */
function batchBindings(subject: Subject, { name, target }: RunPlan): Bindings {
  const { batch } = target;
  if (!batch) return { files: [], commands: [] };
  const { bucket, prefix = '', suffix, outputPrefix } = batch;
  const results = { begin: outputPrefix, open: true };
  const grants: StoreGrants = {
    ...{ list: [], parts: [], replace: [], remove: [] },
    read: [{ begin: prefix, open: true, end: suffix }, results],
    create: [results],
  };
  return bindBucket({ bucket, grants, owner: `${name}.batch`, title: `${subject.environment} batch` });
}

/** What functions that run as an account read and write. */
function functionBindings(subject: Subject, owner: string, run: readonly RunPlan[]): Bindings {
  if (run.length === 0) return { files: [], commands: [] };
  const models = [...new Set(run.flatMap((one) => one.models))];
  const store = storeBindings(subject, owner, functionGrants(subject, models));
  return joined(store, ...run.map((one) => batchBindings(subject, one)));
}

/** @param run functions that run as the account @param called functions that a gateway calls as the account */
function accountPolicies(
  subject: Subject,
  account: string,
  run: readonly RunPlan[],
  called: readonly RunPlan[],
): PolicySet {
  const name = account.replace(/@.*/, '');
  const project = (run[0] ?? called[0])?.target.project;
  const { files, commands } = functionBindings(subject, name, run);
  const isOwn = account.endsWith(`@${project}.iam.gserviceaccount.com`);
  const make = isOwn ? [`gcloud iam service-accounts create ${name} --project="$PROJECT" || true`] : [];
  const batches = run.filter(({ target }) => target.batch);
  const invoke = called.length + batches.length > 0 ? [bindProject('roles/run.invoker')] : [];
  const receive = batches.length > 0 ? [bindProject('roles/eventarc.eventReceiver')] : [];
  const names = (plans: readonly RunPlan[]): string => plans.map((one) => one.name).join(', ');
  const purposes = [
    ...(run.length > 0 ? [`The service account of ${names(run)}.`] : []),
    ...(called.length > 0 ? [`The account by which API Gateway calls ${names(called)}.`] : []),
    ...(batches.length > 0 ? [`The account by which Eventarc tells ${names(batches)} of uploads.`] : []),
  ];
  return {
    ...{ role: 'function', cloud: 'google', name },
    purpose: purposes.join(' '),
    files,
    commands: [projectLine(project), ...make, `MEMBER=serviceAccount:${account}`, ...commands, ...invoke, ...receive],
    notes: [
      ...(run.length > 0 && bucketRef(subject.store).store === 'gcs' ? [uniformAccess] : []),
      ...(invoke.length > 0
        ? [
            'it may call every service of the project; bind roles/run.invoker to the services alone once they are there, where that is too much.',
          ]
        : []),
    ],
  };
}
