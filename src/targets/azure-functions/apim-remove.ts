import type { Change } from '../../rollout/target.ts';
import {
  type ApimAccess,
  findApi,
  findBackend,
  findKey,
  listRevisions,
  policyPath,
  revisionPath,
} from './apim-client.ts';
import { removeResource } from './apim-perform.ts';
import { hasKeyTag, isOwn, type RevisionResource } from './apim-steps.ts';
import { type ApimNames, partNames, readMark } from './apim-wanted.ts';

interface Found {
  /** Whether there is an API of this function’s. */
  isOwnApi: boolean;
  revisions: readonly RevisionResource[];
}

async function findOwn(access: ApimAccess, names: ApimNames, owner: string): Promise<Found> {
  const api = await findApi(access, names);
  const isOwnApi = api !== undefined && isOwn(api, owner);
  if (api && !isOwnApi) access.log.info(`The API ${names.api} is not this function’s, so it stays.`);
  return { isOwnApi, revisions: isOwnApi ? await listRevisions(access, names) : [] };
}

const versionsOf = (revisions: readonly RevisionResource[]): Set<string> =>
  new Set(
    revisions.flatMap(({ description }) => {
      const mark = readMark(description);
      return mark?.role === 'candidate' && mark.version !== null ? [mark.version] : [];
    }),
  );

/**
 * Removes the revisions of candidates with what only they need: policy, backend, key, in this order, since each is held by
 * the one before, and the revision last, since by it the others are found. The current revision stays, whoever made it so;
 * an API that nothing was ever released by goes with the last candidate. What is gone already is fine.
 * @param versions those of the candidates; all without it
 */
export async function removeCandidates(
  access: ApimAccess,
  names: ApimNames,
  owner: string,
  versions?: ReadonlySet<string>,
): Promise<Change[]> {
  const { isOwnApi, revisions } = await findOwn(access, names, owner);
  const removed = versions ?? versionsOf(revisions);
  const changes: Change[] = [];
  for (const version of removed) changes.push(...(await removeCandidate(access, names, owner, version, revisions)));
  const left = revisions.filter(({ description, isCurrent }) => {
    const mark = readMark(description);
    const isRemoved = mark?.role === 'candidate' && mark.version !== null && removed.has(mark.version);
    return isCurrent === true ? mark?.role !== 'holder' : !isRemoved;
  });
  if (isOwnApi && left.length === 0) changes.push(...(await removeApi(access, names, owner)));
  return changes;
}

async function removeCandidate(
  access: ApimAccess,
  names: ApimNames,
  owner: string,
  version: string,
  revisions: readonly RevisionResource[],
): Promise<Change[]> {
  const own = revisions.filter(({ description }) => {
    const mark = readMark(description);
    return mark?.role === 'candidate' && mark.version === version;
  });
  if (own.some(({ isCurrent }) => isCurrent === true)) {
    access.log.warn(`The candidate ${version} is what callers of the API ${names.api} reach, so its revision stays.`);
    return [];
  }
  for (const { apiRevision = '' } of own) await removeResource(access, policyPath(names, apiRevision));
  await removePart(access, names, owner, version);
  for (const { apiRevision = '' } of own) await removeResource(access, revisionPath(names, apiRevision));
  return own.map(({ apiRevision }) => ({
    action: 'delete',
    what: `revision ${apiRevision} of the API ${names.api} (candidate ${version})`,
  }));
}

/** Backend, then the key that it names. Those of someone else stay. */
async function removePart(access: ApimAccess, names: ApimNames, owner: string, version: string | null): Promise<void> {
  const part = partNames(names, version);
  const backend = await findBackend(access, names, part.backend);
  if (backend && !isOwn(backend, owner)) return;
  if (backend) await removeResource(access, `${names.service}/backends/${part.backend}`);
  const key = await findKey(access, names, part.key);
  if (key && hasKeyTag(key)) await removeResource(access, `${names.service}/namedValues/${part.key}`);
}

/** The API with all its revisions, then what it was called by. */
async function removeApi(access: ApimAccess, names: ApimNames, owner: string): Promise<Change[]> {
  access.log.info(`Removing the API ${names.api} from API Management.`);
  await removeResource(access, `${names.service}/subscriptions/${names.subscription}`);
  await removeResource(access, names.apiPath, { deleteRevisions: 'true' });
  await removePart(access, names, owner, null);
  return [{ action: 'delete', what: `the API ${names.api} in API Management` }];
}

/**
 * Removes everything of the function from API Management: candidates, the API, its backend, its key. What someone else has
 * made under these names stays, and so do service and product. A run that was killed is finished by the next one.
 */
export async function removeApim(access: ApimAccess, names: ApimNames, owner: string): Promise<Change[]> {
  const { isOwnApi, revisions } = await findOwn(access, names, owner);
  const changes: Change[] = [];
  for (const version of versionsOf(revisions)) {
    const others = revisions.filter(({ isCurrent }) => isCurrent !== true);
    changes.push(...(await removeCandidate(access, names, owner, version, others)));
  }
  if (isOwnApi) changes.push(...(await removeApi(access, names, owner)));
  else await removePart(access, names, owner, null);
  return changes;
}

/** What `removeApim` would remove, without doing it. */
export async function plannedApimRemoval(access: ApimAccess, names: ApimNames, owner: string): Promise<Change[]> {
  const { isOwnApi } = await findOwn(access, names, owner);
  return isOwnApi ? [{ action: 'delete', what: `the API ${names.api} in API Management` }] : [];
}
