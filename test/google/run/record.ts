import type { Fields } from '../../fakes/clouds/fields.ts';
import type { RevisionPool } from '../edge/pool.ts';

/** What of run.v2.json's schemas the stand-in acts on; the rest is kept as it came. */
export interface Probe {
  initialDelaySeconds?: number;
  timeoutSeconds?: number;
  periodSeconds?: number;
  failureThreshold?: number;
  tcpSocket?: { port?: number };
  httpGet?: { path?: string; port?: number };
  [other: string]: unknown;
}

export interface Container {
  name?: string;
  image?: string;
  baseImageUri?: string;
  sourceCode?: { cloudStorageSource?: { bucket?: string; object?: string; generation?: string } };
  command?: string[];
  args?: string[];
  env?: { name?: string; value?: string; valueSource?: unknown }[];
  ports?: { name?: string; containerPort?: number }[];
  resources?: { limits?: Record<string, string>; cpuIdle?: boolean; startupCpuBoost?: boolean };
  startupProbe?: Probe;
  [other: string]: unknown;
}

export interface Template {
  revision?: string;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  scaling?: { minInstanceCount?: number; maxInstanceCount?: number };
  timeout?: string;
  serviceAccount?: string;
  containers?: Container[];
  maxInstanceRequestConcurrency?: number;
  healthCheckDisabled?: boolean;
  executionEnvironment?: string;
  [other: string]: unknown;
}

export interface TrafficTarget {
  type?: string;
  revision?: string;
  percent?: number;
  tag?: string;
}

/** What a request may say of a service. */
export interface ServiceSpec {
  description?: string;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  ingress?: string;
  template?: Template;
  traffic?: TrafficTarget[];
  scaling?: { minInstanceCount?: number; maxInstanceCount?: number };
  invokerIamDisabled?: boolean;
  customAudiences?: string[];
  [other: string]: unknown;
}

export interface Revision {
  /** Without the service's name before it. */
  short: string;
  name: string;
  template: Template;
  generation: number;
  uid: string;
  createTime: string;
  version: number;
  state: 'pending' | 'ready' | 'failed';
  /** Why it has failed. */
  message: string | undefined;
  pool: RevisionPool | undefined;
}

export interface Service {
  id: string;
  region: string;
  /** projects/P/locations/R/services/ID */
  name: string;
  spec: ServiceSpec;
  uid: string;
  uri: string;
  urls: string[];
  createTime: string;
  updateTime: string;
  creator: string;
  lastModifier: string;
  version: number;
  generation: number;
  observedGeneration: number;
  revisions: Map<string, Revision>;
  /** Names of revisions that are gone. */
  deletedRevisions: Set<string>;
  latestCreated: string | undefined;
  latestReady: string | undefined;
  /** Addresses of the tags that it has, or has had. */
  tagUris: Map<string, string>;
  /** What traffic was at the last change that is done. */
  statuses: Fields[];
  /** Why the routes are not as asked. */
  routesMessage: string | undefined;
  /** Changes that are not done yet, the oldest first. */
  pending: Operation[];
  policy: Fields;
  deleted: boolean;
}

/** A long-running operation. */
export interface Operation {
  name: string;
  service: Service;
  generation: number;
  /** Looks at it until it is done, once its work is. */
  looks: number;
  /** What is done before routes change; never rejects. */
  work: Promise<void>;
  worked: boolean;
  /** Brings its effects about. */
  settle(): void;
  metadata(): Fields;
  outcome: { response: Fields } | { error: { code: number; message: string } } | undefined;
}
