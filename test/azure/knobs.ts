/** How the stand-in behaves where Azure is free to; each may be changed while it runs. */
export interface Knobs {
  /** Looks at a long operation until it is done. */
  looks: number;
  /** An operation that nobody looks at is done after this, ms. */
  operationMs: number;
  /** What `Retry-After` asks for, s. */
  retryAfter: number;
  /** Decisions that a new role assignment is not seen by. */
  roleLag: number;
  /** Reads of a new site or plan that do not find it. */
  readLag: number;
  /** Entries of a page of a list. */
  pageSize: number;
  /** Life of a token, s. */
  tokenSeconds: number;
  /** What looks at a deployment say, in order; the last but one stays until the package is in place. 404: not known. */
  publishStates: number[];
  /** Whether the deployment is forgotten after it was seen to make progress: its worker was recycled. */
  publishForgotten: boolean;
  /** Looks at the list of functions until it has those of a new package by itself; Infinity: only after a sync. */
  functionsLag: number;
  /** Calls for keys that fail after an update, as the host is starting. */
  keysLag: number;
  /** Requests after an update that what was there before still answers. */
  staleRequests: number;
  /** Requests after an update that the front end answers 503 to. */
  unavailable: number;
  /** Whether a change of tags is an update that ends all instances; what the service does is not known. */
  tagsRestart: boolean;
  /** Cores of all apps of a plan in a region, with instances that are always ready. */
  cores: number;
  /** The least `maximumInstanceCount` of this region. */
  leastMaximum: number;
  /** Node versions of the catalogue. */
  nodeVersions: string[];
  /** Whether the platform takes properties of siteConfig that Flex Consumption has no use for, as older stamps do. */
  lenientSiteConfig: boolean;
  /** Clients that were written by others send what they like: only what Azure refuses is refused. */
  lenient: boolean;
  /** Writes, and deletions, of one identity, before a call is refused until `Retry-After`. */
  writes: number;
  /** Queries of a log that have none of its lines yet. */
  logLag: number;
  /** Length of the platform's seconds for requests and starts. */
  timeScale: number;
  /** How long a request waits for an instance when all are busy, ms. */
  queueMs: number;
  /** Length of a second for which messages of a queue are taken out, or kept back after a failure. */
  queueTimeScale: number;
}

export const defaultKnobs: Knobs = {
  looks: 1,
  operationMs: 2000,
  retryAfter: 0,
  roleLag: 0,
  readLag: 0,
  pageSize: 50,
  tokenSeconds: 3600,
  publishStates: [404, 0, 2, 4],
  publishForgotten: false,
  functionsLag: 0,
  keysLag: 0,
  staleRequests: 0,
  unavailable: 0,
  tagsRestart: false,
  cores: 250,
  leastMaximum: 1,
  nodeVersions: ['22', '24'],
  lenientSiteConfig: false,
  lenient: false,
  writes: Number.POSITIVE_INFINITY,
  logLag: 0,
  timeScale: 0.25,
  queueMs: 10_000,
  queueTimeScale: 0.005,
};
