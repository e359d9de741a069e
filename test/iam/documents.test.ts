import { spawnSync } from 'node:child_process';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { type PolicyDocument, policyLimit, policySize } from '../../src/iam/aws/policy.ts';
import { iamVerbs, roleVerbs } from '../../src/iam/needs.ts';
import {
  apps,
  azureApps,
  azureIdentity,
  cloudRun,
  gatewayRun,
  httpLambda,
  iamYaml,
  imageLambda,
  imageRun,
  lambda,
  run,
  s3,
  wholeLambda,
} from '../fixtures/iam-config.ts';
import { iamOf, policiesOf, policySetOf, policySetsOf } from './printed.ts';

const production = { environment: 'production', repository: 'acme/models' };
const everyRole = { ...production, role: 'pipeline,preview,function' };
const kms = 'arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555';
const many = Array.from({ length: 40 }, (_, i) => `model-with-a-long-name-number-${i}`);

const configs: Record<string, string> = {
  'a function on Lambda': iamYaml(),
  'all settings of Lambda': iamYaml({ target: wholeLambda }),
  'an HTTP API': iamYaml({ target: httpLambda }),
  'an image': iamYaml({ target: imageLambda }),
  'a key of KMS': iamYaml({ store: `{ url: s3://acme-models/models, region: eu-west-1, kms-key: "${kms}" }` }),
  'an alias of a key': iamYaml({ store: '{ url: s3://acme-models, region: eu-west-1, kms-key: alias/models }' }),
  'forty models': iamYaml({ models: many }),
  'Google Cloud': iamYaml({ store: 'gs://acme-models/models', target: run }),
  'Google Cloud, forty models': iamYaml({
    store: 'gs://acme-models',
    target: run,
    models: many.map((name) => name.replace('with-a-long-', '')),
  }),
  'Google Cloud, images': iamYaml({ store: 'gs://acme-models', target: imageRun }),
  'Google Cloud, a gateway': iamYaml({ store: 'gs://acme-models', target: gatewayRun }),
  Azure: iamYaml({ store: 'azure://acmemodels/models/prod', target: apps }),
  'Azure, read from this machine': iamYaml({ store: 'azure://acmemodels/models', target: '{ provider: local }' }),
  'Azure, an identity of each app': iamYaml({ store: 'azure://acmemodels/models', target: azureApps() }),
  'Azure, all that it can be told': iamYaml({
    store: 'azure://acmemodels/models',
    target: azureApps(
      `identity: ${azureIdentity}, gateway: { service: acme }, batch: { container: uploads, storage-account: acmeuploads }`,
    ),
  }),
  'S3, read from Google': iamYaml({ store: s3, target: cloudRun('upload-bucket: acme-uploads') }),
  'Azure, read from Lambda': iamYaml({ store: 'azure://acmemodels/models', target: lambda() }),
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html, as far as we use it. */
function grammarFaults({ Version, Statement }: PolicyDocument, trust: boolean): string[] {
  const faults = Version === '2012-10-17' ? [] : ['Version'];
  const sids = Statement.map(({ Sid }) => Sid);
  if (new Set(sids).size !== sids.length) faults.push(`doubled Sid in ${sids.join()}`);
  for (const { Sid, Effect, Action, Resource = [], Principal, Condition, ...rest } of Statement) {
    const wrong = (what: string) => faults.push(`${Sid}: ${what}`);
    if (!/^[A-Za-z0-9]+$/.test(Sid)) wrong('Sid');
    if (!/^(?:Allow|Deny)$/.test(Effect)) wrong('Effect');
    if (Action.length === 0 || !Action.every((action) => /^[a-z0-9-]+:[A-Za-z]+$/.test(action))) wrong('Action');
    if (new Set(Action).size !== Action.length) wrong('Action twice');
    if (trust ? Resource.length > 0 || !Principal : Resource.length === 0 || Principal) wrong('Resource, Principal');
    const arn = /^\*$|^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(?:\d{12}|\*)?:[^\s]+$/;
    for (const one of Resource) if (!arn.test(one)) wrong(`Resource ${one}`);
    for (const values of Object.values(Condition ?? {}).flatMap((keys) => Object.values(keys)))
      if (values.length === 0) wrong('empty condition');
    if (Object.keys(rest).length > 0) wrong(Object.keys(rest).join());
  }
  return faults;
}

/** Twelve at most: https://cloud.google.com/iam/docs/conditions-overview#limitations */
const logicalOperators = (expression: string): number => expression.match(/&&|\|\|/g)?.length ?? 0;

describe.each(Object.entries(configs))('coldgate iam for %s', (_name, yaml) => {
  it('prints a script that a shell reads, and the same as one document', async () => {
    const result = await iamOf(yaml, everyRole);
    const checked = spawnSync('bash', ['-n'], { input: result.text, encoding: 'utf8' });
    expect([checked.status, checked.stderr]).toEqual([0, '']);
    for (const { documents, commands, name } of policySetsOf(result)) {
      const text = commands.join('\n');
      for (const { file } of documents) expect([name, text]).toEqual([name, expect.stringContaining(file)]);
      for (const line of commands) expect(result.text).toContain(line);
    }
    expect(JSON.parse(result.outputs['results']!)).toEqual(policySetsOf(result));
  });

  it('leaves no name open', async () => {
    const text = JSON.stringify((await iamOf(yaml, everyRole)).document);
    expect(/.{40}(?:undefined|\[object|<[A-Za-z])/.exec(text)?.[0]).toBe(undefined);
  });

  it('prints documents that the cloud takes', async () => {
    for (const { cloud, documents } of policySetsOf(await iamOf(yaml, everyRole)))
      for (const { file, kind, content } of documents) {
        if (cloud === 'aws') {
          const policy = content as PolicyDocument;
          expect([file, grammarFaults(policy, kind === 'trust')]).toEqual([file, []]);
          expect(policySize(policy)).toBeLessThanOrEqual(policyLimit);
        } else if (cloud === 'google' && kind === 'condition') {
          expect(logicalOperators((content as { expression: string }).expression)).toBeLessThanOrEqual(12);
        } else if (cloud === 'google') {
          const { includedPermissions } = load(content as string) as { includedPermissions: string[] };
          for (const one of includedPermissions) expect(one).toMatch(/^[a-z]+\.[A-Za-z]+\.[A-Za-z]+$/);
        } else if (kind === 'permissions') {
          const { AssignableScopes } = content as { AssignableScopes: string[] };
          expect(AssignableScopes).toEqual([expect.stringMatching(/^\/subscriptions\/[0-9a-f$]/)]);
        }
      }
  });
});

describe('policies that are too long', () => {
  it('are divided, and attached as policies of their own', async () => {
    const policySet = policySetOf(await iamOf(iamYaml({ models: many }), production), 'pipeline');
    expect(policiesOf(policySet).length).toBeGreaterThan(1);
    expect(policySet.commands.filter((line) => line.includes('attach-role-policy')).length).toBe(
      policiesOf(policySet).length,
    );
    expect(policySet.notes.join()).toContain('more than the 10');
    const named = policiesOf(policySet).flatMap(({ Statement }) => Statement.flatMap(({ Resource = [] }) => Resource));
    for (const name of many)
      expect(named).toContain(`arn:aws:lambda:eu-west-1:123456789012:function:${name}-production:*`);
  });
});

describe('what it is told', () => {
  it('knows the needs of every verb that meets a store or a target from outside of a function', () => {
    const others = catalog.map(({ name }) => name).filter((name) => !(iamVerbs as readonly string[]).includes(name));
    expect(others.sort()).toEqual(['decide', 'iam', 'init', 'report', 'sample', 'serve']);
  });

  it('refuses unknown roles, verbs, repositories and accounts, all at once where it can', async () => {
    const wrong = { ...production, role: 'pipline', repository: 'acme', account: '12' };
    await expect(iamOf(iamYaml(), wrong)).rejects.toMatchObject({
      exit: 2,
      problems: [{ path: '--role', hint: 'Did you mean pipeline?' }, { path: '--repository' }, { path: '--account' }],
    });
    await expect(iamOf(iamYaml(), { ...production, verbs: 'publish,decide' })).rejects.toMatchObject({
      code: 'unknown-verb',
    });
  });

  it('says that an environment of this machine needs nothing', async () => {
    const yaml = iamYaml({ store: 'file:store', target: '{ provider: local }' });
    const { text, lines, document } = await iamOf(yaml, production);
    expect([text, document['results']]).toEqual([undefined, []]);
    expect(lines[0]).toContain('no permissions are needed');
  });

  it('says what is missing where nobody can be named', async () => {
    const { lines, text } = await iamOf(iamYaml(), { environment: 'production' });
    expect(lines.join('\n')).toContain('--repository owner/name');
    expect(text).not.toContain('web-identity');
    const other = iamYaml({ target: '{ provider: local }' });
    expect((await iamOf(other, production)).lines.join('\n')).toContain('--account 123456789012');
    const policySet = policySetOf(await iamOf(other, { ...production, account: '210987654321' }), 'pipeline');
    expect(JSON.stringify(policySet.documents)).toContain('arn:aws:iam::210987654321:oidc-provider/');
  });

  it('names the verbs of a narrower job in the head of the script', async () => {
    const { text } = await iamOf(iamYaml(), { ...production, verbs: 'verify,publish' });
    expect(text).toContain('# The pipeline may run: publish, verify.');
    expect((await iamOf(iamYaml(), production)).text).toContain(`may run: ${roleVerbs.pipeline.join(', ')}.`);
  });
});
