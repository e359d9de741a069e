import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fields } from '../fakes/clouds/fields.ts';
import { endsWithItsProcess } from '../fakes/clouds/killed-process.ts';
import { allTo, Client, greeter } from './client.ts';
import { type Google, openGoogle } from './google.ts';
import type { Template } from './run/record.ts';

let google: Google;
let client: Client;
beforeEach(async () => {
  google = await openGoogle();
  client = new Client(google);
});
afterEach(() => google.close());

const system = (): string[] =>
  google.logs.entries.flatMap(({ textPayload }) => (textPayload === undefined ? [] : [String(textPayload)]));

/** Deploys one revision with all traffic; the main address. */
async function deployed(more: Template = {}, script = greeter, spec: object = {}): Promise<string> {
  const template = await client.template('digits-one', more, { 'main.cjs': script });
  const body = { template, traffic: allTo('digits-one'), invokerIamDisabled: true, ...spec };
  const { error } = await client.change('POST', `v2/${client.parent}/services?serviceId=digits`, body);
  if (error) throw new Error(JSON.stringify(error));
  return (await client.service('digits')).uri;
}
const greeting = async (uri: string, path = '/'): Promise<Fields> =>
  (await (await fetch(`${uri}${path}`)).json()) as Fields;
const pool = () => [...google.run.services.values()][0]?.revisions.get('digits-one')?.pool;
const off = { healthCheckDisabled: true };

describe('instances', () => {
  it('start at the deployment, for its health check', async () => {
    const uri = await deployed();
    expect(pool()?.started).toBe(1);
    await greeting(uri);
    expect(pool()?.started).toBe(1);
    expect(system()[0]).toMatch(/^Starting new instance\. Reason: DEPLOYMENT_ROLLOUT/);
  });

  it('start at the first request where that check is switched off', async () => {
    const uri = await deployed(off);
    expect(pool()?.started).toBe(0);
    expect((await greeting(uri))['requests']).toBe(1);
    expect((await greeting(uri))['requests']).toBe(2);
    expect(system()).toEqual([
      expect.stringMatching(/^Starting new instance\. Reason: AUTOSCALING/),
      expect.stringMatching(/^Default STARTUP TCP probe succeeded after 1 attempt/),
    ]);
  });

  it('have no CPU between requests', async () => {
    const uri = await deployed(off);
    const before = Number((await greeting(uri))['ticks']);
    await new Promise((resolve) => setTimeout(resolve, 600));
    // It ticks every 10 ms while it runs.
    expect(Number((await greeting(uri))['ticks']) - before).toBeLessThan(30);
  });

  it('have it where the CPU is always allocated', async () => {
    const resources = { limits: { cpu: '1', memory: '512Mi' } };
    const uri = await deployed({ ...off, containers: [{ resources }] });
    const before = Number((await greeting(uri))['ticks']);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(Number((await greeting(uri))['ticks']) - before).toBeGreaterThan(5);
  });

  it.skipIf(process.platform !== 'linux')('are not reached on 127.0.0.1', async () => {
    google.knobs.timeScale = 0.005;
    const env = [{ name: 'HOST', value: '127.0.0.1' }];
    await expect(deployed({ containers: [{ env }] })).rejects.toThrow(/failed to start and listen on the port/);
  });

  it('are no more than the revision may have: a request that gets none waits, and is refused then', async () => {
    google.knobs.queueMs = 50;
    const uri = await deployed({ ...off, scaling: { maxInstanceCount: 1 }, maxInstanceRequestConcurrency: 1 });
    await greeting(uri);
    const slow = fetch(`${uri}/slow/1500`);
    await vi.waitFor(() => expect(pool()?.taken).toBe(1), 60_000);
    expect((await fetch(uri)).status).toBe(429);
    expect((await slow).status).toBe(200);
    google.knobs.queueMs = 10_000;
    const [first, second] = await Promise.all([fetch(`${uri}/slow/200`), fetch(`${uri}/slow/200`)]);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(pool()?.started).toBe(1);
  });

  it('that crash are replaced at the next request', async () => {
    const uri = await deployed(off);
    expect((await fetch(`${uri}/exit`)).status).toBe(503);
    expect((await greeting(uri))['requests']).toBe(1);
    expect(pool()?.started).toBe(2);
  });

  it('that are idle are stopped when the platform likes', async () => {
    const uri = await deployed(off);
    const first = await greeting(uri);
    await google.stopIdle();
    expect(await greeting(uri)).not.toMatchObject({ pid: first['pid'] });
  });

  it('are asked to end before they are ended', async () => {
    const script = `${greeter}\nprocess.once('SIGTERM', () => { console.log('ending'); process.exit(0); });`;
    await greeting(await deployed(off, script));
    await google.stopIdle();
    await vi.waitFor(() => expect(system()).toContain('ending'), 60_000);
  });

  it.skipIf(process.platform === 'win32')('do not outlive a process that is killed', () =>
    endsWithItsProcess(join(import.meta.dirname, 'killed-bench.ts')),
  );

  it('that are kept as a minimum run before a request', async () => {
    await deployed({ ...off, scaling: { minInstanceCount: 2 } });
    expect(pool()?.size).toBe(2);
    const { json } = await client.ask('GET', `v2/${client.parent}/services/digits/revisions/digits-one`);
    expect(json['scalingStatus']).toEqual({ desiredMinInstanceCount: 2 });
  });

  it('that write to their working directory are found out', async () => {
    const uri = await deployed(off);
    await greeting(uri, '/write');
    if (process.getuid?.() !== 0) return expect(google.sources.changes()).toEqual([]);
    const writing = await openGoogle();
    await writing.close();
    expect(google.sources.changes()).toEqual([expect.stringMatching(/^an instance has written to/)]);
    await expect(google.close()).rejects.toThrow(/written to its working directory/);
    google = await openGoogle();
  });

  it('leave what they print in the log', async () => {
    await greeting(await deployed(off));
    const entry = google.logs.entries.find(({ jsonPayload }) => jsonPayload !== undefined);
    expect(entry).toMatchObject({ severity: 'INFO', jsonPayload: { message: 'requests', url: '/' } });
    const body = {
      resourceNames: [`projects/${google.project.id}`],
      filter: 'resource.type="cloud_run_revision" resource.labels.revision_name="digits-one" logName:"varlog%2Fsystem"',
      orderBy: 'timestamp asc',
    };
    const { status, json } = await client.ask('POST', 'v2/entries:list', body, 'LOGGING');
    expect(status).toBe(200);
    expect(json['entries']).toMatchObject([
      { textPayload: /^Starting new instance/, labels: { instanceId: entry?.['labels'] && expect.any(String) } },
      { textPayload: /probe succeeded/ },
    ]);
    google.knobs.logLagMs = 60_000;
    expect((await client.ask('POST', 'v2/entries:list', body, 'LOGGING')).json['entries']).toEqual([]);
  });
});

