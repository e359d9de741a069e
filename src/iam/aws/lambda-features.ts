import type { TargetOperation } from '../needs.ts';
import type { LambdaGroup } from './account.ts';
import { arnsIn, type Feature, gatewayArns } from './feature.ts';
import type { Statement } from './policy.ts';
import { queueFeatures } from './queue.ts';
import { restApiFeatures } from './rest-api.ts';
import { runtimeLayerFeatures } from './runtime-layer.ts';
import { warmFeatures } from './warm.ts';

/** Both forms: of the group, and of the group with its streams, which most actions are about. */
const logGroups = (group: LambdaGroup): string[] =>
  group.functions.flatMap(({ name }) => {
    const names = isHttpApi(group) ? [`/aws/lambda/${name}`, `/aws/http-api/${name}`] : [`/aws/lambda/${name}`];
    return arnsIn('logs', ...names.flatMap((one) => [`log-group:${one}`, `log-group:${one}:*`]))(group);
  });

const bucketArn = ({ partition }: LambdaGroup, bucket: string | undefined, rest = ''): string =>
  `arn:${partition}:s3:::${bucket}${rest}`;

const isHttpApi = ({ settings }: LambdaGroup): boolean => settings.endpoint === 'http-api';

/** `arn:aws:ecr:…:repository/digits` of `123456789012.dkr.ecr.eu-west-1.amazonaws.com/digits`. */
function repositoryArn({ partition, settings }: LambdaGroup): string {
  const uri = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[^/]+\/([^:@]+)/.exec(settings.imageRepository ?? '');
  return `arn:${partition}:ecr:${uri?.[2] ?? '*'}:${uri?.[1] ?? '*'}:repository/${uri?.[3] ?? '*'}`;
}

/** An image that models.yaml names is pushed by others. */
const buildsImages = ({ settings }: LambdaGroup): boolean =>
  settings.imageRepository !== undefined && settings.imageDigest === undefined;

const features: readonly Feature[] = [
  {
    sid: 'ListFunctions',
    operations: ['list'],
    // It knows no resources.
    actions: ['lambda:ListFunctions'],
    resources: () => ['*'],
  },
  {
    sid: 'KeepLogs',
    operations: ['place'],
    actions: ['logs:CreateLogGroup', 'logs:PutRetentionPolicy'],
    resources: logGroups,
  },
  {
    sid: 'TagLogs',
    operations: ['place'],
    when: ({ settings }) => settings.tags !== undefined,
    actions: ['logs:TagResource'],
    resources: logGroups,
  },
  {
    sid: 'UploadPackages',
    operations: ['make'],
    when: ({ settings }) => settings.uploadBucket !== undefined,
    // Lambda fetches the package in the caller's name.
    actions: ['s3:PutObject', 's3:GetObject'],
    resources: (group) => [bucketArn(group, group.settings.uploadBucket, '/coldgate/packages/*')],
  },
  {
    sid: 'UseImages',
    operations: ['make'],
    when: ({ settings }) => settings.imageRepository !== undefined,
    // https://docs.aws.amazon.com/lambda/latest/dg/images-create.html: Lambda lets itself in when a function is made.
    actions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:GetRepositoryPolicy', 'ecr:SetRepositoryPolicy'],
    resources: (group) => [repositoryArn(group)],
  },
  {
    sid: 'LogInToImages',
    operations: ['make'],
    when: buildsImages,
    actions: ['ecr:GetAuthorizationToken'],
    // It knows no resources.
    resources: () => ['*'],
  },
  {
    sid: 'MeasureImages',
    operations: ['locate'],
    when: (group) => group.settings.imageRepository !== undefined && !buildsImages(group),
    actions: ['ecr:BatchGetImage'],
    resources: (group) => [repositoryArn(group)],
  },
  {
    sid: 'LogInToMeasure',
    operations: ['locate'],
    when: (group) => group.settings.imageRepository !== undefined && !buildsImages(group),
    actions: ['ecr:GetAuthorizationToken'],
    resources: () => ['*'],
  },
  {
    sid: 'PushImages',
    operations: ['make'],
    when: buildsImages,
    // https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
    actions: [
      'ecr:BatchCheckLayerAvailability',
      'ecr:CompleteLayerUpload',
      'ecr:InitiateLayerUpload',
      'ecr:PutImage',
      'ecr:UploadLayerPart',
    ],
    resources: (group) => [repositoryArn(group)],
  },
  {
    sid: 'LookAtHttpApi',
    operations: ['look', 'locate'],
    when: ({ endpoint }) => endpoint === 'http-api',
    actions: ['apigateway:GET'],
    resources: gatewayArns('/apis', '/apis/*'),
  },
  {
    sid: 'KeepHttpApi',
    operations: ['place'],
    when: isHttpApi,
    actions: ['apigateway:POST', 'apigateway:PATCH', 'apigateway:DELETE'],
    resources: gatewayArns('/apis', '/apis/*'),
  },
  {
    sid: 'TagHttpApi',
    operations: ['place'],
    when: isHttpApi,
    actions: ['apigateway:POST'],
    resources: gatewayArns('/tags/*'),
  },
  {
    sid: 'RemoveHttpApi',
    operations: ['remove'],
    when: isHttpApi,
    actions: ['apigateway:DELETE'],
    resources: gatewayArns('/apis/*'),
  },
  {
    sid: 'KeepAccessLog',
    operations: ['place'],
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
    operations: ['call'],
    when: (group) => isHttpApi(group) && group.settings.auth === 'iam',
    actions: ['execute-api:Invoke'],
    resources: arnsIn('execute-api', '*'),
  },
  {
    sid: 'NotifyOfUploads',
    operations: ['place', 'remove'],
    when: ({ settings }) => settings.batch !== undefined,
    actions: ['s3:GetBucketNotification', 's3:PutBucketNotification'],
    resources: (group) => [bucketArn(group, group.settings.batch?.bucket)],
  },
  ...restApiFeatures,
  ...queueFeatures,
  ...runtimeLayerFeatures,
  ...warmFeatures,
];

/** Statements of the settings that these functions use. */
export function featureStatements(
  group: LambdaGroup,
  operations: readonly TargetOperation[],
  suffix: string,
): Statement[] {
  return features
    .filter((one) => one.operations.some((operation) => operations.includes(operation)) && (one.when?.(group) ?? true))
    .map(({ sid, actions, resources, condition }) => ({
      Sid: `${sid}${suffix}`,
      Effect: 'Allow',
      Action: [...actions],
      Resource: resources(group),
      ...(condition && { Condition: condition(group) }),
    }));
}
