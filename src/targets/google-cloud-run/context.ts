import type { GoogleCloudRunSettings } from '../../config/schema/google-cloud-run.ts';
import { type GoogleCredentials, openCredentials } from '../../google/credentials.ts';
import { endpointOf, type GoogleApi } from '../../google/endpoints.ts';
import type { PlatformDeps } from '../../rollout/platform.ts';
import type { MovedAddress } from '../../rollout/proof/http.ts';
import { openCalls, type RunCalls } from './calls.ts';
import { serviceName } from './names.ts';
import type { Source } from './resources.ts';

/** What every operation of the platform works with. */
export interface RunContext extends PlatformDeps {
  settings: GoogleCloudRunSettings;
  calls: RunCalls;
  credentials: GoogleCredentials;
  /** Base URL of an API. */
  api(name: GoogleApi): string;
  /** `projects/P/locations/R` */
  parent: string;
  /** Cloud Run refuses to leave out the start of an instance at deployment: it was asked once in this run. */
  startsAtDeployment: boolean;
  /** It was said that samples are the starts at deployment. */
  saidNotEnded: boolean;
  /** What this run has measured and not yet removed, by service: tags leave with the next change. */
  measured: Map<string, Set<string>>;
  /** Main addresses that this run has moved, by service: for a while the revision of before may answer there. */
  moved: Map<string, MovedAddress>;
  /** Where this run has found or put archives, by their object. */
  sources: Map<string, Promise<Source>>;
  /** Main addresses, by service: what ID tokens are made for. */
  uris: Map<string, string>;
  /** Logs were refused or are always late, so they are not asked for again. */
  withoutLogs: boolean;
}

export function contextOf(settings: GoogleCloudRunSettings, deps: PlatformDeps): RunContext {
  const variables = deps.env ?? {};
  const credentials = openCredentials(variables, deps.signal);
  return {
    ...deps,
    settings,
    credentials,
    calls: openCalls({ ...deps, credentials }),
    api: (name) => endpointOf(name, variables),
    parent: `projects/${settings.project}/locations/${settings.region}`,
    startsAtDeployment: false,
    saidNotEnded: false,
    measured: new Map(),
    moved: new Map(),
    sources: new Map(),
    uris: new Map(),
    withoutLogs: false,
  };
}

/** `projects/P/locations/R/services/S`. Throws InputError as `serviceName`. */
export const servicePath = ({ parent }: Pick<RunContext, 'parent'>, name: string): string =>
  `${parent}/services/${serviceName(name)}`;

/** Address of a resource of the Admin API. */
export const runUrl = ({ api }: Pick<RunContext, 'api'>, path: string, query: Record<string, string> = {}): string => {
  const search = new URLSearchParams(query).toString();
  return `${api('run')}/v2/${path}${search && `?${search}`}`;
};