describe('the front end', () => {
  it('does not know a new tag at once', async () => {
    google.knobs.tagLag = 2;
    await deployed(off);
    const patch = { traffic: allTo('digits-one', { 's-0a1b2c': 'digits-one' }) };
    await client.change('PATCH', `v2/${client.parent}/services/digits?updateMask=traffic`, patch);
    const { trafficStatuses } = (await client.service('digits')) as { trafficStatuses?: Fields[] };
    const uri = String(trafficStatuses?.find(({ tag }) => tag === 's-0a1b2c')?.['uri']);
    const answers = [await fetch(uri), await fetch(uri), await fetch(uri)];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 200]);
    expect(answers[0]?.headers.get('content-type')).toMatch(/^text\/html/);
    expect(pool()?.started).toBe(1);
  });

  it('sends some requests where they went before for a while', async () => {
    google.knobs.trafficLag = 4;
    const uri = await deployed(off);
    const template = await client.template('digits-two', off);
    const patch = { template, traffic: allTo('digits-two') };
    await client.change('PATCH', `v2/${client.parent}/services/digits?updateMask=template,traffic`, patch);
    const revisions: unknown[] = [];
    for (let i = 0; i < 6; i++) revisions.push(((await greeting(uri))['variables'] as Fields)['K_REVISION']);
    expect(revisions.filter((one) => one === 'digits-one')).toHaveLength(2);
    expect(revisions.at(-1)).toBe('digits-two');
  });

  it('ends a request that takes longer than it may', async () => {
    const hanging = `require('node:http').createServer(() => {}).listen(process.env.PORT, '0.0.0.0')`;
    const uri = await deployed({ ...off, timeout: '1s' }, hanging);
    expect((await fetch(uri)).status).toBe(504);
    pool()?.crash();
  });

  it('tells the function who has called, as it does', async () => {
    const { headers } = (await greeting(await deployed(off))) as { headers: Fields };
    expect(headers).toMatchObject({ 'x-forwarded-proto': 'https', 'x-cloud-trace-context': expect.any(String) });
  });
});
