import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findVerb } from '../../src/catalog.ts';
import { readInputs } from '../../src/inputs.ts';
import { cloudRun, gatewayRun, iamYaml, imageRun, run } from '../fixtures/iam-config.ts';
import { contextIn } from '../gate/context.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coldgate-project-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The script that `doctor --suggest` prints for production. */
async function scriptFor(target: string): Promise<string> {
  writeFileSync(join(folder, 'models.yaml'), iamYaml({ store: 'gs://acme-models/models', target }));
  const verb = findVerb('doctor')!;
  const values: Record<string, unknown> = readInputs(
    verb.inputs,
    { environment: ['production'], suggest: ['true'] },
    (name) => `--${name}`,
  );
  const { text } = await verb.run(values, contextIn(folder));
  return text ?? '';
}

/** Calls of gcloud that the script makes, with what `exists` says is there already. */
async function callsOf(target: string, exists = false): Promise<string[]> {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const answer = `case "$*" in *projectNumber*) echo 123456789012;; *" describe "*) exit ${exists ? 0 : 1};; esac`;
  writeFileSync(join(bin, 'gcloud'), `#!/bin/sh\necho "$@" >> calls\n${answer}\n`);
  chmodSync(join(bin, 'gcloud'), 0o755);
  writeFileSync(join(folder, 'setup.sh'), await scriptFor(target));
  const env = { ...process.env, REPOSITORY: 'acme/models', PATH: `${bin}${delimiter}${process.env['PATH']}` };
  execFileSync('sh', ['-eu', 'setup.sh'], { cwd: folder, env, stdio: 'pipe' });
  return readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
}

const enabled = (calls: readonly string[]): string[] =>
  calls
    .filter((call) => call.startsWith('services enable'))
    .flatMap((call) => call.match(/[\w]+(?=\.googleapis\.com)/g) ?? []);

describe('the set-up of a project on Google Cloud', () => {
  it('switches on what functions need, and no more', async () => {
    expect(enabled(await callsOf(run))).toEqual([
      ...['run', 'storage', 'iam', 'iamcredentials', 'sts', 'logging', 'cloudresourcemanager', 'serviceusage'],
    ]);
  });

  it('switches on what images and keys need', async () => {
    expect(enabled(await callsOf(imageRun))).toEqual(expect.arrayContaining(['artifactregistry', 'cloudkms']));
  });

  it('makes buckets in the region of the functions, before they are set up', async () => {
    const calls = await callsOf(gatewayRun);
    const made = calls.filter((call) => call.startsWith('storage buckets create'));
    expect(made.map((call) => /create (\S+) .*--location=(\S+)/.exec(call)?.slice(1))).toEqual([
      ['gs://acme-models', 'europe-west1'],
      ['gs://acme-uploads', 'europe-west1'],
    ]);
    const first = (text: string) => calls.findIndex((call) => call.startsWith(text));
    expect(first('storage buckets create')).toBeLessThan(first('storage buckets update'));
    expect(first('services enable')).toBe(0);
  });

  it('leaves buckets and repositories that are there alone', async () => {
    const calls = await callsOf(imageRun, true);
    expect(calls.filter((call) => /buckets create|repositories create/.test(call))).toEqual([]);
  });

  it('makes a repository for images that Cloud Run reads, with its keys', async () => {
    const calls = await callsOf(imageRun);
    const where = 'coldgate --location=europe-west1 --project=acme-prod';
    const agent = '--member=serviceAccount:service-123456789012@serverless-robot-prod.iam.gserviceaccount.com';
    expect(calls).toContain(`artifacts repositories create ${where} --repository-format=docker`);
    expect(calls).toContain(
      `artifacts repositories add-iam-policy-binding ${where} ${agent} --role=roles/artifactregistry.reader`,
    );
    expect(calls.filter((call) => call.startsWith('kms keys'))).toEqual([
      expect.stringContaining(`${agent} --role=roles/cloudkms.cryptoKeyEncrypterDecrypter`),
    ]);
  });

  it('lets Cloud Run read archives, and nothing else in the bucket', async () => {
    const calls = await callsOf(cloudRun('upload-bucket: elsewhere'));
    const bound = calls.filter((call) => call.includes('roles/storage.objectViewer'));
    expect(bound).toHaveLength(1);
    expect(bound[0]).toContain('gs://elsewhere --member=serviceAccount:service-123456789012@');
    expect(JSON.parse(readFileSync(join(folder, 'coldgate-packages.json'), 'utf8'))).toMatchObject({
      expression: 'resource.name.startsWith("projects/_/buckets/elsewhere/objects/coldgate/packages/")',
    });
  });

  it('makes accounts for functions, gateways and jobs, and takes tokens of one repository', async () => {
    const calls = await callsOf(gatewayRun);
    const made = calls.flatMap((call) => /^iam service-accounts create (\S+)/.exec(call)?.[1] ?? []);
    expect(made).toEqual(['digits', 'edge', 'coldgate-pipeline-production', 'coldgate-preview-production']);
    expect(calls.find((call) => call.includes('providers create-oidc'))).toContain(
      "--attribute-condition=assertion.repository == 'acme/models'",
    );
  });

  it('leaves what needs the API to be run after the first promotion', async () => {
    const script = await scriptFor(gatewayRun);
    expect(script).toContain('#: gcloud services enable "$SERVICE" --project="$PROJECT"');
    expect(script).toContain('#: SERVICE="$(gcloud api-gateway apis describe digits-production ');
  });

  it('lets Cloud Storage hand uploads of a batch on, for the trigger that a release makes', async () => {
    const calls = await callsOf(cloudRun('batch: { bucket: acme-batches }'));
    expect(calls.find((call) => call.includes('roles/pubsub.publisher'))).toMatch(/^projects add-iam-policy-binding /);
    expect(calls.find((call) => call.startsWith('services enable'))).toMatch(/eventarc\S+ pubsub/);
    expect(calls.join('\n')).not.toContain('triggers create');
  });

  it('lets Pub/Sub’s own account put dead messages aside and sign its pushes, for the queue that a release makes', async () => {
    const calls = await callsOf(cloudRun('queue: {}'));
    const agent = calls.filter((call) => call.includes('@gcp-sa-pubsub.iam.gserviceaccount.com'));
    expect(agent.map((call) => /--role=(\S+)/.exec(call)?.[1])).toEqual([
      ...['roles/pubsub.publisher', 'roles/pubsub.subscriber', 'roles/iam.serviceAccountOpenIdTokenCreator'],
    ]);
    expect(calls.find((call) => call.startsWith('services enable'))).toContain('pubsub.googleapis.com');
    expect(calls.join('\n')).not.toContain('eventarc');
  });

  it('says nothing of projects where no function is on Cloud Run', async () => {
    expect(await scriptFor('{ provider: local }')).not.toContain('services enable');
  });
});
