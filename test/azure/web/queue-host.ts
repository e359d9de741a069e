import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Generation } from '../edge/generation.ts';
import { type Binding, functionHeader, messageHeader } from '../edge/worker-protocol.ts';
import type { AzuriteQueues, QueueMessage } from '../storage/azurite-queues.ts';
import type { Site } from './record.ts';
import type { Web } from './web.ts';

/** One call of a function with a message, or why there was none. */
export interface QueueCall {
  site: string;
  id: string;
  attempt: number;
  outcome: 'done' | 'failed' | 'not-base64' | 'poison';
}

/** https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#hostjson-settings */
interface QueueOptions {
  batchSize: number;
  maxDequeueCount: number;
  messageEncoding: string;
  /** s */
  visibilityTimeout: number;
}

/** How long the host takes a message out for, s. */
const takenSeconds = 600;
const data = 'Microsoft.Storage/storageAccounts/queueServices/queues/messages';

interface Trigger {
  site: Site;
  generation: Generation;
  name: string;
  queue: string;
  options: QueueOptions;
}

/**
 * What Azure's host and its scale controller do with queue triggers: they wake an app from zero, call its function at most
 * so many times, and put a message aside that fails every time, whatever the function says of it.
 */
export class QueueHost {
  readonly calls: QueueCall[] = [];
  readonly #web: Web;
  readonly #azurite: AzuriteQueues;
  readonly #running = new Map<Generation, Set<Promise<void>>>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(web: Web, azurite: AzuriteQueues) {
    this.#web = web;
    this.#azurite = azurite;
    this.#wait();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#round = this.#look()
        .catch((error: unknown) => this.#web.context.violation(`queues: ${String((error as Error).stack)}`))
        .finally(() => this.#isClosed || this.#wait());
    }, 50);
  }

  async #look(): Promise<void> {
    for (const site of this.#web.sites.values()) {
      for (const trigger of await this.#triggers(site)) await this.#take(trigger);
    }
  }

  async #triggers(site: Site): Promise<Trigger[]> {
    const { generation, content } = site;
    if (!generation || !content || site.functionsLag > 0) return [];
    // Triggers are read by whoever changes the app; an app that cannot start has none.
    const functions = await generation.index().catch(() => []);
    return functions.flatMap(({ name, bindings }) =>
      Object.values(bindings).flatMap((binding) => {
        if (binding.type !== 'queueTrigger' || isDisabled(site, name)) return [];
        const problem = this.#problem(site, content.folder, binding);
        if (problem !== undefined) this.#web.context.violation(`${site.key}: ${name}: ${problem}`);
        const queue = (binding.queueName ?? '').replaceAll(/%([^%]+)%/g, (_all, one) => site.settings.get(one) ?? '');
        return [{ site, generation, name, queue, options: optionsOf(site, content.folder) }];
      }),
    );
  }

  /** What keeps a trigger from working, as far as settings and files tell. */
  #problem(site: Site, folder: string, { connection = '' }: Binding): string | undefined {
    const { id, version } = hostOf(folder).extensionBundle ?? {};
    if (id !== 'Microsoft.Azure.Functions.ExtensionBundle' || !/^\[4\.\*, 5\.0\.0\)$/.test(version ?? '')) {
      return "The binding type(s) 'queueTrigger' are not registered: host.json names no extension bundle.";
    }
    if (site.settings.has(connection)) return `${connection} is there itself, and is taken for a connection string.`;
    const base = this.#web.azure.accounts.queueBase;
    const uri = site.settings.get(`${connection}__queueServiceUri`);
    if (uri?.replace(/\/$/, '') !== `${base}/${this.#azurite.account}`) return `${connection}__queueServiceUri: ${uri}`;
    if (site.settings.get(`${connection}__credential`) !== 'managedidentity') return `${connection}__credential`;
    if (this.#identity(site, connection) === undefined) return `${connection}__clientId names no identity of the app`;
    return undefined;
  }

  #identity = (site: Site, connection: string) =>
    this.#web.identityOf(site, site.settings.get(`${connection}__clientId`));

  /** Takes out as many as an instance may work on; without the right it takes none, and says so nowhere. */
  async #take(trigger: Trigger): Promise<void> {
    const { site, generation, options, queue } = trigger;
    const running = this.#running.get(generation) ?? new Set();
    this.#running.set(generation, running);
    const most = options.batchSize - running.size;
    if (most <= 0 || !this.#may(trigger)) return;
    const { queueTimeScale } = this.#web.context.knobs;
    const seconds = Math.max(1, Math.round(takenSeconds * queueTimeScale));
    for (const message of await this.#azurite.receive(queue, most, seconds)) {
      if (generation !== site.generation) return;
      const run = this.#call(trigger, message).finally(() => running.delete(run));
      running.add(run);
    }
  }

  #may({ site, queue, name }: Trigger): boolean {
    const { accounts } = this.#web.azure;
    const account = accounts.find(this.#azurite.account);
    const binding = Object.values(site.generation?.functions?.find((one) => one.name === name)?.bindings ?? {})[0];
    const identity = this.#identity(site, binding?.connection ?? '');
    if (!account || !identity || !account.queues.has(queue)) return false;
    const scope = accounts.queueId(account, queue);
    return this.#web.context.iam.allows(identity.oid, { action: `${data}/process/action`, scope, data: true });
  }

  async #call(trigger: Trigger, message: QueueMessage): Promise<void> {
    const { options, queue, site } = trigger;
    const reply = (outcome: QueueCall['outcome']) =>
      this.calls.push({ site: site.key, id: message.id, attempt: message.dequeueCount, outcome });
    const text = decode(message.text, options.messageEncoding);
    const outcome =
      text === undefined ? 'not-base64' : (await this.#invoke(trigger, message, text)) ? 'done' : 'failed';
    // A host that ended says nothing: the message comes back when its time is over.
    if (trigger.generation !== site.generation) return;
    reply(outcome);
    if (outcome === 'done') return void (await this.#azurite.delete(queue, message));
    if (message.dequeueCount < options.maxDequeueCount) {
      const seconds = Math.round(options.visibilityTimeout * this.#web.context.knobs.queueTimeScale);
      return void (await this.#azurite.giveBack(queue, message, seconds));
    }
    await this.#azurite.ask('PUT', `${queue}-poison`);
    await this.#azurite.put(`${queue}-poison`, message.text);
    await this.#azurite.delete(queue, message);
    reply('poison');
  }

  async #invoke({ generation, name }: Trigger, { id, dequeueCount, popReceipt }: QueueMessage, text: string) {
    try {
      const instance = await generation.pool.take();
      try {
        const facts = { Id: id, DequeueCount: String(dequeueCount), PopReceipt: popReceipt, QueueTrigger: text };
        const headers = { [functionHeader]: name, [messageHeader]: JSON.stringify({ ...facts, QueueTrigger: '' }) };
        const answer = await instance.forward({ method: 'POST', path: '/', headers }, Buffer.from(text));
        answer.resume();
        return answer.statusCode === 204;
      } finally {
        generation.pool.give(instance);
      }
    } catch {
      return false;
    }
  }
}

const isDisabled = ({ settings }: Site, name: string): boolean =>
  /^(?:1|true)$/i.test(settings.get(`AzureWebJobs.${name}.Disabled`) ?? '');

interface HostJson {
  extensionBundle?: { id?: string; version?: string };
  extensions?: { queues?: Record<string, unknown> };
}

function hostOf(folder: string): HostJson {
  const path = join(folder, 'host.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as HostJson) : {};
}

/** host.json, over which settings of the app go: https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values */
function optionsOf({ settings }: Site, folder: string): QueueOptions {
  const own = hostOf(folder).extensions?.queues ?? {};
  const value = (name: string, otherwise: unknown): unknown =>
    settings.get(`AzureFunctionsJobHost__extensions__queues__${name}`) ?? own[name] ?? otherwise;
  const [hours = 0, minutes = 0, seconds = 0] = String(value('visibilityTimeout', '00:00:00')).split(':').map(Number);
  const batchSize = Number(value('batchSize', 16));
  return {
    batchSize: batchSize + Number(value('newBatchThreshold', batchSize / 2)),
    maxDequeueCount: Number(value('maxDequeueCount', 5)),
    messageEncoding: String(value('messageEncoding', 'base64')),
    visibilityTimeout: hours * 3600 + minutes * 60 + seconds,
  };
}

/** Undefined for what the host cannot read: it never calls the function with it. */
function decode(text: string, encoding: string): string | undefined {
  if (encoding.toLowerCase() !== 'base64') return text;
  const isBase64 = /^(?:[\w+/]{4})*(?:[\w+/]{2}==|[\w+/]{3}=)?$/.test(text) && !text.includes('_');
  return isBase64 ? Buffer.from(text, 'base64').toString('utf8') : undefined;
}
