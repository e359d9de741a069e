import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { signSharedKey } from '../../../src/handler/readers/credentials/azure-shared-key.ts';
import { folderOf } from '../../emulators/part.ts';
import { freePort } from '../../emulators/processes.ts';
import { serverPart } from '../../emulators/server-parts.ts';
import { ProcessGroup } from '../../fakes/clouds/process-group.ts';

const key = Buffer.from('queues of a stand-in, which nobody else can reach').toString('base64');

export interface QueueAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** A message as the Queue service gives it out. */
export interface QueueMessage {
  id: string;
  text: string;
  popReceipt: string;
  dequeueCount: number;
}

/** Azurite's Queue service, for one storage account and this process. It has no logins: requests are signed by a key. */
export class AzuriteQueues {
  readonly account: string;
  readonly #endpoint: string;
  readonly #work: string;
  readonly #group: ProcessGroup;

  private constructor(account: string, port: number) {
    this.account = account;
    this.#endpoint = `http://127.0.0.1:${port}`;
    this.#work = mkdtempSync(join(tmpdir(), 'coldgate-queues-'));
    const main = join(folderOf(serverPart('azurite')), 'node_modules/azurite/dist/src/queue/main.js');
    const flags = ['--silent', '--disableTelemetry', '--skipApiVersionCheck', '--inMemoryPersistence'];
    this.#group = new ProcessGroup(['node', main, '--queueHost', '127.0.0.1', '--queuePort', String(port), ...flags], {
      ...{ cwd: this.#work, log: (_stream, line) => this.#printed.push(line) },
      env: { HOME: this.#work, AZURITE_ACCOUNTS: `${account}:${key}` },
    });
  }

  readonly #printed: string[] = [];

  static async start(account: string): Promise<AzuriteQueues> {
    const made = new AzuriteQueues(account, await freePort());
    for (;;) {
      if (made.#group.hasEnded) throw new Error(`Azurite has ended: ${made.#printed.join('\n')}`);
      const answer = await fetch(made.#endpoint).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer) return made;
      await pause(50);
    }
  }

  /** One request, by the key of the account. @param path below the account */
  async ask(method: string, path: string, query: Record<string, string> = {}, body = ''): Promise<QueueAnswer> {
    const full = `/${this.account}/${path}`;
    const headers = {
      'x-ms-version': '2021-12-02',
      'x-ms-date': new Date().toUTCString(),
      ...(body !== '' && { 'content-type': 'application/xml', 'content-length': String(Buffer.byteLength(body)) }),
    };
    const signed = { method, path: full, query: Object.entries(query), headers };
    const authorization = signSharedKey(signed, { account: this.account, key: Buffer.from(key, 'base64') });
    const search = new URLSearchParams(query).toString();
    const answer = await fetch(`${this.#endpoint}${full}${search && `?${search}`}`, {
      method,
      headers: { ...headers, authorization },
      ...(body !== '' && { body }),
    });
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
  }

  /** Takes messages out for a time. */
  async receive(queue: string, most: number, seconds: number): Promise<QueueMessage[]> {
    const query = { numofmessages: String(most), visibilitytimeout: String(seconds) };
    return messagesIn((await this.ask('GET', `${queue}/messages`, query)).text);
  }

  /** Looks at messages that can be taken out. */
  async peek(queue: string): Promise<QueueMessage[]> {
    return messagesIn((await this.ask('GET', `${queue}/messages`, { peekonly: 'true', numofmessages: '32' })).text);
  }

  /** How many messages there are, those that were taken out for a time too. */
  async count(queue: string): Promise<number> {
    const { headers } = await this.ask('GET', queue, { comp: 'metadata' });
    return Number(headers['x-ms-approximate-messages-count']);
  }

  put(queue: string, text: string): Promise<QueueAnswer> {
    return this.ask('POST', `${queue}/messages`, { messagettl: '-1' }, messageXml(text));
  }

  delete(queue: string, { id, popReceipt }: QueueMessage): Promise<QueueAnswer> {
    return this.ask('DELETE', `${queue}/messages/${id}`, { popreceipt: popReceipt });
  }

  /** Has a message be seen again after so many seconds. */
  giveBack(queue: string, { id, text, popReceipt }: QueueMessage, seconds: number): Promise<QueueAnswer> {
    const query = { popreceipt: popReceipt, visibilitytimeout: String(seconds) };
    return this.ask('PUT', `${queue}/messages/${id}`, query, messageXml(text));
  }

  async stop(): Promise<void> {
    await this.#group.stop(0);
    rmSync(this.#work, { recursive: true, force: true });
  }
}

const messageXml = (text: string): string =>
  `<QueueMessage><MessageText>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</MessageText></QueueMessage>`;

const decoded = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

/** https://learn.microsoft.com/rest/api/storageservices/get-messages */
const messagesIn = (xml: string): QueueMessage[] =>
  [...xml.matchAll(/<QueueMessage>(.*?)<\/QueueMessage>/gs)].map(([, part = '']) => {
    const field = (name: string): string => new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(part)?.[1] ?? '';
    return {
      ...{ id: field('MessageId'), text: decoded(field('MessageText')), popReceipt: field('PopReceipt') },
      dequeueCount: Number(field('DequeueCount')),
    };
  });
