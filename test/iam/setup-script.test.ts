import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { awsCommand } from '../../bench/aws-cli.ts';
import { describeWith } from '../emulators/servers.ts';
import { iamYaml, wholeLambda } from '../fixtures/iam-config.ts';
import { iamOf, policiesOf, policySetsOf, trustOf } from './printed.ts';

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

  function shell(script: string): string {
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
    return ran.stdout;
  }

  /** Of the role itself, or attached to it where it is too long for that. */
  function documentOf(role: string, name: string): unknown {
    const ask = (command: string) => JSON.parse(shell(`aws iam ${command}`));
    const { AttachedPolicies } = ask(`list-attached-role-policies --role-name ${role}`);
    const arn = AttachedPolicies.find((one: { PolicyName: string }) => one.PolicyName === name)?.PolicyArn;
    if (!arn) return ask(`get-role-policy --role-name ${role} --policy-name ${name}`).PolicyDocument;
    const { Policy } = ask(`get-policy --policy-arn ${arn}`);
    const version = ask(`get-policy-version --policy-arn ${arn} --version-id ${Policy.DefaultVersionId}`);
    return version.PolicyVersion.Document;
  }

  it('makes roles with these very policies, and brings them up to date when it is run again', async () => {
    const given = { environment: 'production', repository: 'acme/models', role: 'pipeline,preview,function' };
    const before = await iamOf(iamYaml(), given);
    shell(before.text!);
    const after = await iamOf(iamYaml({ target: wholeLambda }), given);
    shell(after.text!);
    for (const policySet of policySetsOf(after)) {
      const [policy] = policiesOf(policySet);
      const { file } = policySet.documents.find(({ kind }) => kind === 'permissions')!;
      expect(documentOf(policySet.name, file.slice(0, -5))).toEqual(policy);
      const { Role } = JSON.parse(shell(`aws iam get-role --role-name ${policySet.name}`));
      expect(Role.AssumeRolePolicyDocument).toEqual(trustOf(policySet));
    }
  });

  it('attaches policies of their own where they are too long for the role', async () => {
    const models = Array.from({ length: 4 }, (_, i) => `model-number-${i}`);
    const result = await iamOf(iamYaml({ models }), { environment: 'staging', repository: 'acme/models' });
    shell(result.text!);
    const { AttachedPolicies } = JSON.parse(
      shell('aws iam list-attached-role-policies --role-name coldgate-pipeline-staging'),
    );
    const [pipeline] = policySetsOf(result);
    expect(AttachedPolicies.length).toBe(policiesOf(pipeline!).length);
  });
});
