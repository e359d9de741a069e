import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runNode, testCache } from '../../fakes/processes/runner.ts';
import { Project } from '../../fixtures/project.ts';
import { type Google, openGoogle } from '../../google/google.ts';

const commandLine = join(import.meta.dirname, '..', '..', 'fakes', 'processes', 'source-cli.ts');

/** A function on Cloud Run, from the real archive, that is sent the event of an upload as Eventarc sends it. */
let google: Google;
const project = new Project();

beforeAll(async () => {
  google = await openGoogle({ buckets: ['models', 'batch'] });
  const { id } = google.project;
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

it('answers a file of JSON Lines beside it, once', async () => {
  const upload = `${google.urlOf('STORAGE')}/upload/storage/v1/b/batch/o?uploadType=media&name=in/a.jsonl`;
  const stored: unknown = await (await fetch(upload, { method: 'POST', body: '{"inputs":[[1,2]]}\n' })).json();
  const [service] = google.run.services.values();
  const { uri } = service as { uri: string };
  const { iam, now } = google.world;
  const trigger = `digits@${google.project.id}.iam.gserviceaccount.com`;
  iam.grant(trigger, ['run.routes.invoke'], '*', 0);
  const send = () =>
    fetch(`${uri}/coldgate/uploads`, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${iam.idToken(trigger, uri, now())}`, 'content-type': 'application/json' },
        ...{ 'ce-type': 'google.cloud.storage.object.v1.finalized', 'ce-id': '1', 'ce-specversion': '1.0' },
      },
      body: JSON.stringify(stored),
    });
  const first = (await (await send()).json()) as Record<string, unknown>;
  expect(first).toMatchObject({ status: 'written', lines: 1, failed: 0 });
  expect(await (await send()).json()).toMatchObject({ status: 'done-before', output: first['output'] });
  const results = google.buckets.all('batch').get(String(first['output']))?.bytes.toString() ?? '';
  expect(JSON.parse(results)).toMatchObject({ line: 1, model: { name: 'digits', version: '1.0.0' } });
});
