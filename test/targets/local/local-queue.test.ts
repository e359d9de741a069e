import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { QueueSettings } from '../../../src/config/schema/queue.ts';
import type { Logger } from '../../../src/log.ts';
import { silentLogger } from '../../../src/log.ts';
import type { PackageFile } from '../../../src/package/package-file.ts';
import type { Target } from '../../../src/rollout/target.ts';
import { openTarget } from '../../../src/targets/open.ts';
import { realPackages } from '../../fakes/targets/packages.ts';
import { TargetStore } from '../../fakes/targets/store.ts';
import { tinyModel } from '../../fixtures/onnx.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coldgate-local-queue-')));
const stateDir = join(folder, 'state');
const store = new TargetStore(join(folder, 'store'), 'digits');
const version = store.add('1.0.0', tinyModel(), { inputs: { x: [[1, 2]] }, outputs: { y: [[5.5, 1]] } }, ['batch', 2]);
const settings = {
  ...{ name: 'digits-local', model: 'digits' },
  storeVariables: { MODEL_STORE: 'file', MODEL_PREFIX: store.root },
  handlerVariables: { MODEL_REFRESH_SECONDS: '1', COLDGATE_MODELS: 'digits' },
};
const warnings: string[] = [];
const log: Logger = { ...silentLogger, warn: (text) => void warnings.push(text) };
const queue: QueueSettings = { maxConcurrency: 2, attempts: 5, keepDays: 7 };
let pkg: PackageFile;

const open = (given?: QueueSettings): Promise<Target> => {
  const deps = { log, stateDir, now: () => new Date(), signal: new AbortController().signal };
  return openTarget({ provider: 'local', ...(given && { queue: given }) }, deps);
};
beforeAll(async () => {
  [pkg] = await realPackages(folder);
  store.point('1.0.0');
});
afterAll(async () => {
  await (await open()).remove({ name: settings.name }, 'all');
  rmSync(folder, { recursive: true, force: true });
});

const deploy = async (target: Target, role: 'live' | 'candidate') => {
  const request = { settings, package: pkg, role, ...version };
  return role === 'live' ? target.route(request) : target.deploy(request);
};
const post = (url: string): Promise<Response> =>
  fetch(`${url}/v1/async`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [[1, 2]] }),
  });

/** Asks until there is a result. */
async function resultOf(url: string, id: string): Promise<Record<string, unknown>> {
  for (;;) {
    const answer = await fetch(`${url}/v1/async/${id}`);
    if (answer.status === 200) return (await answer.json()) as Record<string, unknown>;
    if (answer.status !== 202) throw new Error(await answer.text());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const inQueue = (state: string): string[] => readdirSync(join(stateDir, settings.name, 'queue', state));

it('what is live does the work of its queue, candidates have none, and a message outlives a change of what is live', async () => {
  const target = await open(queue);
  const { revision } = await deploy(target, 'live');
  const { revision: candidate } = await deploy(target, 'candidate');
  expect((await post(candidate.url)).status).toBe(404);
  const { id } = (await (await post(revision.url)).json()) as { id: string };
  const result = await resultOf(revision.url, id);
  expect(result).toMatchObject({ id, model: 'digits', status: 'done', answer: { outputs: { y: [[5.5, 1]] } } });
  const kept = join(store.root, '_coldgate/async/digits-local/results', `${id}.json`);
  expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual(result);
  expect((await deploy(target, 'live')).changed).toBe(false);

  // Nobody may work: messages wait until another revision is live.
  writeFileSync(join(stateDir, settings.name, 'queue/live'), 'another');
  const { id: second } = (await (await post(revision.url)).json()) as { id: string };
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await target.describe({ name: settings.name })).queue).toEqual({ waiting: 1, working: 0, dead: 0 });
  const changed = await open({ ...queue, attempts: 6 });
  const { revision: next } = await deploy(changed, 'live');
  expect(next.id).not.toBe(revision.id);
  expect(await resultOf(next.url, second)).toMatchObject({ status: 'done' });
}, 120_000);

it('a queue that is taken out stays as long as there are messages, and goes with the function', async () => {
  const target = await open(queue);
  const { revision } = await deploy(target, 'live');
  writeFileSync(join(stateDir, settings.name, 'queue/live'), 'another');
  await post(revision.url);
  expect(inQueue('ready')).toHaveLength(1);
  const without = await open();
  const { revision: plain } = await deploy(without, 'live');
  expect([warnings.length, inQueue('ready').length, (await post(plain.url)).status]).toEqual([1, 1, 404]);
  expect(warnings[0]).toContain('1 messages');
  const what = 'the queue of digits-local with 1 messages';
  expect(await without.besides?.(settings)).toEqual([{ action: 'delete', what }]);
  rmSync(join(stateDir, settings.name, 'queue/ready', inQueue('ready')[0] ?? ''));
  expect((await deploy(without, 'live')).changed).toBe(true);
  expect((await without.describe({ name: settings.name })).queue).toBeUndefined();
}, 120_000);
