import { type Keys, patternOf, type StoreGrants, unique } from '../grants.ts';

const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';

/** https://learn.microsoft.com/azure/role-based-access-control/permissions/storage#microsoftstorage */
export const dataActions = { read: `${blobs}/read`, write: `${blobs}/write`, remove: `${blobs}/delete` } as const;

/** Data actions that the grants come down to. */
export function blobActions(grants: StoreGrants): string[] {
  return [
    ...(grants.read.length + grants.list.length > 0 ? [dataActions.read] : []),
    ...(grants.create.length + grants.replace.length > 0 ? [dataActions.write] : []),
    ...(grants.remove.length > 0 ? [dataActions.remove] : []),
  ];
}

const path = `@Resource[${blobs}:path]`;
const prefix = `@Request[${blobs}:prefix]`;

const likePath = (key: Keys): string =>
  key.open ? `${path} StringLike '${patternOf(key)}'` : `${path} StringEquals '${key.begin}'`;
const startsPrefix = ({ begin }: Keys): string => `${prefix} StringStartsWith '${begin}'`;

/** Where an action is done, one of these must hold; other actions are no matter of this line. */
function rule(action: string, keys: readonly string[], only = ''): string[] {
  if (keys.length === 0) return [];
  return [`(\n  (!(ActionMatches{'${action}'}${only}))\n  OR\n  (${keys.join('\n   OR ')})\n)`];
}

/**
 * The condition of the assignment, version 2.0: which blobs each action is allowed on.
 * https://learn.microsoft.com/azure/storage/blobs/storage-auth-abac-attributes
 */
export function blobCondition(grants: StoreGrants): string {
  const written = unique([...grants.create, ...grants.replace]).map(likePath);
  const listing = " AND SubOperationMatches{'Blob.List'}";
  const reading = " AND NOT SubOperationMatches{'Blob.List'}";
  return [
    ...rule(dataActions.read, grants.read.map(likePath), reading),
    ...rule(dataActions.read, grants.list.map(startsPrefix), listing),
    ...rule(dataActions.write, written),
    ...rule(dataActions.remove, grants.remove.map(likePath)),
  ].join('\nAND\n');
}
