import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runJson } from '../fakes/registry/command.ts';
import { Project } from '../fixtures/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

it.each([
  ['s3://acme/models', '"Expiration":{"Days":3}'],
  ['gs://acme/models', '"age":3,"isLive":true'],
  ['azure://acme/models', '"daysAfterModificationGreaterThan":3'],
  ['file:store', '-mtime +3 -delete'],
])('results of queues alone expire, below %s', async (store, rule) => {
  const path = project.path('models.yaml');
  const target = '{ provider: local, queue: { keep-days: 3 } }';
  const places = `  production: { store: "${store}", target: ${target} }
  staging: { store: "${store}", pointer: staging.json, target: ${target} }`;
  writeFileSync(path, readFileSync(path, 'utf8').replace(/ {2}local: .*/, places));
  const { document } = await runJson(['doctor', '--environment', 'production', '--suggest'], project.folder);
  const advice = JSON.stringify(document.advice);
  expect(advice).toContain(rule);
  for (const name of ['digits-production', 'digits-staging']) expect(advice).toContain(`_coldgate/async/${name}/`);
});
