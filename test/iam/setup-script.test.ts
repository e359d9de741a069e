import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { awsCommand } from '../../bench/aws-cli.ts';
import { policyOf, type Statement } from '../../src/iam/aws/policy.ts';
import { describeWith } from '../emulators/servers.ts';
import { iamYaml, lambda, wholeLambda } from '../fixtures/iam-config.ts';
import { iamOf, policiesOf, policySetsOf, trustOf } from './printed.ts';

const everything: Statement = { Sid: 'All', Effect: 'Allow', Action: ['s3:*'], Resource: ['*'] };

describeWith('moto', 'the script for AWS, run by AWS’s own command line', (server) => {
  const folder = mkdtempSync(join(tmpdir(), 'coldgate-setup-'));
  let path = '';
  beforeAll(async () => {
    const [program, ...words] = await awsCommand();
    path = join(folder, 'bin');
    mkdirSync(path);
    writeFileSync(join(path, 'aws'), `#!/bin/sh\nexec '${program}' ${words.join(' ')} "$@"\n`, { mode: 0o755 });
  }, 600_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function shell(script: string): void {
    const env = {
      PATH: `${path}:${process.env['PATH']}`,
      HOME: folder,
      AWS_ENDPOINT_URL: server().endpoint,
      AWS_ACCESS_KEY_ID: 'setup',
      AWS_SECRET_ACCESS_KEY: 'setup',
      AWS_DEFAULT_REGION: 'eu-west-1',
    };
    const ran = spawnSync('bash', ['-eu'], { cwd: folder, env, input: script, encoding: 'utf8' });
    expect(ran.status, ran.stderr).toBe(0);
  }

  /** Asks IAM without a process; the values of these elements of its answer. */
  async function iam(action: string, given: Record<string, string>, element = 'none'): Promise<string[]> {
    const response = await fetch(server().endpoint, {
      method: 'POST',
      headers: {
        authorization: 'AWS4-HMAC-SHA256 Credential=setup/20260101/us-east-1/iam/aws4_request',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ Action: action, Version: '2010-05-08', ...given }),
    });
    const text = await response.text();
    expect([action, response.status, response.ok ? '' : text]).toEqual([action, 200, '']);
    return [...text.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))]
      .map(([, value = '']) => value)
      .sort();
  }
  /** Of the role itself, or attached to it where it is too long for that. */
  async function documentOf(RoleName: string, PolicyName: string): Promise<unknown> {
    const attached = await iam('ListAttachedRolePolicies', { RoleName }, 'PolicyArn');
    const PolicyArn = attached.find((arn) => arn.endsWith(`/${PolicyName}`));
    if (PolicyArn === undefined) return read(await iam('GetRolePolicy', { RoleName, PolicyName }, 'PolicyDocument'));
    const [VersionId = ''] = await iam('GetPolicy', { PolicyArn }, 'DefaultVersionId');
    return read(await iam('GetPolicyVersion', { PolicyArn, VersionId }, 'Document'));
  }
  const read = ([document = '']: string[]): unknown => JSON.parse(decodeURIComponent(document));

  it('makes roles with these very policies, and brings them up to date when it is run again', async () => {
    const given = { environment: 'production', repository: 'acme/models', role: 'pipeline,preview,function' };
    const before = await iamOf(iamYaml(), given);
    shell(before.text!);
    const after = await iamOf(iamYaml({ target: wholeLambda }), given);
    shell(after.text!);
    for (const policySet of policySetsOf(after)) {
      const [policy] = policiesOf(policySet);
      const { file } = policySet.documents.find(({ kind }) => kind === 'permissions')!;
      expect(await documentOf(policySet.name, file.slice(0, -5))).toEqual(policy);
      const trust = await iam('GetRole', { RoleName: policySet.name }, 'AssumeRolePolicyDocument');
      expect(read(trust)).toEqual(trustOf(policySet));
    }
  });

  const document = { PolicyDocument: JSON.stringify(policyOf([everything])) };
  const inlineOf = (RoleName: string) => iam('ListRolePolicies', { RoleName }, 'member');
  const attachedTo = (RoleName: string) => iam('ListAttachedRolePolicies', { RoleName }, 'PolicyName');
  const inAccount = async (owner: string) =>
    (await iam('ListPolicies', { Scope: 'Local' }, 'PolicyName')).filter((name) => name.startsWith(owner));

  async function attach(RoleName: string, PolicyName: string, versions = 1): Promise<void> {
    const PolicyArn = `arn:aws:iam::123456789012:policy/${PolicyName}`;
    await iam('CreatePolicy', { PolicyName, ...document });
    for (let more = 1; more < versions; more++) await iam('CreatePolicyVersion', { PolicyArn, ...document });
    await iam('AttachRolePolicy', { RoleName, PolicyArn });
  }

  it('leaves no policy behind where they outgrow the role, and where they fit into it again', async () => {
    const RoleName = 'coldgate-pipeline-staging';
    const run = async (models: number) => {
      const names = Array.from({ length: models }, (_, at) => `model-number-${at}`);
      const given = { environment: 'staging', repository: 'acme/models', role: 'pipeline' };
      const result = await iamOf(iamYaml({ models: names }), given);
      shell(result.text!);
      return policiesOf(policySetsOf(result)[0]!).length;
    };
    expect([await run(1), await inlineOf(RoleName), await attachedTo(RoleName)]).toEqual([1, [RoleName], []]);

    // What older scripts and larger files have left, as many versions as IAM keeps, and what is someone else's.
    for (const PolicyName of [`${RoleName}-1`, 'break-glass'])
      await iam('PutRolePolicy', { RoleName, PolicyName, ...document });
    await attach(RoleName, RoleName, 5);
    for (const name of [`${RoleName}.9`, `${RoleName}-2`, 'guard-rail']) await attach(RoleName, name);
    const parts = await run(4);
    const names = Array.from({ length: parts }, (_, at) => (at === 0 ? RoleName : `${RoleName}.${at + 1}`));
    expect(parts).toBeGreaterThan(1);
    expect([await inlineOf(RoleName), await attachedTo(RoleName)]).toEqual([['break-glass'], [...names, 'guard-rail']]);
    expect(await inAccount(RoleName)).toEqual(names);

    expect(await run(1)).toBe(1);
    expect([await inlineOf(RoleName), await attachedTo(RoleName)]).toEqual([['break-glass', RoleName], ['guard-rail']]);
    expect(await inAccount(RoleName)).toEqual([]);
  });

  it('leaves the policies of other environments on a role that functions of several share', async () => {
    const RoleName = 'shared-digits';
    const target = lambda().replace('coldgate-digits', RoleName);
    await iam('CreateRole', { RoleName, AssumeRolePolicyDocument: document.PolicyDocument });
    for (const environment of ['production-2', 'staging'])
      await iam('PutRolePolicy', { RoleName, PolicyName: `${RoleName}-${environment}`, ...document });
    for (const name of ['production', 'production.2', 'staging.2']) await attach(RoleName, `${RoleName}-${name}`);
    shell((await iamOf(iamYaml({ target }), { environment: 'production', role: 'function' })).text!);
    const named = (...environments: string[]) => environments.map((environment) => `${RoleName}-${environment}`);
    expect(await inlineOf(RoleName)).toEqual(named('production', 'production-2', 'staging'));
    expect(await attachedTo(RoleName)).toEqual(named('staging.2'));
  });
});
