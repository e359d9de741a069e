import type { StoreGrants } from '../grants.ts';
import type { PolicyFile } from '../policy-set.ts';
import { bucketRef, type Subject } from '../subject.ts';
import { blobActions, blobCondition } from './store.ts';

/** Files and the commands that use them. */
export interface Assignments {
  files: PolicyFile[];
  commands: string[];
}

export const joined = (...parts: readonly Assignments[]): Assignments => ({
  files: parts.flatMap(({ files }) => files),
  commands: [...new Set(parts.flatMap(({ commands }) => commands))],
});

interface Definition {
  name: string;
  actions?: readonly string[];
  dataActions?: readonly string[];
  /** Where it may be assigned. */
  scope: string;
}

/** https://learn.microsoft.com/azure/role-based-access-control/custom-roles */
const definition = ({ name, actions = [], dataActions = [], scope }: Definition): object => ({
  ...{ Name: name, IsCustom: true, Description: 'Made by coldgate iam.' },
  ...{ Actions: actions, NotActions: [], DataActions: dataActions, NotDataActions: [], AssignableScopes: [scope] },
});

const makeRole = (file: string): string =>
  `az role definition create --role-definition @${file} || az role definition update --role-definition @${file}`;

/** @param condition file that has it */
export function assign(role: string, scope: string, condition?: string): string {
  const only = condition ? ` --condition "$(cat ${condition})" --condition-version 2.0` : '';
  return `az role assignment create --assignee-object-id "$PRINCIPAL" --assignee-principal-type ServicePrincipal --role "${role}" --scope ${scope}${only}`;
}

export interface CustomRole extends Definition {
  file: string;
  /** Where it is assigned; as the shell takes them. */
  at: readonly string[];
  condition?: { file: string; text: string } | undefined;
}

/** A role of its own, its condition, and its assignments. */
export function customRole({ file, at, condition, ...role }: CustomRole): Assignments {
  return {
    files: [
      { file, kind: 'permissions', content: definition(role) },
      ...(condition ? [{ file: condition.file, kind: 'condition' as const, content: condition.text }] : []),
    ],
    commands: [makeRole(file), ...at.map((scope) => assign(role.name, scope, condition?.file))],
  };
}

export interface BlobGrants {
  /** Storage account and container. */
  account: string;
  container: string;
  /** Of the role; names of roles are one for a whole directory. */
  role: string;
  /** Begins the names of files. */
  owner: string;
  /** The shell's variable for the container. */
  variable: string;
  grants: StoreGrants;
}

/** Sets a variable of the shell to the id of a container; a name of an account is one for all of Azure. */
export const containerLine = (variable: string, account: string, container: string): string =>
  `${variable}="$(az storage account show --name ${account} --query id --output tsv)/blobServices/default/containers/${container}"`;

/** Role, condition and assignment on a container. */
export function bindContainer({ account, container, role, owner, variable, grants }: BlobGrants): Assignments {
  const dataActions = blobActions(grants);
  if (dataActions.length === 0) return { files: [], commands: [] };
  const { files, commands } = customRole({
    ...{ name: role, dataActions, scope: '/subscriptions/${SUBSCRIPTION}', file: `${owner}.blobs.json` },
    at: [`"$${variable}"`],
    condition: { file: `${owner}.condition.txt`, text: blobCondition(grants) },
  });
  return { files, commands: [containerLine(variable, account, container), ...commands] };
}

/** The same on the container of the store. */
export function bindStore(subject: Subject, owner: string, grants: StoreGrants): Assignments {
  const { store, account, bucket } = bucketRef(subject.store);
  if (store !== 'azure') return { files: [], commands: [] };
  const role = `${owner} on ${account}/${bucket}`;
  return bindContainer({ account, container: bucket, role, owner, variable: 'CONTAINER', grants });
}

/** Roles that deploy gives to the identity of an app: src/targets/azure-functions. */
export const appRoles = {
  /** Keys, locks and packages of the app itself. */
  dataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
  dataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1',
  /** Results of a queue, where the store's account is not the apps' own. */
  dataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
  queueContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88',
  metricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb',
} as const;

const one = (attribute: string, where: '@Request' | '@Resource', test: string): string =>
  `${where}[Microsoft.Authorization/roleAssignments:${attribute}] ForAnyOfAnyValues:${test}`;

/**
 * Which roles may be given and taken away, and to whom: without it, who may assign roles may give itself any.
 * https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples
 */
export function roleCondition(roles: readonly string[]): string {
  const rule = (verb: 'write' | 'delete', where: '@Request' | '@Resource'): string =>
    [
      `(\n  (!(ActionMatches{'Microsoft.Authorization/roleAssignments/${verb}'}))`,
      '  OR',
      `  (${one('RoleDefinitionId', where, `GuidEquals {${roles.join(', ')}}`)}`,
      `   AND ${one('PrincipalType', where, "StringEqualsIgnoreCase {'ServicePrincipal'}")})\n)`,
    ].join('\n');
  return [rule('write', '@Request'), rule('delete', '@Resource')].join('\nAND\n');
}
