import { ColdgateError, exitCodes } from '../../errors.ts';
import { type RunContext, runUrl, servicePath } from './context.ts';
import { gatewayUrl, observeGateway } from './gateway-address.ts';
import { aboutAnnotation, ownerLabel, ownerValue, parseMark, purposeOfTag } from './names.ts';
import { surplusRevisions } from './prune.ts';
import { isMissing } from './refusal.ts';
import { type RevisionResource, type Service, shortName } from './resources.ts';
import type { RunRevision, RunState } from './state.ts';
import { servingOf, trafficOf, uriOfTag } from './traffic.ts';
import { readService, uriOf } from './update.ts';

/**
 * Reads all of a service by two calls, and its gateway by a third where the settings ask for one; nothing where there is no
 * service.
 * Throws ColdgateError `foreign-function` (exit 2) for one that Coldgate has not made.
 */
export async function observe(context: RunContext, name: string): Promise<RunState | undefined> {
  try {
    const [service, found, gateway] = await Promise.all([
      readService(context, name),
      listRevisions(context, name),
      observeGateway(context, name),
    ]);
    checkOwned(name, service);
    return stateOf(context, { name, service, gateway, all: found.map(revisionOf) });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function listRevisions(context: RunContext, name: string): Promise<RevisionResource[]> {
  const path = `${servicePath(context, name)}/revisions`;
  const all: RevisionResource[] = [];
  let pageToken = '';
  do {
    const query = { pageSize: '1000', ...(pageToken && { pageToken }) };
    const call = { method: 'GET', url: runUrl(context, path, query) } as const;
    const requestContext = { permission: 'run.revisions.list', resource: path };
    const page = await context.calls.send<{ revisions?: RevisionResource[]; nextPageToken?: string }>(
      call,
      requestContext,
    );
    all.push(...(page.revisions ?? []));
    pageToken = page.nextPageToken ?? '';
  } while (pageToken);
  return all;
}

/** Reasons for which a working revision is reported as not ready: it has no instances, and needs none. */
const atRest = new Set(['RETIRED', 'RETIRING', 'RESERVE', 'HEALTH_CHECK_SKIPPED', 'NO_DEPLOYMENT']);

export function revisionOf(resource: RevisionResource): RunRevision {
  const { annotations = {}, createTime, conditions = [], containers = [], scalingStatus } = resource;
  const {
    purpose,
    version = null,
    settingsSha256 = '',
    packageSha256 = '',
    until,
  } = parseMark(annotations[aboutAnnotation]) ?? {};
  const ready = conditions.find(({ type }) => type === 'Ready');
  const isFailed = ready?.state === 'CONDITION_FAILED' && !atRest.has(ready.revisionReason ?? '');
  return {
    id: shortName(resource.name),
    ...{ purpose, role: purpose === 'first' ? undefined : purpose, version, settingsSha256, packageSha256, until },
    createdAt: new Date(createTime ?? 0),
    reports: containers[0]?.env?.find(({ name }) => name === 'COLDGATE_REVISION')?.value,
    failed: isFailed,
    ready: ready === undefined || ready.state === 'CONDITION_SUCCEEDED' || ready.state === 'CONDITION_FAILED',
    warmInstances: scalingStatus?.desiredMinInstanceCount ?? 0,
    url: undefined,
  };
}

/** The service as a rollout looks at it. */
export function stateOf(context: RunContext, seen: Pick<RunState, 'name' | 'service' | 'gateway' | 'all'>): RunState {
  const { name, service, gateway, all } = seen;
  const { live, shifting } = servingOf(service);
  const known = (id: string | undefined): RunRevision | undefined => all.find((one) => one.id === id);
  const serving = known(live);
  const candidates = trafficOf(service).flatMap(({ tag, revision }) => {
    const found = purposeOfTag(tag) === 'candidate' ? known(revision) : undefined;
    if (found?.purpose !== 'candidate' || tag === undefined) return [];
    return [{ ...found, url: found.failed ? undefined : uriOfTag(service, tag, found.id) }];
  });
  return {
    ...seen,
    // The first revision holds the traffic of a service until another has passed its readiness proof.
    live:
      serving && serving.purpose !== 'first' ? { ...serving, url: gatewayUrl(gateway) ?? uriOf(service) } : undefined,
    shifting: known(shifting),
    candidates: candidates.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime()),
    revisions: all.filter(({ purpose }) => purpose === 'live' || purpose === undefined),
    surplus: surplusRevisions(context, { name, service, all }).length,
  };
}

function checkOwned(name: string, { labels = {}, lastModifier }: Service): void {
  if (labels[ownerLabel] === ownerValue) return;
  const who = lastModifier ? ` (last changed by ${lastModifier})` : '';
  const text = `There is a Cloud Run service ${name} that Coldgate has not made${who}, so it is left alone.`;
  throw new ColdgateError('foreign-function', exitCodes.usage, text, {
    hint: `Give the model another name, or label the service ${ownerLabel}=${ownerValue} to have Coldgate manage it.`,
  });
}
