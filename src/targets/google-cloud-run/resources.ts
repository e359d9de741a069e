/*
 * What is read and written of the Cloud Run Admin API v2, and no more of it:
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
 */

/** Where Cloud Run gets an archive, as its API takes it. */
export interface Source {
  bucket: string;
  object: string;
  /** Generation of the object that was written, so that another object cannot be used in its place. */
  generation: string;
}

export interface TrafficTarget {
  type?: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST' | 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
  /** Short name. */
  revision?: string;
  percent?: number;
  tag?: string;
}

export interface TrafficStatus extends TrafficTarget {
  uri?: string;
}

export interface Condition {
  type?: string;
  state?: 'CONDITION_PENDING' | 'CONDITION_RECONCILING' | 'CONDITION_FAILED' | 'CONDITION_SUCCEEDED';
  message?: string;
  reason?: string;
  revisionReason?: string;
}

export interface Container {
  name: string;
  image: string;
  baseImageUri?: string;
  sourceCode?: { cloudStorageSource: { bucket: string; object: string; generation: string } };
  command?: string[];
  args?: string[];
  ports: { name: string; containerPort: number }[];
  env: { name: string; value?: string }[];
  resources: { limits: Record<string, string>; cpuIdle: boolean; startupCpuBoost: boolean };
  startupProbe: Record<string, unknown>;
}

export interface Template {
  revision?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  scaling?: { minInstanceCount?: number; maxInstanceCount?: number };
  timeout?: string;
  serviceAccount?: string;
  executionEnvironment?: string;
  maxInstanceRequestConcurrency?: number;
  healthCheckDisabled?: boolean;
  encryptionKey?: string;
  vpcAccess?: { connector: string };
  containers?: Container[];
}

export interface Service {
  /** `projects/P/locations/R/services/S` */
  name: string;
  description?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ingress?: string;
  invokerIamDisabled?: boolean;
  scaling?: { minInstanceCount?: number; [other: string]: unknown };
  buildConfig?: { functionTarget?: string; [other: string]: unknown };
  template?: Template;
  traffic?: TrafficTarget[];
  trafficStatuses?: TrafficStatus[];
  etag?: string;
  uri?: string;
  latestReadyRevision?: string;
  latestCreatedRevision?: string;
  reconciling?: boolean;
  terminalCondition?: Condition;
  lastModifier?: string;
}

export interface RevisionResource {
  name: string;
  annotations?: Record<string, string>;
  createTime?: string;
  conditions?: Condition[];
  containers?: Partial<Container>[];
  scalingStatus?: { desiredMinInstanceCount?: number };
}

export interface Operation {
  /** `projects/P/locations/R/operations/O` */
  name: string;
  done?: boolean;
  error?: { code?: number; message?: string; details?: Record<string, unknown>[] };
  response?: unknown;
}

/** `digits-production-l-0a1b2c3d4e` of `projects/P/locations/R/services/S/revisions/…`. */
export const shortName = (name: string | undefined): string => name?.split('/').at(-1) ?? '';
