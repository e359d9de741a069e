import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import { issuer, type JobRole, jobName, jobSubject, purposeOf, sharedNote, unknownRepository } from '../github.ts';
import { functionGrants, pipelineGrants, type StoreGrants } from '../grants.ts';
import { type IamVerb, needsOf } from '../needs.ts';
import type { PolicyFile, PolicySet } from '../policy-set.ts';
import { bucketRef, type FunctionPlan, type Subject } from '../subject.ts';
import { appActions } from './apps.ts';
import { blobActions, blobCondition } from './store.ts';

type FunctionApp = Omit<FunctionPlan, 'target'> & { target: AzureFunctionsSettings };

const functionApps = ({ functions }: Subject): FunctionApp[] =>
  functions.flatMap(({ target, ...one }) =>
    one.kind === 'own' && target.provider === 'azure-functions' ? [{ ...one, target }] : [],
  );

const settingsOf = (subject: Subject): AzureFunctionsSettings[] => {
  const distinct = new Map(functionApps(subject).map(({ target }) => [JSON.stringify(target), target]));
  return [...distinct.values()];
};

/** The role's name, as used in assignments; role names are one for a whole directory. */
const roleName = (name: string, subject: Subject): string => {
  const { account, bucket } = bucketRef(subject.store);
  return account === '' ? name : `${name} on ${account}/${bucket}`;
};

/** https://learn.microsoft.com/azure/role-based-access-control/custom-roles */
function definition(name: string, parts: { actions?: string[]; dataActions?: string[]; scope: string }): object {
  const { actions = [], dataActions = [], scope } = parts;
  return {
    Name: name,
    IsCustom: true,
    Description: 'Made by coldgate iam.',
    Actions: actions,
    NotActions: [],
    DataActions: dataActions,
    NotDataActions: [],
    AssignableScopes: [scope],
  };
}

const makeRole = (file: string): string[] => [
  `az role definition create --role-definition @${file} || az role definition update --role-definition @${file}`,
];

/** Role, condition and assignment on the container. `owner` begins the names of files. */
function storeAssignment(subject: Subject, owner: string, grants: StoreGrants): Pick<PolicySet, 'files' | 'commands'> {
  const { store, account, bucket } = bucketRef(subject.store);
  const dataActions = blobActions(grants);
  if (store !== 'azure' || dataActions.length === 0) return { files: [], commands: [] };
  const name = roleName(owner, subject);
  const [file, condition] = [`${owner}.blobs.json`, `${owner}.condition.txt`];
  const files: PolicyFile[] = [
    {
      file,
      kind: 'permissions',
      content: definition(name, { dataActions, scope: '/subscriptions/${SUBSCRIPTION}' }),
    },
    { file: condition, kind: 'condition', content: blobCondition(grants) },
  ];
  return {
    files,
    commands: [
      `CONTAINER="$(az storage account show --name ${account} --query id --output tsv)/blobServices/default/containers/${bucket}"`,
      ...makeRole(file),
      `az role assignment create --assignee-object-id "$PRINCIPAL" --assignee-principal-type ServicePrincipal --role "${name}" --scope "$CONTAINER" --condition "$(cat ${condition})" --condition-version 2.0`,
    ],
  };
}

function appAssignments(
  settings: readonly AzureFunctionsSettings[],
  name: string,
  verbs: readonly IamVerb[],
): Pick<PolicySet, 'files' | 'commands'> {
  const needs = needsOf(verbs);
  const target = [...new Set([...needs.target, ...needs.previews])];
  const parts = settings.map((one, at) => {
    const file = `${name}.apps${settings.length > 1 ? `-${at + 1}` : ''}.json`;
    const scope = `/subscriptions/${one.subscription}/resourceGroups/${one.resourceGroup}`;
    const role = `${name} on ${one.resourceGroup}`;
    return { actions: appActions(one, target), file, scope, role };
  });
  const needed = parts.filter(({ actions }) => actions.length > 0);
  return {
    files: needed.map(({ actions, file, scope, role }) => ({
      file,
      kind: 'permissions',
      content: definition(role, { actions, scope }),
    })),
    commands: needed.flatMap(({ file, scope, role }) => [
      ...makeRole(file),
      `az role assignment create --assignee-object-id "$PRINCIPAL" --assignee-principal-type ServicePrincipal --role "${role}" --scope ${scope}`,
    ]),
  };
}

