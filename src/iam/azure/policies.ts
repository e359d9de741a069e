import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import { type JobRole, jobName, purposeOf, sharedNote, unknownRepository } from '../github.ts';
import { pipelineGrants } from '../grants.ts';
import { type IamVerb, needsOf } from '../needs.ts';
import type { PolicySet } from '../policy-set.ts';
import { bucketRef, type Subject } from '../subject.ts';
import { jobIdentity } from './identities.ts';
import { type ScopedActions, scopedActions } from './permissions.ts';
import {
  type Assignments,
  appRoles,
  bindStore,
  type CustomRole,
  containerLine,
  customRole,
  joined,
  roleCondition,
} from './roles.ts';
import { blobCondition } from './store.ts';
import { settingsOf, withSubscription } from './subject.ts';

const nothing: Assignments = { files: [], commands: [] };

const lastOf = (scope: string): string => scope.split('/').at(-1) ?? '';

/** The container of the store, where that is on Azure; the shell asks for its id. */
function storeContainer(subject: Subject): Assignments & { at: string[] } {
  const { store, account, bucket } = bucketRef(subject.store);
  if (store !== 'azure') return { ...nothing, at: [] };
  return { files: [], commands: [containerLine('CONTAINER', account, bucket)], at: ['"$CONTAINER"'] };
}

/**
 * Links are signed by a key that Entra ID gives for the account as a whole; the container it cannot be held to, and a link has no more
 * rights than who signs it. https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key
 */
function linkAssignments(subject: Subject, owner: string): Assignments {
  const { store, account } = bucketRef(subject.store);
  if (store !== 'azure') return nothing;
  return customRole({
    ...{
      name: `${owner} on links of ${account}`,
      file: `${owner}.links.json`,
      scope: '/subscriptions/${SUBSCRIPTION}',
    },
    actions: ['Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action'],
    at: [`"$(az storage account show --name ${account} --query id --output tsv)"`],
  });
}

/** Roles that deploy gives to the identities that apps have of their own: these alone, and to identities of apps alone. */
function delegation(subject: Subject, settings: readonly AzureFunctionsSettings[], role: RoleOfPlace): Assignments {
  const { name, file, scope, actions } = role;
  const container = storeContainer(subject);
  const components = settings.flatMap(({ applicationInsights }) => applicationInsights ?? []);
  const { dataOwner, dataReader, dataContributor, queueContributor, metricsPublisher } = appRoles;
  const hasQueue = settings.some(({ queue }) => queue);
  const roles = [
    ...[dataOwner, dataReader, ...(components.length > 0 ? [metricsPublisher] : [])],
    ...(hasQueue ? [dataContributor, queueContributor] : []),
  ];
  const bound = customRole({
    ...{ name, file, actions, scope: '/subscriptions/${SUBSCRIPTION}', at: [scope, ...components, ...container.at] },
    condition: { file: file.replace(/json$/, 'condition.txt'), text: roleCondition(roles) },
  });
  return joined(container, bound);
}

/** Of the apps' own blobs: packages by their digest and locks, but not the keys of a host. */
function ownBlobs({ file }: RoleOfPlace): CustomRole['condition'] {
  const own = [{ begin: 'coldgate/', open: true }];
  const text = blobCondition({ read: own, list: [], create: own, parts: [], replace: own, remove: own });
  return { file: file.replace(/json$/, 'condition.txt'), text };
}

interface RoleOfPlace extends ScopedActions {
  name: string;
  file: string;
}

/** A role for each resource that functions are made of. */
function appAssignments(subject: Subject, owner: string, verbs: readonly IamVerb[]): Assignments {
  const settings = settingsOf(subject);
  const needs = needsOf(verbs);
  const operations = [...new Set([...needs.target, ...needs.previews])];
  const places = scopedActions(settings, operations);
  return joined(
    ...places.map((one): Assignments => {
      const alike = places.filter(({ place }) => place === one.place);
      const number = alike.length > 1 ? `-${alike.indexOf(one) + 1}` : '';
      const what = one.place === 'apps' ? '' : `${one.place} `;
      const role = {
        ...one,
        name: `${owner} on ${what}${lastOf(one.scope)}`,
        file: `${owner}.${one.place}${number}.json`,
      };
      if (one.place === 'roles') return delegation(subject, settings, role);
      return customRole({ ...role, at: [one.scope], ...(one.dataActions.length > 0 && { condition: ownBlobs(role) }) });
    }),
  );
}

/** Policy sets of the pipeline (or preview) where store or functions are on Azure. */
export function azureJobPolicies(subject: Subject, role: JobRole, verbs: readonly IamVerb[]): PolicySet[] {
  const settings = settingsOf(subject);
  const { store: kind, account } = bucketRef(subject.store);
  if (kind !== 'azure' && settings.length === 0) return [];
  const name = jobName(role, subject.environment);
  const group =
    settings[0]?.resourceGroup ?? `"$(az storage account show --name ${account} --query resourceGroup --output tsv)"`;
  const { files, commands } = joined(
    bindStore(subject, name, pipelineGrants(subject, verbs)),
    needsOf(verbs).signs ? linkAssignments(subject, name) : nothing,
    appAssignments(subject, name, verbs),
  );
  if (files.length === 0) return [];
  const policySet: PolicySet = {
    ...{ role, cloud: 'azure', name, purpose: purposeOf(role, subject), files },
    commands: [...jobIdentity(subject, role, group), ...commands],
    notes: [
      ...sharedNote(subject, role),
      ...(subject.repository === undefined ? [unknownRepository] : []),
      ...appNotes(settings, role),
    ],
  };
  return [withSubscription(policySet, settings[0])];
}

function appNotes(settings: readonly AzureFunctionsSettings[], role: JobRole): string[] {
  if (settings.length === 0) return [];
  return [
    'Azure takes some minutes to act on a change of roles: what is denied right after this script is not wrong yet.',
    ...(role === 'preview'
      ? [
          'permissions on apps hold for the whole resource group, so this identity could change apps that are no previews; give previews an environment in a group of their own where that is too much.',
        ]
      : []),
    ...(settings.some(({ identity }) => identity === 'system')
      ? [
          'with identity: system every app has an identity of its own, so this one has to give roles to them: those that its condition names, to identities of apps alone. With the resource id of a user-assigned identity for identity: it need not.',
        ]
      : []),
  ];
}
