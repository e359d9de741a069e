import { execFileSync } from 'node:child_process';
import { createHmac, createVerify } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { awsCommand } from '../../bench/aws-cli.ts';
import { describeWith, useServer } from '../emulators/servers.ts';
import { runJson, runSource } from '../fakes/registry/command.ts';
import { s3Bucket, s3Environment } from '../fakes/stores/s3-bucket.ts';
import { Project } from '../fixtures/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

/** Production and staging in one store, each with its pointer. */
function useStore(store: object | string): void {
  const path = project.path('models.yaml');
  const text = JSON.stringify(store);
  const places = `  production: { store: ${text}, target: { provider: local } }
  staging: { store: ${text}, pointer: staging.json, target: { provider: local } }`;
  writeFileSync(path, readFileSync(path, 'utf8').replace(/ {2}local: .*/, places));
}

/** The script for the first environment. */
async function suggest(...more: string[]): Promise<string> {
  const which = readFileSync(project.path('models.yaml'), 'utf8').includes('production:') ? 'production' : 'local';
  const { exit, stdout, stderr } = await runSource(
    ['doctor', '--environment', which, '--suggest', ...more],
    project.folder,
  );
  expect([exit, stderr]).toEqual([0, expect.stringContaining('set up, as commands')]);
  return stdout;
}

/** A program of that name for the script to find: its calls are written down, one a line. */
function standIn(name: string, body: string): void {
  const folder = project.path('bin');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, name), 0o755);
}

function runScript(script: string, env: Record<string, string> = {}): void {
  writeFileSync(project.path('setup.sh'), script);
  const path = `${project.path('bin')}${delimiter}${process.env['PATH']}`;
  execFileSync('sh', ['-eu', 'setup.sh'], {
    cwd: project.folder,
    env: { ...process.env, ...env, PATH: path },
    stdio: 'pipe',
  });
}

const recording = (): string[] => readFileSync(project.path('calls'), 'utf8').trim().split('\n');
const paper = (file: string) => JSON.parse(readFileSync(project.path(file), 'utf8'));

/** No rule may put what is current where it cannot be read at once. */
const archives = /GLACIER|ARCHIVE|tierToArchive/i;

describeWith('moto', 'the suggestions for S3', () => {
  s3Environment('moto');
  beforeAll(awsCommand, 600_000);

  it('are commands that set a bucket up, run as they are by the AWS CLI', async () => {
    const { settings, bucket, client } = await s3Bucket('moto');
    useStore(settings);
    const [program, ...words] = await awsCommand();
    standIn('aws', `exec '${program}' ${words.join(' ')} "$@"`);
    runScript(await suggest(), (await useServer('moto')).env);

    const of = { Bucket: bucket };
    expect((await client.send(new GetBucketVersioningCommand(of))).Status).toBe('Enabled');
    const { PublicAccessBlockConfiguration } = await client.send(new GetPublicAccessBlockCommand(of));
    expect(Object.values(PublicAccessBlockConfiguration!)).toEqual([true, true, true, true]);
    const { OwnershipControls } = await client.send(new GetBucketOwnershipControlsCommand(of));
    expect(OwnershipControls?.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);

    const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand(of));
    expect(Rules).toMatchObject([
      { Filter: { Prefix: 'models/digits/versions/' }, Transitions: [{ Days: 90, StorageClass: 'STANDARD_IA' }] },
      { Filter: { Prefix: 'models/' }, NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
    ]);
    expect(Rules?.map(({ Expiration }) => Expiration?.Days)).toEqual([undefined, undefined]);
    expect(JSON.stringify(Rules)).not.toMatch(archives);
    expect(JSON.parse((await client.send(new GetBucketPolicyCommand(of))).Policy!)).toEqual(
      paper('coldgate-bucket-policy.json'),
    );
  });

  it('demand a condition of each write, by the names of pointers and files', async () => {
    useStore('s3://acme-models/models');
    const { document } = await runJson(['doctor', '--environment', 'production', '--suggest'], project.folder);
    const policy = document.advice.find(({ name }: { name: string }) => name === 'conditional-writes').files[0].content;
    const [transport, versions, pointers] = policy.Statement;
    expect(transport.Condition).toEqual({ Bool: { 'aws:SecureTransport': 'false' } });
    const inModels = (names: string[]) => names.map((name) => `arn:aws:s3:::acme-models/models/*/${name}`);
    const files = ['manifest.json', 'artifacts/*', 'model.onnx', 'sample.json'];
    expect(versions).toMatchObject({
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: inModels(files.map((file) => `versions/*/${file}`)),
      Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
    });
    expect(pointers.Resource).toEqual(
      expect.arrayContaining(inModels(['current.json', 'staging.json', 'versions/*/.tombstone'])),
    );
    expect(pointers.Condition.Null).toEqual({ 's3:if-none-match': 'true', 's3:if-match': 'true' });
  });

  it('speak of no other keys in a bucket that is shared, and leave Object Lock to be asked for', async () => {
    useStore({ url: 's3://shared', region: 'cn-north-1' });
    standIn('aws', 'echo "$@" >> calls');
    runScript(await suggest('--cold-after', '10', '--keep', '7'));
    const { Rules } = paper('coldgate-lifecycle.json');
    expect(Rules.map(({ Filter }: { Filter: { Prefix: string } }) => Filter.Prefix)).toEqual([
      'digits/versions/',
      'digits/',
      '_coldgate/',
    ]);
    // The class is not to be had for younger ones.
    expect([Rules[0].Transitions[0].Days, Rules[1].NoncurrentVersionExpiration.NoncurrentDays]).toEqual([30, 7]);
    const resources = paper('coldgate-bucket-policy.json')
      .Statement.slice(1)
      .flatMap((s: { Resource: string[] }) => s.Resource);
    expect(resources.filter((arn: string) => !arn.startsWith('arn:aws-cn:s3:::shared/digits/'))).toEqual([]);
    expect(recording().every((call) => call.includes('--bucket shared --region cn-north-1'))).toBe(true);
    expect(recording().join('\n')).not.toContain('object-lock');
  });
});

