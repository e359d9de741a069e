import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runNode, testCache } from '../../fakes/processes/runner.ts';
import { Project } from '../../fixtures/project.ts';
import { type Google, openGoogle } from '../../google/google.ts';

const commandLine = join(import.meta.dirname, '..', '..', 'fakes', 'processes', 'source-cli.ts');

/** A function on Cloud Run, from the real archive, its model with tensors in another file, that Eventarc tells of uploads by the trigger that the release has made. */
let google: Google;
const project = new Project();

beforeAll(async () => {
  google = await openGoogle({ buckets: ['models', 'batch'] });
  const { id } = google.project;
  project.release({ outside: true });
  const path = project.path('models.yaml');
  // The stand-in's bucket in place of Google's: there is no metadata server here to give a token.
  const variables = `environment-variables: { STORAGE_EMULATOR_HOST: "${google.urlOf('STORAGE')}" }`;
  const target = `{ provider: google-cloud-run, project: ${id}, region: europe-west1, service-account: "digits@${id}.iam.gserviceaccount.com", batch: { bucket: batch, prefix: in/ }, ${variables} }`;
  const store = `{ url: "gs://models/m", endpoint: "${google.urlOf('STORAGE')}" }`;
  const yaml = readFileSync(path, 'utf8').replace(
    /^ {2}local: .*$/m,
    `  production: { store: ${store}, target: ${target} }`,
  );
  writeFileSync(path, yaml);
  for (const verb of ['publish', 'deploy', 'promote']) {
    const env = { COLDGATE_CACHE: testCache, ...google.environment };
    const { exit, stderr } = await runNode([commandLine, verb], project.folder, env);
    expect([verb, exit, stderr]).toEqual([verb, 0, expect.any(String)]);
  }
});
afterAll(async () => {
  await google.close();
  project.remove();
});

const environment = { COLDGATE_CACHE: testCache };
const upload = async (name: string, body: string) => {
  const url = `${google.urlOf('STORAGE')}/upload/storage/v1/b/batch/o?uploadType=media&name=${name}`;
  await fetch(url, { method: 'POST', body });
};

it('answers a file of JSON Lines that is uploaded beside it, once', async () => {
  const account = `digits@${google.project.id}.iam.gserviceaccount.com`;
  google.context.iam.grant(account, ['run.routes.invoke', 'eventarc.events.receiveEvent'], '*', 0);
  await upload('in/a.jsonl', '{"inputs":[[1,2]]}\n');
  const [first] = await google.eventarc.deliveries();
  expect(first).toMatchObject({ status: 200, body: { status: 'written', lines: 1, failed: 0 } });
  const { output } = (first?.body ?? {}) as { output: string };
  const results = google.buckets.all('batch').get(output)?.bytes.toString() ?? '';
  const answer = { line: 1, outputs: { y: [[5.5, 1]] }, model: { name: 'digits', version: '1.0.0' } };
  expect(JSON.parse(results)).toMatchObject(answer);
  // The results are uploads too, and so is what is of no interest: they are told of, and left alone.
  await upload('elsewhere/b.jsonl', '{"inputs":[[1,2]]}\n');
  for (const { status, body } of await google.eventarc.deliveries())
    expect([status, body]).toEqual([200, expect.objectContaining({ status: 'ignored' })]);
  await upload('in/a.jsonl', '{"inputs":[[1,2]]}\n');
  expect((await google.eventarc.deliveries()).length).toBeGreaterThan(0);
});

it('is told of no upload any more once the function is gone', async () => {
  const env = { ...environment, ...google.environment };
  const planned = await runNode([commandLine, 'destroy', '--dry-run', '--json'], project.folder, env);
  expect(planned.stdout).toContain('the Eventarc trigger europe-west1/digits-production-');
  const { exit, stderr } = await runNode([commandLine, 'destroy'], project.folder, env);
  expect([exit, stderr]).toEqual([0, expect.stringContaining('Eventarc trigger')]);
  expect([...google.eventarc.triggers.keys()]).toEqual([]);
});
