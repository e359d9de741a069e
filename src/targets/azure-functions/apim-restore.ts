import { type ApimAccess, apimVersion, findApi, listRevisions, productPath } from './apim-client.ts';
import { put, putRelease } from './apim-perform.ts';
import { currentOf, isOwn } from './apim-steps.ts';
import { type ApimNames, readMark } from './apim-wanted.ts';

interface ReleaseResource {
  properties?: { apiId?: string; notes?: string; createdDateTime?: string };
}

const revisionIn = ({ properties }: ReleaseResource): string | undefined =>
  /;rev=(\w+)$/.exec(properties?.apiId ?? '')?.[1];

/**
 * The way back: releases the revision that was current before the one that was released for `notes`. Nothing is done where
 * the gateway was not changed for that, someone else has released another revision since, or the former one is gone.
 * @returns whether callers were given back to it
 */
export async function restoreFormer(
  access: ApimAccess,
  names: ApimNames,
  owner: string,
  notes: string,
): Promise<boolean> {
  const api = await findApi(access, names);
  if (!api || !isOwn(api, owner)) return false;
  const releases = await access.arm.list<ReleaseResource>(`${names.apiPath}/releases`, { apiVersion: apimVersion });
  const [last, before] = [...releases].sort(newestFirst);
  if (!last || !before || last.properties?.notes !== notes) return false;
  const revisions = await listRevisions(access, names);
  const former = revisions.find(({ apiRevision }) => apiRevision === revisionIn(before));
  if (!former?.apiRevision || currentOf(revisions)?.apiRevision !== revisionIn(last)) return false;
  const product = readMark(former.description)?.product;
  if (product !== undefined) await put(access, productPath(names, product), undefined);
  access.log.info(`Releasing revision ${former.apiRevision} of the API ${names.api}, which was current before.`);
  await putRelease(access, names, former.apiRevision, `way back from ${notes}`);
  return true;
}

const newestFirst = (a: ReleaseResource, b: ReleaseResource): number =>
  (b.properties?.createdDateTime ?? '').localeCompare(a.properties?.createdDateTime ?? '');
