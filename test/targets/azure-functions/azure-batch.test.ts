import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Azure, openAzure } from '../../azure/azure.ts';
import { describeWith } from '../../emulators/servers.ts';
import { runNode, testCache } from '../../fakes/processes/runner.ts';
import { type AzuriteContainer, azuriteContainer } from '../../fakes/stores/azurite.ts';
import { Project } from '../../fixtures/project.ts';

const commandLine = join(import.meta.dirname, '..', '..', 'fakes', 'processes', 'source-cli.ts');

/**
 * The command line ships a model with its tensors in another file and `batch:`; its release has Event Grid tell the live app of uploads,
 * with a key.
 */
describeWith('azurite', 'a batch of an app on Flex Consumption', (server) => {
  const project = new Project();
  let azure: Azure;
  let uploads: AzuriteContainer;
  let url: string;
  let key: string;

  beforeAll(async () => {
    azure = await openAzure({ accounts: ['coldgatetest', 'devstoreaccount1'] });
    const id = azure.identities.create('digits', 'models');
    const owner = azure.context.iam.roleOf('b7e6dc6d-f1e8-4753-8033-0f276bb0955b')!;
    azure.context.iam.grant(azure.identities.find(id)!.oid, owner, azure.context.groupId('models'));
    uploads = await azuriteContainer();
    const { env } = server();
    const store = (await azuriteContainer()).settings;
    // Azurite has no logins, so that functions get what the pipeline has.
    const settings = Object.entries(env).map(([name, value]) => `${name}: "${value}"`);
    const target = [
      `provider: azure-functions, subscription: ${azure.subscription}, resource-group: models, location: westeurope`,
      `storage-account: coldgatetest, identity: "${id}", app-settings: { ${settings.join(', ')} }`,
      `batch: { storage-account: devstoreaccount1, container: ${uploads.client.containerName}, prefix: in/ }`,
    ].join(', ');
    project.release({ outside: true, gate: 'max-samples: 7, discard: 0, min-effect-ms: 2000, on-inconclusive: pass' });
    const path = project.path('models.yaml');
    const environment = `  production: { store: { url: "${store.url}", endpoint: "${store.endpoint}" }, target: { ${target} } }`;
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^ {2}local: .*$/m, environment));
    const run = { COLDGATE_CACHE: testCache, ...env, ...azure.environment };
    const { exit, stderr } = await runNode([commandLine, 'ship', '--json'], project.folder, run);
    expect([exit, exit === 0 ? '' : stderr]).toEqual([0, '']);
    const site = [...azure.web.sites.values()].find(({ tags }) => tags['coldgate-role'] === 'live')!;
    url = `${site.servers.app.url}/coldgate/uploads`;
    key = azure.web.keys.of(site).functionKeys['uploads'] ?? '';
  }, 600_000);
  afterAll(async () => {
    project.remove();
    await uploads?.remove();
    await azure?.close();
  });

  const post = (events: unknown, kind: string, code = key): Promise<Response> =>
    fetch(`${url}?code=${encodeURIComponent(code)}`, {
      method: 'POST',
      headers: { 'aeg-event-type': kind, 'content-type': 'application/json' },
      body: JSON.stringify(events),
    });

  it('answers an upload line by line, beside it, once', async () => {
    const content = '{"inputs":[[1,2]]}\nno json\n';
    const { etag } = await uploads.client.getBlockBlobClient('in/a.jsonl').upload(content, content.length);
    const { containerName } = uploads.client;
    const event = {
      eventType: 'Microsoft.Storage.BlobCreated',
      subject: `/blobServices/default/containers/${containerName}/blobs/in/a.jsonl`,
      data: { eTag: etag, url: `https://devstoreaccount1.blob.core.windows.net/${containerName}/in/a.jsonl` },
    };
    const [answer, ...others] = await azure.events.deliver('devstoreaccount1', event);
    if (!answer || others.length > 0) throw new Error('Event Grid tells one app, once');
    const [result] = (await answer.json()) as Record<string, unknown>[];
    expect([answer.status, result]).toMatchObject([200, { status: 'written', lines: 2, failed: 1 }]);
    const written = await uploads.client.getBlobClient(String(result!['output'])).downloadToBuffer();
    expect(JSON.parse(written.toString().split('\n')[0] ?? '')).toMatchObject({ line: 1, outputs: { y: [[5.5, 1]] } });
    expect(await (await post([event], 'Notification')).json()).toMatchObject([{ status: 'done-before' }]);
    const elsewhere = { ...event, subject: event.subject.replace('/in/', '/out/') };
    expect(await azure.events.deliver('devstoreaccount1', elsewhere)).toEqual([]);
  });

  it('takes events with a key alone, and has Event Grid know that they are wanted', async () => {
    const event = { eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent', data: { validationCode: 'A-1' } };
    const wanted = await post([event], 'SubscriptionValidation');
    expect([wanted.status, await wanted.json()]).toEqual([200, { validationResponse: 'A-1' }]);
    expect((await post([event], 'SubscriptionValidation', 'another')).status).toBe(401);
  });
});
