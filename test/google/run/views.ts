import type { Fields } from '../../fakes/clouds/fields.ts';
import { etagOf, timeOf } from './etag.ts';
import type { Revision, Service } from './record.ts';

type State = 'CONDITION_PENDING' | 'CONDITION_RECONCILING' | 'CONDITION_FAILED' | 'CONDITION_SUCCEEDED';

function condition(type: string, state: State, version: number, more: Fields = {}): Fields {
  return { type, state, lastTransitionTime: timeOf(version), ...more };
}

/** A service as the API answers it. */
export function serviceView(service: Service): Fields {
  const { id: _, region: __, spec, name, version, revisions, latestCreated, latestReady, routesMessage } = service;
  const created = latestCreated === undefined ? undefined : revisions.get(latestCreated);
  const reconciling = service.pending.length > 0;
  const failed = created?.state === 'failed' ? created.message : undefined;
  const waiting: State = 'CONDITION_RECONCILING';
  const state = (message: string | undefined): State =>
    reconciling ? waiting : message === undefined ? 'CONDITION_SUCCEEDED' : 'CONDITION_FAILED';
  const of = (type: string, message: string | undefined, reason: Fields = {}): Fields =>
    condition(type, state(message), version, reconciling || message === undefined ? {} : { message, ...reason });
  const path = (short: string | undefined): string | undefined => short && `${name}/revisions/${short}`;
  return {
    ...spec,
    name,
    ...{ uid: service.uid, generation: String(service.generation), uri: service.uri, urls: service.urls },
    ...{ createTime: service.createTime, updateTime: service.updateTime, etag: etagOf(name, version) },
    ...{ creator: service.creator, lastModifier: service.lastModifier },
    observedGeneration: String(service.observedGeneration),
    latestCreatedRevision: path(latestCreated),
    latestReadyRevision: path(latestReady),
    trafficStatuses: service.statuses,
    reconciling: reconciling ? true : undefined,
    conditions: [
      of('RoutesReady', routesMessage),
      of('ConfigurationsReady', failed, { revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR' }),
    ],
    // Ready when all of the others are, as in Knative.
    terminalCondition: of('Ready', routesMessage ?? failed, failed === undefined ? {} : { reason: 'REVISION_FAILED' }),
  };
}

/** A revision as the API answers it. */
export function revisionView(service: Service, revision: Revision): Fields {
  const { template, state, version, message } = revision;
  const { revision: _, healthCheckDisabled, ...rest } = template;
  const at: State =
    state === 'ready' ? 'CONDITION_SUCCEEDED' : state === 'failed' ? 'CONDITION_FAILED' : 'CONDITION_RECONCILING';
  const reason = state === 'failed' ? { message, revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR' } : {};
  const skipped = healthCheckDisabled === true && state === 'ready';
  const kept = template.scaling?.minInstanceCount ?? 0;
  const size = revision.pool?.size ?? 0;
  return {
    ...rest,
    ...{ name: revision.name, uid: revision.uid, service: service.id, createTime: revision.createTime },
    ...{ updateTime: timeOf(version), generation: String(revision.generation), etag: etagOf(revision.name, version) },
    observedGeneration: String(revision.generation),
    conditions: [
      condition('Ready', at, version, reason),
      condition('ContainerHealthy', at, version, skipped ? { revisionReason: 'HEALTH_CHECK_SKIPPED' } : reason),
      condition('ResourcesAvailable', at, version),
    ],
    reconciling: state === 'pending' ? true : undefined,
    logUri: `https://console.cloud.google.com/logs/viewer?resource=cloud_run_revision/revision_name/${revision.short}`,
    scalingStatus: { desiredMinInstanceCount: Math.min(kept, size) },
    creator: service.lastModifier,
    launchStage: 'GA',
  };
}