/** Has the AWS CLI check what it is given without a request, and answers with ids. Its own sample of a distribution is none. */
const checking = (command: string): string => `case "$1 $2" in
"cloudfront create-"*) said=$(${command} "$@" --generate-cli-skeleton output 2>&1) || case "$said" in
  *"parameter Distribution."*) ;; *) echo "$said" >&2; exit 1 ;; esac ;; esac
case "$2" in
create-origin-access-control) echo E1OAC ;; create-cache-policy) echo p-1 ;; create-distribution) echo E1DIST ;;
get-caller-identity) echo 123456789012 ;; get-distribution) echo d1.cloudfront.net ;; esac`;

describeWith('moto', 'the suggestions for a CDN', () => {
  beforeAll(awsCommand, 600_000);

  it('of S3 set up CloudFront with an origin of its own, which reads versions and nothing else', async () => {
    useStore({ url: 's3://acme-models/models', region: 'eu-west-1', 'read-url': 'https://cdn.acme.example' });
    const [program, ...words] = await awsCommand();
    standIn('aws', checking(`'${program}' ${words.join(' ')}`));
    runScript(await suggest(), { AWS_DEFAULT_REGION: 'eu-west-1' });
    expect(paper('coldgate-distribution.json')).toMatchObject({
      Origins: { Items: [{ OriginPath: '/models', OriginAccessControlId: 'E1OAC' }] },
      DefaultCacheBehavior: { CachePolicyId: 'p-1', ViewerProtocolPolicy: 'https-only', Compress: false },
    });
    const [statement] = paper('coldgate-bucket-policy.json').Statement.slice(-1);
    expect(statement).toMatchObject({
      Effect: 'Allow',
      Resource: ['arn:aws:s3:::acme-models/models/digits/versions/*'],
      Condition: {
        StringEquals: { 'aws:SourceArn': 'arn:aws:cloudfront::123456789012:distribution/E1DIST' },
      },
    });
  });
});

