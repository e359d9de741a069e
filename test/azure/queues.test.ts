import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { describeWith } from '../emulators/servers.ts';
import { App, greeterZip } from './app.ts';
import { type Azure, openAzure } from './azure.ts';
import { AzuriteQueues } from './storage/azurite-queues.ts';

const contributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88';
const bundle = { id: 'Microsoft.Azure.Functions.ExtensionBundle', version: '[4.*, 5.0.0)' };
const host = (queues: object, more: object = { extensionBundle: bundle }): string =>
  JSON.stringify({ version: '2.0', extensions: { http: { routePrefix: '' }, queues }, ...more });

/** Says what it was given; a text that begins with "bad" fails, and one with "end" takes the process along. */
const main = `
const { register, registerQueue } = require('./azure-model.cjs');
register('greeter', 'anonymous', async () => ({ status: 200, headers: {}, text: 'hello' }));
registerQueue('work', { queueName: '%PLACE%', connection: 'QUEUE' }, async (text, attempt) => {
  console.log(JSON.stringify({ text, attempt }));
  if (text.startsWith('end') && attempt === 1) process.exit(1);
  if (text.startsWith('bad')) throw new Error('bad');
});
`;

/** What Azure's host makes of messages, with Azurite's queues behind it. */
describeWith('azurite', 'a queue trigger', () => {
  let queues: AzuriteQueues;
  let azure: Azure;
  let app: App;
  let settings: Record<string, string>;

  const publish = async (options: object = { visibilityTimeout: '00:00:01' }, more?: object): Promise<void> => {
    const package_ = greeterZip({ 'main.cjs': main, 'host.json': host(options, more) });
    expect(await app.publish(package_)).toBe(4);
  };
  const reply = (): { text: string; attempt: number }[] =>
    azure.web.log.flatMap(({ line }) => (line.startsWith('{"text"') ? [JSON.parse(line)] : []));
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const empty = () => vi.waitFor(async () => expect(await queues.count('work')).toBe(0), { timeout: 60_000 });

  beforeAll(async () => {
    queues = await AzuriteQueues.start('coldgatetest');
    azure = await openAzure({ queues });
    app = new App(azure);
    settings = {
      PLACE: 'work',
      QUEUE__queueServiceUri: `${azure.urlOf('QUEUES')}/coldgatetest`,
      QUEUE__credential: 'managedidentity',
    };
    await app.make(settings);
    const queuePath = (name: string) =>
      `${app.accountPath}/queueServices/default/queues/${name}?api-version=2023-05-01`;
    for (const name of ['work', 'work-poison']) await app.client.ask('PUT', queuePath(name), {});
    await app.grant(contributor);
  }, 120_000);
  afterEach(() => {
    azure.web.log.length = 0;
    azure.web.queues?.calls.splice(0);
    azure.violations();
  });
  afterAll(async () => {
    await azure?.close();
    await queues?.stop();
  });

  it('wakes an app that has no instance, and calls it with the text of a message', async () => {
    await publish();
    await app.site.generation?.pool.stopIdle();
    await queues.put('work', base64('hello'));
    await empty();
    expect(reply()).toEqual([{ text: 'hello', attempt: 1 }]);
  });

  it('gives a message back that fails, and puts it aside after five times', async () => {
    await queues.put('work', base64('bad'));
    await vi.waitFor(async () => expect(await queues.count('work-poison')).toBe(1), { timeout: 60_000 });
    expect(reply().map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5]);
    await queues.receive('work-poison', 1, 600);
  });

  it('never calls the function with what is no base64, and puts that aside all the same', async () => {
    await queues.put('work', 'plain text');
    await vi.waitFor(async () => expect(await queues.peek('work-poison')).toHaveLength(1), { timeout: 60_000 });
    expect(reply()).toEqual([]);
    expect(azure.web.queues?.calls.map(({ outcome }) => outcome)).toContain('not-base64');
    await queues.receive('work-poison', 1, 600);
  });

  it('delivers a message again whose process has ended', async () => {
    await queues.put('work', base64('end'));
    await empty();
    expect(reply().map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('has options in settings go over those of host.json', async () => {
    await app.set({ ...settings, AzureFunctionsJobHost__extensions__queues__maxDequeueCount: '2' });
    await publish({ messageEncoding: 'none', maxDequeueCount: 9, batchSize: 1, newBatchThreshold: 0 });
    await queues.put('work', 'bad');
    await vi.waitFor(async () => expect(await queues.peek('work-poison')).toHaveLength(1), { timeout: 60_000 });
    expect(reply().map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('is none without the extension bundle, and takes nothing out without the right to', async () => {
    await publish({}, {});
    await vi.waitFor(() => expect(azure.violations().join()).toContain('extension bundle'), { timeout: 60_000 });
    azure.deny('*/messages/process/action');
    await queues.put('work', base64('unseen'));
    await publish();
    expect([reply(), await queues.count('work')]).toEqual([[], 1]);
    azure.allow('*/messages/process/action');
    await empty();
  });
});
