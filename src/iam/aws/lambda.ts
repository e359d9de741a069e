import type { TargetOperation } from '../needs.ts';
import { functionArns, type LambdaGroup } from './account.ts';
import { lambdaActions } from './lambda-actions.ts';
import { featureStatements } from './lambda-features.ts';
import { readArn, type Statement } from './policy.ts';

/** What the pipeline may do with these functions. `suffix` keeps the names of statements apart. */
export function lambdaStatements(group: LambdaGroup, operations: readonly TargetOperation[], suffix = ''): Statement[] {
  const { settings } = group;
  const arns = functionArns(group);
  const reached = {
    all: arns.flatMap((arn) => [arn, `${arn}:*`]),
    function: arns,
    qualified: arns.map((arn) => `${arn}:*`),
  };
  const bundles = new Map<string, Statement>();
  for (const { action, operations: of, reach, when, condition } of lambdaActions) {
    if (!of.some((operation) => operations.includes(operation)) || when?.(settings) === false) continue;
    const Condition = condition?.(settings);
    const key = JSON.stringify([reach, Condition]);
    const known = bundles.get(key);
    if (known) known.Action.push(action);
    else {
      const Sid = `Functions${bundles.size + 1}${suffix}`;
      const statement: Statement = { Sid, Effect: 'Allow', Action: [action], Resource: reached[reach] };
      bundles.set(key, Condition ? { ...statement, Condition } : statement);
    }
  }
  const makes = operations.includes('make') ? makingStatements(group, suffix) : [];
  return [...bundles.values(), ...featureStatements(group, operations, suffix), ...makes];
}

/** What Lambda requires of the caller that creates a function, beside Lambda's own actions. */
function makingStatements({ settings, partition, account }: LambdaGroup, suffix: string): Statement[] {
  const { role, layers = [], vpc, efs, kmsKey, region } = settings;
  const allow = (Sid: string, Action: string[], Resource: string[]): Statement => ({
    Sid: `${Sid}${suffix}`,
    Effect: 'Allow',
    Action,
    Resource,
  });
  return [
    {
      ...allow('HandOverRole', ['iam:PassRole'], [role]),
      Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
    },
    ...(layers.length > 0 ? [allow('UseLayers', ['lambda:GetLayerVersion'], [...layers])] : []),
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html: these know no resources.
    ...(vpc
      ? [allow('LookAtNetwork', ['ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets', 'ec2:DescribeVpcs'], ['*'])]
      : []),
    ...(efs
      ? [
          allow(
            'LookAtFileSystem',
            ['elasticfilesystem:DescribeMountTargets'],
            [`arn:${partition}:elasticfilesystem:${region}:${account}:file-system/*`],
          ),
        ]
      : []),
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    ...(kmsKey && readArn(kmsKey)
      ? [allow('EncryptVariables', ['kms:CreateGrant', 'kms:Encrypt', 'kms:Decrypt'], [kmsKey])]
      : []),
  ];
}
