import type { ArmApi, ArmReply, ArmRequest } from './arm.ts';
import { notFound, refused } from './arm-error.ts';
import type { Azure } from './azure.ts';
import { Contract } from './contract.ts';

interface Filter {
  includedEventTypes?: string[];
  subjectBeginsWith?: string;
  subjectEndsWith?: string;
  isSubjectCaseSensitive?: boolean;
}

/** A subscription of a storage account's events, whose endpoint is a web hook. */
export interface EventSubscription {
  /** Storage account. */
  source: string;
  /** With the secrets in it, which no answer has. */
  endpointUrl: string;
  filter: Filter;
  labels: string[];
  state: 'Creating' | 'Deleting' | 'Succeeded' | 'Failed';
  /** Looks until it is what it becomes. */
  left: number;
  becomes: 'Succeeded' | 'Failed' | 'gone';
}

export interface BlobEvent {
  eventType: string;
  subject: string;
  data: Record<string, unknown>;
}

/** What the service waits for an answer, ms. */
const answerMs = 30_000;

/**
 * Event subscriptions on storage accounts: https://learn.microsoft.com/rest/api/eventgrid/controlplane/event-subscriptions.
 * Stricter than the service in that one that has failed takes no change.
 */
export class EventGrid {
  /** By id in lower case. */
  readonly subscriptions = new Map<string, EventSubscription>();
  /** So many questions of subscriptions to come reach nobody, as where an app is starting. */
  unheard = 0;
  readonly #azure: Azure;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  /** Tells those whom it concerns of an event in a storage account. Returns their answers. */
  async deliver(source: string, event: BlobEvent): Promise<Response[]> {
    const notified = [...this.subscriptions.values()].filter(
      (one) => one.source === source && one.state === 'Succeeded' && concerns(one.filter, event),
    );
    return Promise.all(notified.map(({ endpointUrl }) => post(endpointUrl, 'Notification', event)));
  }

  api(): ArmApi {
    return {
      contract: Contract.read('eventgrid.2022-06-15.json'),
      operations: {
        eventSubscriptions_get: { answer: ({ path }) => this.#get(path) },
        eventSubscriptions_createOrUpdate: { answer: (request) => this.#put(request) },
        eventSubscriptions_delete: { answer: ({ path }) => this.#delete(path) },
      },
    };
  }

  /** A look at it, which brings it forward. */
  #get(path: string): ArmReply {
    const id = path.toLowerCase();
    const found = this.subscriptions.get(id);
    if (!found) throw notFound(path);
    if (found.left > 0) found.left--;
    else if (found.becomes === 'gone') {
      this.subscriptions.delete(id);
      throw notFound(path);
    } else found.state = found.becomes;
    return { status: 200, body: viewOf(path, found) };
  }

  async #put({ path, labels, body }: ArmRequest): Promise<ArmReply> {
    const { accounts, knobs } = this.#azure;
    const scope = `/${labels['scope'] ?? ''}`;
    const source = accounts.find(scope.split('/').at(-1) ?? '');
    if (!source || accounts.idOf(source).toLowerCase() !== scope.toLowerCase()) throw notFound(scope);
    const known = this.subscriptions.get(path.toLowerCase());
    if (known && known.state !== 'Succeeded') {
      const message = `The event subscription is in the state ${known.state} and takes no change.`;
      throw refused(known.state === 'Failed' ? 400 : 409, 'OperationInProgress', `${message} Try again later.`);
    }
    const { destination, filter = {}, labels: own = [] } = (body as unknown as Given).properties;
    const { endpointUrl = '' } = destination.properties;
    if (!/^https:\/\/|^http:\/\/(?:localhost|127\.0\.0\.1)[:/]/.test(endpointUrl)) {
      throw refused(400, 'InvalidRequest', 'Supplied URL is invalid. It should be a proper HTTPS URL.');
    }
    const becomes = (await this.#isWanted(endpointUrl)) ? 'Succeeded' : 'Failed';
    const made: EventSubscription = {
      ...{ source: source.name, endpointUrl, filter, labels: own },
      ...{ state: 'Creating', left: knobs.looks, becomes },
    };
    this.subscriptions.set(path.toLowerCase(), made);
    const operation = this.#azure.operations.begin(() => undefined);
    const { headers = {} } = this.#azure.operations.accepted(operation, scope);
    return { status: 201, headers, body: viewOf(path, made) };
  }

  #delete(path: string): ArmReply {
    const found = this.subscriptions.get(path.toLowerCase());
    if (!found) return { status: 204 };
    Object.assign(found, { state: 'Deleting', becomes: 'gone', left: this.#azure.knobs.looks });
    const operation = this.#azure.operations.begin(() => undefined);
    return this.#azure.operations.accepted(operation, path);
  }

  /** https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema */
  async #isWanted(endpointUrl: string): Promise<boolean> {
    if (this.unheard > 0) {
      this.unheard--;
      return false;
    }
    const validationCode = this.#azure.context.newId();
    const eventType = 'Microsoft.EventGrid.SubscriptionValidationEvent';
    try {
      const answer = await post(endpointUrl, 'SubscriptionValidation', {
        ...{ eventType, subject: '', data: { validationCode } },
      });
      const validation = (await answer.json()) as { validationResponse?: string };
      return answer.status === 200 && validation.validationResponse === validationCode;
    } catch {
      return false;
    }
  }
}

interface Given {
  properties: {
    destination: { properties: { endpointUrl?: string } };
    filter?: Filter;
    labels?: string[];
  };
}

/** Prefix and suffix of the subject, in any case unless told otherwise. */
function concerns(filter: Filter, { eventType, subject }: BlobEvent): boolean {
  const { includedEventTypes, subjectBeginsWith = '', subjectEndsWith = '', isSubjectCaseSensitive } = filter;
  const as = (text: string): string => (isSubjectCaseSensitive ? text : text.toLowerCase());
  const isOfType = includedEventTypes?.includes(eventType) ?? true;
  return isOfType && as(subject).startsWith(as(subjectBeginsWith)) && as(subject).endsWith(as(subjectEndsWith));
}

const post = (url: string, kind: string, event: BlobEvent): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'aeg-event-type': kind, 'content-type': 'application/json' },
    body: JSON.stringify([{ id: '1', topic: '', eventTime: new Date().toISOString(), ...event }]),
    signal: AbortSignal.timeout(answerMs),
  });

/** What answers have: no query of the endpoint, which is secret. */
const viewOf = (path: string, { source, endpointUrl, filter, labels, state }: EventSubscription): object => ({
  ...{ id: path, name: path.split('/').at(-1), type: 'Microsoft.EventGrid/eventSubscriptions' },
  properties: {
    topic: `/subscriptions/x/resourceGroups/x/providers/microsoft.storage/storageaccounts/${source}`,
    provisioningState: state,
    labels,
    destination: {
      endpointType: 'WebHook',
      properties: {
        ...{ endpointUrl: null, endpointBaseUrl: endpointUrl.split('?')[0] },
        ...{ maxEventsPerBatch: 1, preferredBatchSizeInKilobytes: 64, azureActiveDirectoryTenantId: null },
      },
    },
    filter: { ...filter, advancedFilters: null },
    eventDeliverySchema: 'EventGridSchema',
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 },
    ...{ expirationTimeUtc: null, deadLetterDestination: null },
  },
});
