import type { Deployed, FunctionView } from '../../rollout/platform.ts';
import type { DeployRequest } from '../../rollout/target.ts';
import type { SeenApim } from './apim-seen.ts';
import type { Plan, Site } from './resources.ts';

/** What an app is to run, as `replace` and `publish` make it. */
export interface Wish {
  /** All settings that are ours. */
  variables: Record<string, string>;
  packageSha256: string;
  settingsSha256: string;
  /** The zip. */
  bytes(): Promise<Uint8Array>;
  /** Absent where an app is set back: the app itself then stays as it is. */
  request?: Pick<DeployRequest, 'settings' | 'package'> | undefined;
  /** Publish although the app says that it runs this package: it did not prove itself. */
  anew?: boolean | undefined;
}

/** What one app runs; its id is what the function reports as its revision (COLDGATE_REVISION). */
export interface FlexRevision extends Deployed {
  /** Name of its app. */
  site: string;
  /** Own address of the app, where callers have that of a gateway. */
  app?: string | undefined;
  /** What `shift` is to make of the live app. */
  wish?: Wish | undefined;
}

/** What was live before this run has replaced it. */
export interface Former {
  revision: FlexRevision;
  wish: Wish;
}

/** A function as it was found by lists of plans and apps, and the settings of its live app. */
export interface FlexState extends FunctionView<FlexRevision> {
  /** Name of the live app, whether it is there or not. */
  site: string;
  /** All apps of the function by name: live, candidates, samples. */
  sites: Map<string, Site>;
  /** All plans of the function by the name of their app: one without an app is of an unfinished creation or removal. */
  plans: Map<string, Plan>;
  /** Its gateway, where the settings have one. */
  apim?: SeenApim;
  /** Settings of the live app, as they were read. */
  settings: Record<string, string>;
}

/** An app for the starts of one version in this run. */
export interface SampleApp {
  site: string;
  url: string;
  /** All of its settings: nobody else changes them. */
  settings: Record<string, string>;
  /** Digests of what it was made of. */
  of: string;
}

export interface StorageAccount {
  id: string;
  /** Base URLs of its blobs and queues, without a slash at their end. */
  blobs: string;
  queues: string;
}

/** What Application Insights tells of a component: https://learn.microsoft.com/rest/api/application-insights/components/get */
export interface Component {
  ConnectionString?: string;
  DisableLocalAuth?: boolean;
  /** What queries call it. */
  AppId?: string;
}