/** The job's identity: a managed one without any secret, which takes GitHub's tokens of one subject. */
function jobIdentity(subject: Subject, role: JobRole, group: string): string[] {
  const sub = jobSubject(role, subject);
  if (sub === undefined) return ['PRINCIPAL="${PRINCIPAL:?object id of who gets this}"'];
  const name = jobName(role, subject.environment);
  return [
    `az identity create --name ${name} --resource-group ${group}`,
    `az identity federated-credential create --name github --identity-name ${name} --resource-group ${group} --issuer https://${issuer} --subject ${sub} --audiences api://AzureADTokenExchange`,
    `PRINCIPAL="$(az identity show --name ${name} --resource-group ${group} --query principalId --output tsv)"`,
  ];
}

const subscriptionLine = (settings: AzureFunctionsSettings | undefined): string =>
  `SUBSCRIPTION=${settings?.subscription ?? '"$(az account show --query id --output tsv)"'}`;

/** Commands that set the variables of policy files come first: the files are written with their output. */
function withSubscription(policySet: PolicySet, settings: AzureFunctionsSettings | undefined): PolicySet {
  const known = settings?.subscription;
  if (known === undefined) return { ...policySet, setup: [subscriptionLine(undefined)] };
  const fill = (text: string) => text.replaceAll('${SUBSCRIPTION}', known);
  const files = policySet.files.map((file) => ({
    ...file,
    content:
      typeof file.content === 'string' ? file.content : (JSON.parse(fill(JSON.stringify(file.content))) as object),
  }));
  return { ...policySet, files };
}

/** Policy sets of the pipeline (or preview) where store or functions are on Azure. */
export function azureJobPolicies(subject: Subject, role: JobRole, verbs: readonly IamVerb[]): PolicySet[] {
  const settings = settingsOf(subject);
  const { store: kind, account } = bucketRef(subject.store);
  if (kind !== 'azure' && settings.length === 0) return [];
  const name = jobName(role, subject.environment);
  const group =
    settings[0]?.resourceGroup ?? `"$(az storage account show --name ${account} --query resourceGroup --output tsv)"`;
  const store = storeAssignment(subject, name, pipelineGrants(subject, verbs));
  const apps = appAssignments(settings, name, verbs);
  if (store.files.length + apps.files.length === 0) return [];
  const policySet: PolicySet = {
    ...{ role, cloud: 'azure', name, purpose: purposeOf(role, subject) },
    files: [...store.files, ...apps.files],
    commands: [...jobIdentity(subject, role, group), ...store.commands, ...apps.commands],
    notes: [...sharedNote(subject, role), ...(subject.repository === undefined ? [unknownRepository] : [])],
  };
  return [withSubscription(policySet, settings[0])];
}

function principalCommand({ name, target }: FunctionApp): string {
  const { identity, resourceGroup } = target;
  return identity === 'system'
    ? `PRINCIPAL="$(az functionapp identity assign --name ${name} --resource-group ${resourceGroup} --query principalId --output tsv)"`
    : `PRINCIPAL="$(az identity show --ids ${identity} --query principalId --output tsv)"`;
}

/** One policy set for each function app: each has an identity. */
export function azureFunctionPolicies(subject: Subject): PolicySet[] {
  return functionApps(subject).map((one): PolicySet => {
    const name = `coldgate-${one.name}`;
    const store = storeAssignment(subject, name, functionGrants(subject, one.models));
    const policySet: PolicySet = {
      ...{ role: 'function', cloud: 'azure', name, purpose: `The identity of the function app ${one.name}.` },
      files: store.files,
      commands: [principalCommand(one), ...store.commands],
      notes: [],
    };
    return withSubscription(policySet, one.target);
  });
}
