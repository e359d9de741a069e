/** How the stand-in behaves where the real service is free to; each may be changed while it runs. */
export interface Knobs {
  /** Looks (`operations.get`, `operations.wait`, `services.get`) until an operation is done, once its work is. */
  looks: number;
  /** Requests that a new tag's address answers with Google's 404. */
  tagLag: number;
  /** Requests after a change of traffic of which every second one still goes where they went before. */
  trafficLag: number;
  /** Decisions that a change of a policy is not seen by. */
  policyLag: number;
  /** Entries of a page where the request asks for no number, and the most that it gets. */
  pageSize: number;
  /** Length of the platform's seconds for starting and stopping instances: 0.25 makes 240 s one minute. */
  timeScale: number;
  /** How long a request waits for an instance when all are busy, ms. */
  queueMs: number;
  /** Instances that run although a process serves no request get no CPU, as with request-based billing. */
  freeze: boolean;
  /** Whether a change of traffic fails because the newest revision has failed; what the service does is not known. */
  latestFailedBlocks: boolean;
  /** Whether the name of a deleted revision stays taken; what the service does is not known. */
  deletedNamesTaken: boolean;
  /** Whether a service takes no change while another one is being done; what the service does is not known. */
  oneChangeAtATime: boolean;
  /** Whether the start of an instance at deployment can be left out; here it is documented, not in every project. */
  startsAtDeployment: boolean;
  /** Whether the ID token of a tag's own address is taken; that the service's own is, is documented. */
  tagAudience: boolean;
  /** Until log entries can be read, ms. */
  logLagMs: number;
  /** Length of a second between two pushes of a message. */
  pushTimeScale: number;
  /** Length of a second of the time that an endpoint has to answer a push. */
  pushDeadlineScale: number;
  /** Every so many messages that were acknowledged are pushed again; 0 for none. */
  pushDuplicates: number;
  /** Whether Pub/Sub's own account has to be allowed to make tokens, as in projects from before April 2021. */
  pushNeedsTokenCreator: boolean;
  /** Limits of Google's quotas (https://cloud.google.com/run/quotas). */
  maxRevisions: number;
  maxTags: number;
  maxServices: number;
  /** Writes of the Admin API a minute and region; Infinity turns the quota off. */
  writesPerMinute: number;
}

export const defaultKnobs: Knobs = {
  looks: 1,
  tagLag: 0,
  trafficLag: 0,
  policyLag: 0,
  pageSize: 20,
  timeScale: 0.25,
  queueMs: 10_000,
  freeze: true,
  latestFailedBlocks: false,
  deletedNamesTaken: false,
  oneChangeAtATime: false,
  startsAtDeployment: false,
  tagAudience: false,
  logLagMs: 0,
  pushTimeScale: 0.002,
  pushDeadlineScale: 0.1,
  pushDuplicates: 0,
  pushNeedsTokenCreator: false,
  maxRevisions: 1000,
  maxTags: 2000,
  maxServices: 1000,
  writesPerMinute: Number.POSITIVE_INFINITY,
};
