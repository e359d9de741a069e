import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describePart } from '../emulators/servers.ts';
import { bringPart } from '../handler/bring-part.ts';
import { Client } from './client.ts';
import { type Google, openGoogle } from './google.ts';
import { loadRunClients, type RunClients, runClient } from './run-client.ts';

/*
 * A stand-in that agrees with our driver alone proves little. Google's own client reads every answer with Google's own
 * protocol buffers, waits for operations in its own way, logs in by itself, and its requests are held to the same rules.
 */
describePart('google-cloud-run', await bringPart(runClient), "Google's own client on the stand-in", () => {
  let google: Google;
  let client: Client;
  let services: InstanceType<RunClients['ServicesClient']>;
  let revisions: InstanceType<RunClients['RevisionsClient']>;
  const byRevision = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
  const name = (): string => `${client.parent}/services/digits`;

  beforeAll(async () => {
    google = await openGoogle({ knobs: { looks: 2, pageSize: 1 } });
    client = new Client(google);
    for (const [variable, value] of Object.entries(google.environment)) vi.stubEnv(variable, value);
    const { hostname, port } = new URL(google.urlOf('RUN'));
    const options = { fallback: true, protocol: 'http', apiEndpoint: hostname, port: Number(port) };
    const { ServicesClient, RevisionsClient } = loadRunClients();
    services = new ServicesClient(options);
    revisions = new RevisionsClient(options);
  });
  afterAll(async () => {
    await services?.close();
    await revisions?.close();
    await google?.close();
    vi.unstubAllEnvs();
  });

  const template = (revision: string) => client.template(revision, { healthCheckDisabled: true });
  /** A duration is an object in protocol buffers. */
  const create = async () => {
    const service = {
      template: { ...(await template('digits-one')), timeout: { seconds: 60 } },
      traffic: [{ type: byRevision, revision: 'digits-one', percent: 100 }],
      invokerIamDisabled: true,
      scaling: { minInstanceCount: 0 },
    };
    const [operation] = await services.createService({ parent: client.parent, serviceId: 'digits', service });
    return (await operation.promise())[0];
  };

  it('creates a service, waits for it, and reads all that is said of it', async () => {
    // Its messages are written with names for numbers.
    expect(JSON.parse(JSON.stringify(await create()))).toMatchObject({
      name: name(),
      generation: '1',
      template: { revision: 'digits-one', timeout: { seconds: '60' } },
      terminalCondition: { type: 'Ready', state: 'CONDITION_SUCCEEDED' },
      trafficStatuses: [{ type: byRevision, revision: 'digits-one', percent: 100 }],
    });
    const [service] = await services.getService({ name: name() });
    const answer = await fetch(String(service['uri']));
    expect(answer.status).toBe(200);
  });

  it('gives a revision a tag, pages through lists, and deletes it', async () => {
    const service = {
      name: name(),
      template: await template('digits-two'),
      traffic: [
        { type: byRevision, revision: 'digits-one', percent: 100 },
        { type: byRevision, revision: 'digits-two', tag: 'c-0a1b2c' },
      ],
    };
    const [operation] = await services.updateService({ service, updateMask: { paths: ['template', 'traffic'] } });
    const [updated] = await operation.promise();
    const statuses = updated['trafficStatuses'] as { tag?: string; uri?: string }[];
    const { uri } = statuses.find(({ tag }) => tag === 'c-0a1b2c') ?? {};
    expect(((await (await fetch(String(uri))).json()) as { variables: object }).variables).toMatchObject({
      K_REVISION: 'digits-two',
    });
    const [found] = await revisions.listRevisions({ parent: name() });
    expect(found.map((one) => String(one['name']).split('/').at(-1))).toEqual(['digits-two', 'digits-one']);
    expect((await services.listServices({ parent: client.parent }))[0]).toHaveLength(1);
  });

  it('understands refusals', async () => {
    const refused = (work: Promise<unknown>) =>
      work.then(
        () => 'done',
        ({ code }: { code: number }) => code,
      );
    const [{ etag }] = await services.getService({ name: name() });
    const traffic = [{ type: byRevision, revision: 'digits-one', percent: 100 }];
    const update = async (request: unknown) => {
      const service = { name: name(), etag: request, traffic };
      const [operation] = await services.updateService({ service, updateMask: { paths: ['traffic'] } });
      await operation.promise();
    };
    await update(etag);
    // google.rpc.Code: 10 ABORTED, 6 ALREADY_EXISTS, 5 NOT_FOUND, 9 FAILED_PRECONDITION, 7 PERMISSION_DENIED.
    expect(await refused(update(etag))).toBe(10);
    expect(await refused(create())).toBe(6);
    expect(await refused(services.getService({ name: `${client.parent}/services/none` }))).toBe(5);
    expect(await refused(revisions.deleteRevision({ name: `${name()}/revisions/digits-one` }))).toBe(9);
    google.deny('run.services.get');
    expect(await refused(services.getService({ name: name() }))).toBe(7);
    google.allow('run.services.get');
  });

  it('hears from the operation that a revision does not start', async () => {
    const service = {
      name: name(),
      template: await client.template('digits-bad', {}, { 'main.cjs': 'process.exit(1)' }),
    };
    const [operation] = await services.updateService({ service, updateMask: { paths: ['template'] } });
    await expect(operation.promise()).rejects.toThrow(/failed to start and listen on the port/);
  });

  it('deletes the service', async () => {
    const [operation] = await services.deleteService({ name: name() });
    await operation.promise();
    expect(google.run.services.size).toBe(0);
    expect(google.violations()).toEqual([]);
  });
});
