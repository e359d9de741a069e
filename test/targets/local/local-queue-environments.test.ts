import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, it, vi } from 'vitest';
import { runCommand } from '../../fakes/processes/runner.ts';
import { Project } from '../../fixtures/project.ts';

/* By the command line, on this machine: what has a queue, and whose it is, where functions share a store. */
const project = new Project();
const environment = (name: string): string =>
  `  ${name}: { store: "file:store", pointer: ${name}.json, target: { provider: local, queue: {} } }`;
afterAll(async () => {
  for (const name of ['local', 'staging']) await runCommand(['destroy', '--environment', name], project.folder);
  await runCommand(['destroy', '--environment', 'local', '--preview', '12'], project.folder);
  project.remove();
});

const json = async (...args: string[]) => {
  const { exit, stdout, stderr } = await runCommand([...args, '--json'], project.folder);
  if (exit !== 0) throw new Error(`${args.join(' ')} ended with ${exit}:\n${stderr}`);
  return JSON.parse(stdout);
};
const post = async (url: string) => {
  const reply = await fetch(`${url}/v1/async`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [[1, 2]] }),
  });
  return { http: reply.status, ...((await reply.json()) as { id?: string; error?: { code: string } }) };
};
const results = (name: string): string[] => {
  const folder = project.path('store', '_coldgate', 'async', name, 'results');
  return existsSync(folder) ? readdirSync(folder).filter((file) => /^[^.]+\.json$/.test(file)) : [];
};

it('each environment has a queue and results of its own; a preview, which is a candidate, has none', async () => {
  const path = project.path('models.yaml');
  const other = `${environment('local').replace('pointer: local.json, ', '')}\n${environment('staging')}`;
  writeFileSync(path, readFileSync(path, 'utf8').replace(/^ {2}local: .*$/m, other));
  const { 'endpoint-url': live } = await json('ship', '--environment', 'local');
  const { 'endpoint-url': staging } = await json('ship', '--environment', 'staging');
  const args = ['--environment', 'local', '--pull-request', '12', '--sha', 'c0ffee1'];
  const { 'endpoint-url': preview } = await json('preview', ...args);
  expect(await post(preview)).toMatchObject({ http: 404, error: { code: 'no-queue' } });
  const [one, another] = [await post(live), await post(staging)];
  await vi.waitFor(() => {
    expect(results('digits-local')).toEqual([`${one.id}.json`]);
    expect(results('digits-staging')).toEqual([`${another.id}.json`]);
  }, 60_000);
  expect(readdirSync(project.path('store', '_coldgate', 'async')).sort()).toEqual(['digits-local', 'digits-staging']);

  await json('destroy', '--environment', 'local', '--preview', '12');
  await json('destroy', '--environment', 'staging');
  expect((await json('status', '--environment', 'local')).queue).toEqual({ waiting: 0, working: 0, dead: 0 });
  expect((await json('status', '--environment', 'staging')).queue).toBeUndefined();
  expect(await post(live)).toMatchObject({ http: 202 });
}, 240_000);
