import { describe, expect, it } from 'vitest';
import { iamYaml, lambda, role } from '../fixtures/iam-config.ts';
import { allowing } from './evaluate.ts';
import { iamOf, policiesOf, policySetOf, trustOf } from './printed.ts';

const production = { environment: 'production', repository: 'acme/models', role: 'pipeline,preview,function' };
const object = (key: string) => `arn:aws:s3:::acme-models/models/${key}`;
const arn = (rest: string) => `arn:aws:lambda:eu-west-1:123456789012:function:${rest}`;

/** Whether the role of production may do it. */
async function may(
  who: 'pipeline' | 'preview' | 'function',
  action: string,
  resource: string,
  more: { context?: Record<string, string>; target?: string; verbs?: string } = {},
): Promise<boolean> {
  const { context, target = lambda(), verbs = '' } = more;
  const printed = await iamOf(iamYaml({ target }), { ...production, verbs });
  return allowing(policiesOf(policySetOf(printed, who)), { action, resource, ...(context && { context }) }).length > 0;
}

describe('what nobody gets by these policies', () => {
  it('a pull request publishes versions of its own, and takes nothing away but them', async () => {
    const version = (name: string) => object(`digits/versions/${name}/model.onnx`);
    for (const action of ['s3:PutObject', 's3:DeleteObject']) {
      expect(await may('preview', action, version('1.1.0-pr.12.1a2b3c4'))).toBe(true);
      expect(await may('preview', action, version('1.1.0-rc.1.pr.12.1a2b3c4'))).toBe(true);
      expect(await may('preview', action, version('1.1.0'))).toBe(false);
    }
    expect(await may('preview', 'lambda:CreateFunction', arn('digits-pr-12'))).toBe(true);
    expect(await may('preview', 'lambda:DeleteFunction', arn('digits-pr-12'))).toBe(true);
    expect(await may('preview', 'lambda:GetFunction', arn('digits-production'))).toBe(true);
    for (const action of ['lambda:DeleteFunction', 'lambda:UpdateAlias', 'lambda:UpdateFunctionCode'])
      expect(await may('preview', action, arn('digits-production'))).toBe(false);
  });

  it('a job that promotes writes no version, and moves no pointer but its own', async () => {
    const verbs = 'promote';
    expect(await may('pipeline', 's3:PutObject', object('digits/current.json'), { verbs })).toBe(true);
    expect(await may('pipeline', 's3:PutObject', object('digits/staging.json'), { verbs })).toBe(false);
    expect(await may('pipeline', 's3:PutObject', object('digits/versions/2.0.0/model.onnx'), { verbs })).toBe(false);
    expect(await may('pipeline', 's3:DeleteObject', object('digits/versions/2.0.0/model.onnx'), { verbs })).toBe(false);
  });

  it('a job that publishes moves no pointer, and touches no function', async () => {
    const verbs = 'publish,verify';
    expect(await may('pipeline', 's3:PutObject', object('digits/versions/2.0.0/model.onnx'), { verbs })).toBe(true);
    expect(await may('pipeline', 's3:PutObject', object('digits/current.json'), { verbs })).toBe(false);
    expect(await may('pipeline', 'lambda:GetFunction', arn('digits-production'), { verbs })).toBe(false);
    expect(await may('pipeline', 'iam:PassRole', role, { verbs })).toBe(false);
  });

  it('prune marks versions, and writes no other file of one', async () => {
    const verbs = 'prune';
    expect(await may('pipeline', 's3:PutObject', object('digits/versions/1.0.0/.tombstone'), { verbs })).toBe(true);
    expect(await may('pipeline', 's3:PutObject', object('digits/versions/1.0.0/model.onnx'), { verbs })).toBe(false);
    expect(await may('pipeline', 's3:PutObject', object('digits/staging.json'), { verbs })).toBe(true);
  });

  it('the function reads the pointer and the versions of its models, and writes nothing to the store', async () => {
    expect(await may('function', 's3:GetObject', object('digits/current.json'))).toBe(true);
    expect(await may('function', 's3:GetObject', object('digits/versions/1.0.0/model.onnx'))).toBe(true);
    expect(await may('function', 's3:GetObject', object('digits/staging.json'))).toBe(false);
    expect(await may('function', 's3:GetObject', object('digits/history/0000000001.json'))).toBe(false);
    expect(await may('function', 's3:GetObject', object('other/current.json'))).toBe(false);
    for (const action of ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'])
      expect(await may('function', action, object('digits/current.json'))).toBe(false);
  });

  it('nobody lists more than the models; names of the whole store only who clears previews away', async () => {
    const list = (prefix: string, verbs = '') => ({ context: { 's3:prefix': prefix }, verbs });
    const bucket = 'arn:aws:s3:::acme-models';
    for (const [who, verbs] of [
      ['pipeline', 'publish,ship,promote,prune,rollback'],
      ['function', ''],
    ] as const) {
      expect(await may(who, 's3:ListBucket', bucket, list('models/digits/', verbs))).toBe(true);
      expect(await may(who, 's3:ListBucket', bucket, list('models/', verbs))).toBe(false);
      expect(await may(who, 's3:ListBucket', bucket, { verbs })).toBe(false);
    }
    for (const verbs of ['preview', 'destroy', 'sweep']) {
      expect(await may('pipeline', 's3:ListBucket', bucket, list('models/', verbs))).toBe(true);
      expect(await may('pipeline', 's3:ListBucket', bucket, list('other/', verbs))).toBe(false);
      expect(await may('pipeline', 's3:GetObject', object('other/current.json'), { verbs })).toBe(false);
      expect(await may('pipeline', 'lambda:ListFunctions', '*', { verbs })).toBe(true);
    }
    expect(await may('pipeline', 'lambda:ListFunctions', '*', { verbs: 'ship,promote,prune,rollback' })).toBe(false);
  });

  it('the role goes to Lambda alone, and no other role goes anywhere', async () => {
    const to = (service: string) => ({ context: { 'iam:PassedToService': service } });
    expect(await may('pipeline', 'iam:PassRole', role, to('lambda.amazonaws.com'))).toBe(true);
    expect(await may('pipeline', 'iam:PassRole', role, to('ec2.amazonaws.com'))).toBe(false);
    expect(await may('pipeline', 'iam:PassRole', `${role}-admin`, to('lambda.amazonaws.com'))).toBe(false);
  });

  it('with auth: iam no address is opened to everyone', async () => {
    const open = { context: { 'lambda:FunctionUrlAuthType': 'NONE' } };
    const create = 'lambda:CreateFunctionUrlConfig';
    expect(await may('pipeline', create, arn('digits-production:live'), open)).toBe(false);
    const everyone = { context: { 'lambda:Principal': '*' } };
    expect(await may('pipeline', 'lambda:AddPermission', arn('digits-production:live'), everyone)).toBe(false);
    const target = lambda('auth: none');
    expect(await may('pipeline', create, arn('digits-production:live'), { ...open, target })).toBe(true);
    expect(await may('pipeline', 'lambda:AddPermission', arn('digits-production:live'), { ...everyone, target })).toBe(
      true,
    );
  });

  it('the code of a function in a VPC does not use what Lambda needs there', async () => {
    const target = lambda('vpc: { subnets: [subnet-12345678], security-groups: [sg-12345678] }');
    const own = { 'lambda:SourceFunctionArn': arn('digits-production') };
    expect(await may('function', 'ec2:CreateNetworkInterface', '*', { target })).toBe(true);
    expect(await may('function', 'ec2:CreateNetworkInterface', '*', { target, context: own })).toBe(false);
  });

  it('a role is taken by one repository with one subject', async () => {
    const printed = await iamOf(iamYaml(), production);
    const subjectOf = (who: 'pipeline' | 'preview') =>
      trustOf(policySetOf(printed, who))?.Statement[0]?.Condition?.['StringEquals']?.[
        'token.actions.githubusercontent.com:sub'
      ];
    expect(subjectOf('pipeline')).toBe('repo:acme/models:environment:production');
    expect(subjectOf('preview')).toBe('repo:acme/models:pull_request');
  });
});
