import { randomUUID } from 'node:crypto';
import { type Fields, fieldsOf } from '../fakes/clouds/fields.ts';
import type { Surface } from '../fakes/clouds/loopback.ts';
import { alreadyExists, badRequest, notFound, precondition } from './api-error.ts';
import type { GoogleContext, Need } from './context.ts';
import type { Contract } from './contract.ts';
import type { CloudRun } from './run/cloud-run.ts';
import { type Buckets, resourceOf, type StoredObject } from './storage/buckets.ts';
import { type ApiMethod, type ApiRequest, apiSurface } from './surface.ts';

const at = 'eventarc.projects.locations';
const finalized = 'google.cloud.storage.object.v1.finalized';

interface Operation {
  looks: number;
  settle(): void;
  response: Fields;
}

/** One event that was sent, and what the service answered. */
export interface Delivery {
  trigger: string;
  object: string;
  status: number;
  body: unknown;
}

/** Events of Cloud Storage to services: triggers, and what they send. https://cloud.google.com/eventarc/docs */
export class Eventarc {
  readonly triggers = new Map<string, Fields>();
  /** Those that do not send yet. */
  readonly #waiting = new Set<string>();
  readonly #operations = new Map<string, Operation>();
  readonly #sent: Promise<Delivery>[] = [];
  readonly #context: GoogleContext;
  readonly #buckets: Buckets;
  readonly #run: CloudRun;

  constructor(context: GoogleContext, buckets: Buckets, run: CloudRun) {
    this.#context = context;
    this.#buckets = buckets;
    this.#run = run;
    buckets.onPut = (object) => this.#tell(object);
  }

  /** Cloud Storage's own account, which has to be allowed to publish. */
  get storageAgent(): string {
    return `service-${this.#context.number}@gs-project-accounts.iam.gserviceaccount.com`;
  }

  /** What was sent since the last time this was asked, in the order of uploads. */
  deliveries(): Promise<Delivery[]> {
    return Promise.all(this.#sent.splice(0));
  }

  surface(contract: Contract): Surface {
    return apiSurface(this.#context, { ...{ name: 'EVENTARC', contract }, methods: this.#methods() });
  }

  #methods(): Record<string, ApiMethod> {
    const needs =
      (permission: string) =>
      ({ labels }: ApiRequest): Need[] => [{ permission, resource: labels['name'] ?? labels['parent'] ?? '' }];
    return {
      [`${at}.triggers.create`]: {
        needs: (request) => [
          ...needs('eventarc.triggers.create')(request),
          { permission: 'iam.serviceAccounts.actAs', resource: accountOf(this.#context, request.body) },
        ],
        answer: (request) => this.#create(request),
      },
      [`${at}.triggers.get`]: {
        needs: needs('eventarc.triggers.get'),
        answer: ({ labels }) => this.#find(labels['name'] ?? ''),
      },
      [`${at}.triggers.delete`]: {
        needs: needs('eventarc.triggers.delete'),
        answer: ({ labels }) => {
          const name = labels['name'] ?? '';
          const trigger = this.#find(name);
          return this.#begin(name, trigger, () => this.triggers.delete(name));
        },
      },
      [`${at}.operations.get`]: {
        needs: needs('eventarc.operations.get'),
        answer: ({ labels }) => {
          const name = labels['name'] ?? '';
          const operation = this.#operations.get(name);
          if (!operation) throw notFound(name);
          if (--operation.looks <= 0) operation.settle();
          return operation.looks > 0 ? { name } : { name, done: true, response: operation.response };
        },
      },
    };
  }

  #find(name: string): Fields {
    const found = this.triggers.get(name);
    if (!found) throw notFound(name);
    return found;
  }

  #create({ labels, query, body }: ApiRequest): Fields {
    const parent = labels['parent'] ?? '';
    const id = query.get('triggerId') ?? '';
    const name = `${parent}/triggers/${id}`;
    const filters = Object.fromEntries(
      ((body['eventFilters'] ?? []) as Fields[]).map(({ attribute, value }) => [attribute, value]),
    ) as Record<string, string>;
    if (!/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(id)) throw invalid('trigger_id', `${id} is not a valid id`);
    if (body['name'] !== name) throw invalid('trigger.name', `must be ${name}`);
    if (filters['type'] !== finalized) throw invalid('trigger.event_filters', 'is no type of Cloud Storage');
    const where = this.#buckets.locationOf(filters['bucket'] ?? '');
    if (where !== parent.split('/').at(-1)) {
      throw invalid('trigger', `bucket location ${where} does not match the location of the trigger`);
    }
    const topic = `projects/${this.#context.project}`;
    if (!this.#context.iam.allows(this.storageAgent, 'pubsub.topics.publish', topic)) {
      throw precondition(
        `The Cloud Storage service account for your bucket is unable to publish to Cloud Pub/Sub topics in the specified project.`,
      );
    }
    if (this.triggers.has(name)) throw alreadyExists(name);
    const made = { ...body, uid: randomUUID(), createTime: this.#context.now().toISOString() };
    this.triggers.set(name, made);
    this.#waiting.add(name);
    return this.#begin(name, made, () => void this.#waiting.delete(name));
  }

  #begin(target: string, response: Fields, settle: () => void): Fields {
    const name = `${target.split('/').slice(0, 4).join('/')}/operations/${randomUUID()}`;
    const { looks } = this.#context.knobs;
    const typed = { '@type': 'type.googleapis.com/google.cloud.eventarc.v1.Trigger', ...response };
    this.#operations.set(name, { looks, settle, response: typed });
    if (looks === 0) settle();
    return looks === 0 ? { name, done: true, response: typed } : { name };
  }

  /** Of each trigger on the bucket, as its account and with a token for the service. */
  #tell(object: StoredObject): void {
    for (const [name, trigger] of this.triggers) {
      const filters = (trigger['eventFilters'] ?? []) as { attribute: string; value: string }[];
      const isMeant = filters.some(({ attribute, value }) => attribute === 'bucket' && value === object.bucket);
      if (isMeant && !this.#waiting.has(name)) this.#sent.push(this.#send(name, trigger, object));
    }
  }

  async #send(name: string, trigger: Fields, object: StoredObject): Promise<Delivery> {
    const sent = { trigger: name.split('/').at(-1) ?? '', object: object.name };
    const { service, region, path } = fieldsOf(fieldsOf(trigger['destination'])['cloudRun']) as Record<string, string>;
    const account = String(trigger['serviceAccount']);
    const { iam, project, now } = this.#context;
    if (!iam.allows(account, 'eventarc.events.receiveEvent', `projects/${project}`)) {
      return { ...sent, status: 403, body: `${account} lacks eventarc.events.receiveEvent` };
    }
    const found = this.#run.services.get(`projects/${project}/locations/${region}/services/${service}`);
    if (!found) return { ...sent, status: 404, body: 'no service' };
    const answer = await fetch(`${found.uri}${path}`, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${iam.idToken(account, found.uri, now())}`, 'content-type': 'application/json' },
        ...{ 'ce-type': finalized, 'ce-id': randomUUID(), 'ce-specversion': '1.0' },
        ...{
          'ce-subject': `objects/${object.name}`,
          'ce-source': `//storage.googleapis.com/projects/_/buckets/${object.bucket}`,
        },
      },
      body: JSON.stringify(resourceOf(object)),
    });
    const text = await answer.text();
    return { ...sent, status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
  }
}

const invalid = (field: string, description: string) => badRequest([{ field, description }]);

const accountOf = ({ project }: GoogleContext, body: Fields): string =>
  `projects/${project}/serviceAccounts/${String(body['serviceAccount'])}`;