describe('the suggestions for a CDN', () => {
  /** The query of read-url that the script prints. */
  function printedQuery(script: string): URLSearchParams {
    writeFileSync(project.path('setup.sh'), script);
    const path = `${project.path('bin')}${delimiter}${process.env['PATH']}`;
    const env = { ...process.env, PATH: path };
    const output = execFileSync('sh', ['-eu', 'setup.sh'], { cwd: project.folder, env, encoding: 'utf8' });
    return new URLSearchParams(/^READ_URL_QUERY=(.*)$/m.exec(output)?.[1]);
  }

  it('of Google sign all below the host by a key that stays here', async () => {
    useStore({ url: 'gs://acme-models/models', 'read-url': 'https://cdn.acme.example/models' });
    standIn('gcloud', 'echo "$@" >> calls; case "$*" in *"format="*) echo 42;; *" describe "*) exit 1;; esac');
    const query = printedQuery(await suggest());
    expect(Buffer.from(query.get('URLPrefix')!, 'base64url').toString()).toBe('https://cdn.acme.example/');
    const key = Buffer.from(readFileSync(project.path('coldgate-cdn.key'), 'utf8').trim(), 'base64url');
    const signed = query
      .toString()
      .replace(/&Signature=.*/, '')
      .replaceAll('%3D', '=');
    expect(query.get('Signature')?.replace(/=$/, '')).toBe(createHmac('sha1', key).update(signed).digest('base64url'));
    const calls = recording().join('\n');
    expect(calls).toContain('backend-buckets add-signed-url-key coldgate-acme-models-models');
    expect(calls).toContain(
      'resource.name.startsWith("projects/_/buckets/acme-models/objects/models/digits/versions/")',
    );
    expect(calls).toContain('service-42@cloud-cdn-fill.iam.gserviceaccount.com');
  });

  it('of S3 sign all versions, where one takes the marks away', async () => {
    useStore({ url: 's3://acme-models/models', 'read-url': 'https://cdn.acme.example' });
    standIn('aws', 'case "$*" in *create-public-key*) echo K1;; *get-public-key*) cat coldgate-cdn.pub;; esac');
    const script = (await suggest()).split('--- cdn-signed-urls')[1]!.split('# --- ')[0]!;
    const query = printedQuery(script.replace(/^.*\n# .*\n/, '').replaceAll(/^#: /gm, ''));
    const plain = (text: string | null) =>
      Buffer.from((text ?? '').replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/'), 'base64');
    const policy = plain(query.get('Policy'));
    expect(JSON.parse(policy.toString())).toMatchObject({ Statement: [{ Resource: 'https://cdn.acme.example/*' }] });
    const key = readFileSync(project.path('coldgate-cdn.pub'));
    expect(
      createVerify('sha1')
        .update(policy)
        .verify(key, plain(query.get('Signature'))),
    ).toBe(true);
    expect(query.get('Key-Pair-Id')).toBe('K1');
  });

  it('of Azure let versions pass, read by the identity of Front Door', async () => {
    useStore({ url: 'azure://acmemodels/models/prod', 'read-url': 'https://cdn.acme.example/prod' });
    standIn(
      'az',
      'echo "$@" >> calls; case "$*" in *"resourceGroup"*) echo rg-models;; "afd "*--query*) echo shown;; "afd "*" show "*) exit 1;; *" show "*) echo shown;; esac',
    );
    runScript(await suggest());
    const calls = recording().filter((call) => / afd |role assignment/.test(` ${call}`));
    expect(calls.find((call) => call.includes('route create'))).toContain(
      '--origin-path /models --patterns-to-match /prod/digits/versions/*',
    );
    expect(calls.at(-2)).toContain('Storage Blob Data Reader');
  });
});

describe('the suggestions for Google Cloud Storage', () => {
  it('are calls of gcloud with a lifecycle that archives and deletes nothing live', async () => {
    useStore('gs://acme-models/models');
    standIn('gcloud', 'echo "$@" >> calls');
    runScript(await suggest());
    const update = 'storage buckets update gs://acme-models';
    expect(recording()).toEqual([
      `${update} --uniform-bucket-level-access --public-access-prevention`,
      `${update} --versioning`,
      `${update} --lifecycle-file=coldgate-lifecycle.json`,
      `${update} --soft-delete-duration=30d`,
    ]);
    expect(paper('coldgate-lifecycle.json').lifecycle.rule).toEqual([
      {
        action: { type: 'SetStorageClass', storageClass: 'NEARLINE' },
        condition: {
          age: 90,
          isLive: true,
          matchesStorageClass: ['STANDARD'],
          matchesPrefix: ['models/digits/versions/'],
        },
      },
      {
        action: { type: 'Delete' },
        condition: { daysSinceNoncurrentTime: 30, isLive: false, matchesPrefix: ['models/'] },
      },
    ]);
  });
});

describe('the suggestions for Azure', () => {
  it('are calls of az in the group that the account is in', async () => {
    useStore('azure://acmemodels/models/prod');
    standIn('az', 'echo "$@" >> calls; case "$*" in *"--query resourceGroup"*) echo rg-models;; esac');
    runScript(await suggest());
    const of = '--account-name acmemodels --resource-group rg-models';
    const keep = '--enable-container-delete-retention true --container-delete-retention-days 30';
    expect(recording()).toEqual([
      'storage account show --name acmemodels --query resourceGroup --output tsv',
      'storage account update --name acmemodels --resource-group rg-models --allow-blob-public-access false --allow-shared-key-access false --https-only true --min-tls-version TLS1_2',
      `storage account blob-service-properties update ${of} --enable-versioning true`,
      `storage account management-policy create ${of} --policy @coldgate-lifecycle.json`,
      `storage account blob-service-properties update ${of} --enable-delete-retention true --delete-retention-days 30 ${keep}`,
    ]);
    const { rules } = paper('coldgate-lifecycle.json');
    expect(rules.map((rule: { definition: { filters: object } }) => rule.definition.filters)).toEqual([
      { blobTypes: ['blockBlob'], prefixMatch: ['models/prod/digits/versions/'] },
      { blobTypes: ['blockBlob'], prefixMatch: ['models/prod/'] },
    ]);
    expect(JSON.stringify(rules)).not.toMatch(archives);
  });
});

describe('the suggestions for a folder', () => {
  it('keep it to its owner', async () => {
    runScript(await suggest());
    expect(statSync(project.path('store')).mode & 0o007).toBe(0);
    expect((await runJson(['doctor', '--suggest'], project.folder)).document).toMatchObject({
      ok: true,
      environment: 'local',
      advice: [{ name: 'private-access', optional: false }],
    });
  });
});
