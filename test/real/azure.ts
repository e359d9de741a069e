import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fields, type GroupReply, RealGroup, web } from './azure-group.ts';

/*
 * What is not proven about Azure, in the order of docs/azure.md: each point says what it expects, if anything is documented, and
 * writes down what it found. Points that measure cannot fail.
 */
const group = new RealGroup();
let path: string;
let url: string;
let headers: Record<string, string>;

beforeAll(async () => {
  group.configure('1.0.0', 1);
  const { ms } = group.run('ship');
  ({ path, url } = await group.site());
  headers = { 'x-functions-key': await group.key(path) };
  group.note(1, { shipMs: ms });
});
afterAll(() => group.close());

const warm = (): Promise<GroupReply> => group.call(`${url}/v1/health?warm=true`, { headers });
const infer = (): Promise<GroupReply> =>
  group.call(`${url}/v1/infer`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [[1, 2]] }),
  });

/** Counts answers by what they are. */
function counted(all: readonly GroupReply[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { status } of all) found[`${status}`] = (found[`${status}`] ?? 0) + 1;
  return found;
}

/** Calls until a revision answers; what came before. */
async function until(revision: string): Promise<{ report: GroupReply; before: GroupReply[]; ms: number }> {
  const before: GroupReply[] = [];
  const from = performance.now();
  while (performance.now() - from < 5 * 60_000) {
    const report = await warm();
    if (report.body['revision'] === revision) return { report, before, ms: Math.round(performance.now() - from) };
    before.push(report);
    await pause(250);
  }
  throw new Error(`${revision} did not answer within five minutes: ${JSON.stringify(counted(before))}`);
}

describe('what is not proven about Azure Functions', () => {
  it('1. the package is published by Entra token, and the function is listed', async () => {
    const functions = await group.arm.list<{ name: string }>(`${path}/functions`, { apiVersion: web });
    const { body } = await warm();
    group.note(1, { functions: functions.map(({ name }) => name), health: body });
    expect(functions.map(({ name }) => name.split('/').at(-1))).toContain('coldgate');
    expect(body['package_digest']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('2. times from a changed setting to its answer, and the spread of starts', async () => {
    const samples: Fields[] = [];
    const settings = await group.settings(path);
    for (let at = 0; at < 10; at++) {
      const revision = `probe-${randomUUID().slice(0, 8)}`;
      const from = performance.now();
      await group.change(path, { ...settings, COLDGATE_REVISION: revision });
      const putMs = Math.round(performance.now() - from);
      const { report, before, ms } = await until(revision);
      const old = before.filter(({ status }) => status === 200).length;
      const { timings, cold_start, init } = report.body;
      samples.push({ putMs, answeredMs: ms, old, others: counted(before), timings, cold_start, init });
    }
    await group.change(path, settings);
    await until(settings['COLDGATE_REVISION'] ?? '');
    group.note(2, { samples });
  });

  it('3. whether a change of tags, or settings as they were, restarts anything', async () => {
    const instance = async (): Promise<unknown> => (await warm()).body['instance_id'];
    const first = await instance();
    const tags = `${path}/providers/Microsoft.Resources/tags/default`;
    const body = { operation: 'Merge', properties: { tags: { 'coldgate-probe': randomUUID() } } };
    await group.arm.send('PATCH', tags, { apiVersion: '2021-04-01', body });
    await pause(20_000);
    const second = await instance();
    await group.change(path, await group.settings(path));
    await pause(20_000);
    group.note(3, { tagsRestart: first !== second, sameSettingsRestart: second !== (await instance()) });
  });

  it('4. four calls at once with 2048 MB', async () => {
    const answers: GroupReply[] = [];
    for (let round = 0; round < 50; round++) answers.push(...(await Promise.all(Array.from({ length: 4 }, infer))));
    const times = answers.map(({ ms }) => ms).sort((a, b) => a - b);
    group.note(4, { answers: counted(answers), p50: times[times.length >> 1], p99: times.at(-2) });
  });

  it('5. what a preflight without a key is answered', async () => {
    const preflight = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    const report = await group.call(`${url}/v1/infer`, { method: 'OPTIONS', headers: preflight });
    const allowed = report.headers.get('access-control-allow-origin');
    const unkeyed = await group.call(`${url}/v1/health`, {});
    group.note(5, { preflight: report.status, allowed, unkeyed: unkeyed.status });
    expect(unkeyed.status).toBe(401);
  });

  it('6. what this identity may do', async () => {
    const permissions = `${group.group}/providers/Microsoft.Authorization/permissions`;
    const found = await group.arm
      .list<Fields>(permissions, { apiVersion: '2022-04-01' })
      .catch((error: unknown) => [{ refused: (error as Error).message }]);
    group.note(6, { permissions: found });
  });

  it('7. API Management in front', async ({ skip }) => {
    const service = process.env['COLDGATE_REAL_AZURE_GATEWAY'];
    if (!service) return skip('COLDGATE_REAL_AZURE_GATEWAY is not set');
    group.configure('1.1.0', 2, [`gateway: { service: ${service} }`]);
    const first = group.run('ship');
    group.configure('1.2.0', 3, [`gateway: { service: ${service} }`]);
    const second = group.run('ship');
    group.note(7, { first, second, back: group.run('rollback') });
  });

  it.each(['recreate', 'rolling'])('8. requests in flight while the app is updated, %s', async (strategy) => {
    const more = [`update-strategy: ${strategy}`, `app-settings: { PROBE: "${strategy}" }`];
    group.configure('1.3.0', 4, more);
    group.run('ship');
    const settings = await group.settings(path);
    const revision = `probe-${randomUUID().slice(0, 8)}`;
    let isOver = false;
    const answers: GroupReply[] = [];
    const callers = Array.from({ length: 4 }, async () => {
      while (!isOver) answers.push(await infer());
    });
    await pause(5000);
    await group.change(path, { ...settings, COLDGATE_REVISION: revision });
    const { ms } = await until(revision);
    await pause(10_000);
    isOver = true;
    await Promise.all(callers);
    await group.change(path, settings);
    group.note(8, { [strategy]: { answers: counted(answers), answeredMs: ms } });
  });

  it('9. tokens are had anew', async () => {
    const scope = group.arm.place.scope;
    const first = await group.credentials.token(scope);
    await pause(15 * 60_000);
    const second = await group.credentials.token(scope, true);
    group.note(9, { renewed: first !== second });
    expect(second.length).toBeGreaterThan(100);
  });

  it('and the whole of it: a model is shipped again, changed, rolled back', async () => {
    group.configure('1.4.0', 5);
    const changed = group.run('ship');
    const again = group.run('ship');
    group.note(10, { changedMs: changed.ms, againMs: again.ms, back: group.run('rollback') });
  });
});
