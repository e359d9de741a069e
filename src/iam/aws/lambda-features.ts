import type { TargetDeed } from '../needs.ts';
import type { LambdaGroup } from './account.ts';
import type { Statement } from './policy.ts';

/** Actions of one setting of a function, beside Lambda's own. */
interface Feature {
  sid: string;
  deeds: readonly TargetDeed[];
  /** Whether the settings ask for it. Default: always. */
  when?: (group: LambdaGroup) => boolean;
  actions: readonly string[];
  resources: (group: LambdaGroup) => string[];
  condition?: Statement['Condition'];
}

const arnsIn =
  (service: string, ...rest: string[]) =>
  ({ partition, settings: { region }, account }: LambdaGroup): string[] =>
    rest.map((one) => `arn:${partition}:${service}:${region}:${account}:${one}`);

/** Both forms: of the group, and of the group with its streams, which most actions are about. */
const logGroups = (group: LambdaGroup): string[] =>
  group.functions.flatMap(({ name }) =>
    arnsIn('logs', `log-group:/aws/lambda/${name}`, `log-group:/aws/lambda/${name}:*`)(group),
  );

const bucketArn = ({ partition }: LambdaGroup, bucket: string | undefined, rest = ''): string =>
  `arn:${partition}:s3:::${bucket}${rest}`;

const isHttpApi = ({ settings }: LambdaGroup): boolean => settings.endpoint === 'http-api';

/** `arn:aws:ecr:…:repository/digits` of `123456789012.dkr.ecr.eu-west-1.amazonaws.com/digits`. */
function repositoryArn({ partition, settings }: LambdaGroup): string {
  const uri = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[^/]+\/([^:@]+)/.exec(settings.imageRepository ?? '');
  return `arn:${partition}:ecr:${uri?.[2] ?? '*'}:${uri?.[1] ?? '*'}:repository/${uri?.[3] ?? '*'}`;
}

const features: readonly Feature[] = [
  {
    sid: 'KeepLogs',
    deeds: ['make'],
    actions: ['logs:CreateLogGroup', 'logs:PutRetentionPolicy', 'logs:TagResource'],
    resources: logGroups,
  },
  { sid: 'RemoveLogs', deeds: ['remove'], actions: ['logs:DeleteLogGroup'], resources: logGroups },
  {
    sid: 'UploadPackages',
    deeds: ['make'],
    when: ({ settings }) => settings.uploadBucket !== undefined,
    // Lambda fetches the package in the caller's name.
    actions: ['s3:PutObject', 's3:GetObject'],
    resources: (group) => [bucketArn(group, group.settings.uploadBucket, '/coldgate/packages/*')],
  },
  {
    sid: 'UseImages',
    deeds: ['make'],
    when: ({ settings }) => settings.imageRepository !== undefined,
    // https://docs.aws.amazon.com/lambda/latest/dg/images-create.html: Lambda lets itself in when a function is made.
    actions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:GetRepositoryPolicy', 'ecr:SetRepositoryPolicy'],
    resources: (group) => [repositoryArn(group)],
  },
  {
    sid: 'KeepHttpApi',
    deeds: ['place'],
    when: isHttpApi,
    actions: ['apigateway:GET', 'apigateway:POST', 'apigateway:PATCH', 'apigateway:PUT', 'apigateway:DELETE'],
    resources: ({ partition, settings: { region } }) =>
      ['/apis', '/apis/*', '/tags/*'].map((path) => `arn:${partition}:apigateway:${region}::${path}`),
  },
  {
    sid: 'KeepAccessLog',
    deeds: ['place'],
    when: isHttpApi,
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html: these know no resources.
    actions: [
      'logs:CreateLogDelivery',
      'logs:GetLogDelivery',
      'logs:UpdateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:DescribeResourcePolicies',
      'logs:DescribeLogGroups',
    ],
    resources: () => ['*'],
  },
  {
    sid: 'CallHttpApi',
    deeds: ['place'],
    when: (group) => isHttpApi(group) && group.settings.auth === 'iam',
    actions: ['execute-api:Invoke'],
    resources: arnsIn('execute-api', '*'),
  },
  {
    sid: 'NotifyOfUploads',
    deeds: ['place'],
    when: ({ settings }) => settings.batch !== undefined,
    actions: ['s3:GetBucketNotification', 's3:PutBucketNotification'],
    resources: (group) => [bucketArn(group, group.settings.batch?.bucket)],
  },
  {
    sid: 'KeepWarm',
    deeds: ['place'],
    when: ({ settings }) => settings.provisionedConcurrency > 0,
    actions: [
      'lambda:PutProvisionedConcurrencyConfig',
      'lambda:GetProvisionedConcurrencyConfig',
      'lambda:ListProvisionedConcurrencyConfigs',
      'lambda:DeleteProvisionedConcurrencyConfig',
    ],
    resources: (group) =>
      group.functions.flatMap(({ name }) => arnsIn('lambda', `function:${name}`, `function:${name}:*`)(group)),
  },
  {
    sid: 'ScaleWarm',
    deeds: ['place'],
    when: ({ settings }) => settings.provisionedScaling !== undefined,
    // https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
    actions: [
      'application-autoscaling:RegisterScalableTarget',
      'application-autoscaling:DeregisterScalableTarget',
      'application-autoscaling:PutScalingPolicy',
      'application-autoscaling:PutScheduledAction',
      'application-autoscaling:DeleteScheduledAction',
    ],
    resources: arnsIn('application-autoscaling', 'scalable-target/*'),
    condition: { StringEquals: { 'application-autoscaling:service-namespace': 'lambda' } },
  },
];

/** Statements of the settings that these functions use. */
export function featureStatements(group: LambdaGroup, deeds: readonly TargetDeed[], suffix: string): Statement[] {
  return features
    .filter((one) => one.deeds.some((deed) => deeds.includes(deed)) && (one.when?.(group) ?? true))
    .map(({ sid, actions, resources, condition }) => ({
      Sid: `${sid}${suffix}`,
      Effect: 'Allow',
      Action: [...actions],
      Resource: resources(group),
      ...(condition && { Condition: condition }),
    }));
}
