import type { GoogleCloudRunSettings } from '../../config/schema/google-cloud-run.ts';
import type { TargetOperation } from '../needs.ts';

/** One permission, the operations that need it, and the calls that it is for. */
export interface GooglePermission {
  permission: string;
  operations: readonly TargetOperation[];
  /** Whether the settings ask for it. Default: always. */
  when?: (settings: GoogleCloudRunSettings) => boolean;
}

const all = (permission: string, ...operations: TargetOperation[]): GooglePermission => ({ permission, operations });

const isPrivate = ({ auth }: GoogleCloudRunSettings): boolean => auth === 'iam';
const hasGateway = ({ gateway }: GoogleCloudRunSettings): boolean => gateway !== undefined;

const hasBatch = ({ batch }: GoogleCloudRunSettings): boolean => batch !== undefined;

const trigger = (permission: string, ...operations: TargetOperation[]): GooglePermission => ({
  ...{ permission: `eventarc.${permission}`, operations },
  when: hasBatch,
});

const hasQueue = ({ queue }: GoogleCloudRunSettings): boolean => queue !== undefined;

const pubsub = (permission: string, ...operations: TargetOperation[]): GooglePermission => ({
  ...{ permission: `pubsub.${permission}`, operations },
  when: hasQueue,
});

const gateway = (permission: string, ...operations: TargetOperation[]): GooglePermission => ({
  ...{ permission: `apigateway.${permission}`, operations },
  when: hasGateway,
});

/**
 * Permissions on the project by what is done with a target. Those on a bucket, a repository or an account are bound there:
 * packages.ts and accounts.ts. https://cloud.google.com/run/docs/reference/iam/permissions and
 * https://cloud.google.com/api-gateway/docs/api-access-overview
 */
export const googlePermissions: readonly GooglePermission[] = [
  all('run.services.get', 'look'),
  all('run.revisions.list', 'look'),
  // Which functions there are, also of models that models.yaml does not name any more.
  all('run.services.list', 'list'),
  all('run.services.create', 'make'),
  // A traffic split, a tag and a revision are all changes of the service.
  all('run.services.update', 'make', 'place', 'clear'),
  all('run.operations.get', 'make', 'place', 'clear', 'remove'),
  // Samples are revisions that go again.
  all('run.revisions.delete', 'make', 'clear'),
  all('run.services.delete', 'remove'),
  { ...all('run.routes.invoke', 'make', 'call'), when: isPrivate },
  // Cloud Run asks for it where a service is opened to everyone (invokerIamDisabled).
  { ...all('run.services.setIamPolicy', 'make', 'place'), when: (settings) => !isPrivate(settings) },
  // The last lines of a revision that did not start, and Cloud Run's log of a sample's start.
  all('logging.logEntries.list', 'make'),
  gateway('apis.get', 'look'),
  gateway('apiconfigs.list', 'look'),
  gateway('gateways.get', 'look'),
  gateway('apis.create', 'place'),
  // Which configs a gateway serves, of whatever function.
  gateway('gateways.list', 'place', 'remove'),
  gateway('apiconfigs.create', 'place'),
  gateway('gateways.create', 'place'),
  gateway('gateways.update', 'place'),
  gateway('operations.get', 'place', 'remove'),
  // Old configs go after each change: an API takes a hundred.
  gateway('apiconfigs.delete', 'place', 'remove'),
  gateway('gateways.delete', 'remove'),
  gateway('apis.delete', 'remove'),
  // Whether the managed service is enabled, without which API keys do not work; set-up enables it.
  { ...all('serviceusage.services.get', 'place'), when: hasGateway },
  // Uploads of a batch: https://cloud.google.com/eventarc/docs/access-control
  trigger('triggers.create', 'place'),
  trigger('triggers.get', 'place'),
  trigger('triggers.delete', 'place', 'remove'),
  trigger('operations.get', 'place', 'remove'),
  // The queue: https://cloud.google.com/pubsub/docs/access-control
  // How many messages there are, which Pub/Sub tells by Cloud Monitoring alone.
  { ...all('monitoring.timeSeries.list', 'look'), when: hasQueue },
  pubsub('topics.create', 'place'),
  pubsub('topics.get', 'place'),
  pubsub('topics.attachSubscription', 'place'),
  pubsub('topics.delete', 'place', 'remove'),
  pubsub('subscriptions.create', 'place'),
  pubsub('subscriptions.get', 'place'),
  pubsub('subscriptions.update', 'place'),
  pubsub('subscriptions.delete', 'place', 'remove'),
];

/** Permissions on the project that these operations need with these settings, each once. */
export const projectPermissions = (
  settings: readonly GoogleCloudRunSettings[],
  operations: readonly TargetOperation[],
): string[] =>
  googlePermissions
    .filter((one) => one.operations.some((operation) => operations.includes(operation)))
    .filter(({ when }) => settings.some((one) => when?.(one) ?? true))
    .map(({ permission }) => permission);

/** What a job needs to call a private function: an ID token in its own account's name. */
export const openIdTokenRole = 'roles/iam.serviceAccountOpenIdTokenCreator';

/** Whether these operations call functions that demand an ID token. */
export const callsPrivately = (
  settings: readonly GoogleCloudRunSettings[],
  operations: readonly TargetOperation[],
): boolean => settings.some(isPrivate) && (operations.includes('make') || operations.includes('call'));
