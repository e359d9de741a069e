import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppResponse } from '../../../src/handler/http/app-request.ts';
import { withUploads } from '../../../src/handler/platforms/azure/uploads.ts';
import { describeWith } from '../../emulators/servers.ts';
import { type AzuriteContainer, azuriteContainer } from '../../fakes/stores/azurite.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const store = new ModelStore();
afterAll(() => store.remove());

describeWith('azurite', 'uploads to a container of Azure', (server) => {
  let app: TestApp;
  let container: AzuriteContainer;
  let handle: ReturnType<typeof withUploads>['handle'];
  const account = 'devstoreaccount1';
  const open = (more: Record<string, string> = {}): typeof handle => {
    const variables = {
      ...server().env,
      ...{ MODEL_ENDPOINT: server().endpoint, COLDGATE_BATCH_BUCKET: `${account}/${container.client.containerName}` },
      ...{ COLDGATE_BATCH_INPUT: 'in/', COLDGATE_BATCH_SUFFIX: '.jsonl', ...more },
    };
    const write = (line: string): void => void app.lines.push(line);
    return withUploads(app.app, { variables, write, limit: 4096 }).handle;
  };
  beforeAll(async () => {
    store.promote(store.publish('tiny', '1.0.0', { model: tinyModel() }));
    app = new TestApp(store.root);
    container = await azuriteContainer();
    handle = open();
  });
  afterAll(async () => {
    await app?.close();
    await container?.remove();
  });

  /** Puts a blob there; returns the event that Event Grid would send. */
  async function put(name: string, content: string, of = container.client.containerName) {
    const { etag } = await container.client.getBlockBlobClient(name).upload(content, Buffer.byteLength(content));
    return {
      eventType: 'Microsoft.Storage.BlobCreated',
      subject: `/blobServices/default/containers/${of}/blobs/${name}`,
      data: {
        eTag: etag?.replaceAll('"', ''),
        url: `https://${account}.blob.core.windows.net/${of}/${encodeURI(name)}`,
      },
    };
  }

  const send = (events: unknown, kind = 'Notification', to = handle): Promise<AppResponse> =>
    to({
      method: 'POST',
      url: '/coldgate/uploads?code=key',
      headers: { get: (name) => (name === 'aeg-event-type' ? kind : null) },
      read: async () => Buffer.from(JSON.stringify(events)),
    });
  const bodyOf = ({ body }: AppResponse): Record<string, unknown>[] =>
    JSON.parse(String(body)) as Record<string, unknown>[];
  const results = async (name: unknown): Promise<Record<string, unknown>[]> => {
    const bytes = await container.client.getBlobClient(String(name)).downloadToBuffer();
    return bytes
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };

  it('are answered line by line, once, under whatever name', async () => {
    const event = await put('in/ä b+c (1).jsonl', '{"inputs":[[1,2]]}\nno json\n{"inputs":[[3,4]]}\n');
    const first = await send([event]);
    expect([first.status, bodyOf(first)]).toMatchObject([200, [{ status: 'written', lines: 3, failed: 1 }]]);
    const { output } = bodyOf(first)[0]!;
    expect(output).toMatch(/^results\/in\/ä b\+c \(1\)\.[0-9A-Fa-f]{12}\.jsonl$/);
    expect(await results(output)).toMatchObject([
      { line: 1, outputs: { y: [[5.5, 1]] }, model: { name: 'tiny', version: '1.0.0' } },
      { line: 2, error: { code: 'bad-json' } },
      { line: 3, model: { version: '1.0.0' } },
    ]);
    expect(bodyOf(await send([event]))).toMatchObject([{ status: 'done-before', output }]);
    expect(app.lines.some((line) => line.includes('"event":"batch"') && line.includes('"written"'))).toBe(true);
  });

  it('have one result, whoever else writes it first, and an event that comes again meanwhile waits for it', async () => {
    const event = await put('in/race.jsonl', '{"inputs":[[1,2]]}\n');
    const others = [open(), open()];
    const answers = await Promise.all([
      send([event]),
      send([event]),
      ...others.map((one) => send([event], undefined, one)),
    ]);
    const statuses = answers.map((one) => bodyOf(one)[0]!['status']);
    expect(statuses[0]).toBe(statuses[1]);
    const written = new Set([statuses[0], statuses[2], statuses[3]]);
    expect([...written].sort()).toEqual(['done-before', 'written']);
    const found: string[] = [];
    for await (const { name } of container.client.listBlobsFlat({ prefix: 'results/in/race.' })) found.push(name);
    expect(found).toHaveLength(1);
  });

  it('that were replaced meanwhile are left to the event of the new one', async () => {
    const before = await put('in/twice.jsonl', '{"inputs":[[1,2]]}\n');
    const after = await put('in/twice.jsonl', '{"inputs":[[3,4]]}\n');
    expect(bodyOf(await send([before, after]))).toMatchObject([{ status: 'replaced' }, { status: 'written' }]);
  });

  it.each([
    ['what lies elsewhere', 'other/a.jsonl'],
    ['what is no JSON Lines', 'in/a.csv'],
    ['a result', 'results/in/a.jsonl'],
  ])('leave %s alone', async (_what, name) => {
    expect(bodyOf(await send([await put(name, '{}')]))).toMatchObject([{ status: 'ignored' }]);
  });

  it('leave other containers alone, and refuse what is no event', async () => {
    const event = await put('in/c.jsonl', '{"inputs":[[1,2]]}\n');
    const elsewhere = { ...event, subject: event.subject.replace(/containers\/[^/]+/, 'containers/other') };
    expect(bodyOf(await send([elsewhere]))).toMatchObject([{ status: 'ignored' }]);
    const foreign = { ...event, data: { ...event.data, url: 'https://other.blob.core.windows.net/x' } };
    expect(bodyOf(await send([foreign]))).toMatchObject([{ status: 'ignored' }]);
    for (const bad of [[{ ...event, eventType: 'Microsoft.Storage.BlobDeleted' }], [], {}, 'text', [{}], null]) {
      expect((await send(bad)).status).toBe(400);
    }
    expect((await send([event], 'Unsubscribe')).status).toBe(400);
  });

  it('have Event Grid know that its events are wanted', async () => {
    const event = { eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent', data: { validationCode: 'A-1' } };
    const answer = await send([event], 'SubscriptionValidation');
    expect([answer.status, JSON.parse(String(answer.body))]).toEqual([200, { validationResponse: 'A-1' }]);
  });

  it('come again while the container may not be read', async () => {
    const event = await put('in/d.jsonl', '{"inputs":[[1,2]]}\n');
    const connection = (server().env['AZURE_STORAGE_CONNECTION_STRING'] ?? '').replace(
      /AccountKey=[^;]+/,
      'AccountKey=b3RoZXI=',
    );
    const denied = await send([event], 'Notification', open({ AZURE_STORAGE_CONNECTION_STRING: connection }));
    expect([denied.status, String(denied.body)]).toEqual([
      503,
      expect.stringContaining('needs blobs/read on azure://'),
    ]);
    expect(bodyOf(await send([event]))).toMatchObject([{ status: 'written' }]);
  });

  it('leave every other request to the application', async () => {
    const request = {
      method: 'GET',
      url: '/v1/health',
      headers: { get: () => null },
      read: async () => Buffer.alloc(0),
    };
    expect((await handle(request)).status).toBe(200);
    expect(withUploads(app.app, { variables: {}, write: () => {}, limit: 4096 })).toBe(app.app);
  });
});
