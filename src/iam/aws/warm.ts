import type { LambdaGroup } from './account.ts';
import { arnsIn, type Feature } from './feature.ts';

const keepsWarm = ({ settings }: LambdaGroup): boolean => settings.provisionedConcurrency > 0;
const functionsOf = (group: LambdaGroup): string[] =>
  group.functions.flatMap(({ name }) => arnsIn('lambda', `function:${name}`, `function:${name}:*`)(group));

const isScaled = (group: LambdaGroup): boolean =>
  group.kind === 'own' && group.settings.provisionedScaling !== undefined;
/** The role that Application Auto Scaling works by; made with the first scalable target of an account. */
const scalingRole = ({ partition, account }: LambdaGroup): string[] => {
  const name = 'lambda.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency';
  return [`arn:${partition}:iam::${account}:role/aws-service-role/${name}`];
};

/** What `provisioned-concurrency` and `provisioned-scaling` need. */
export const warmFeatures: readonly Feature[] = [
  {
    sid: 'KeepWarm',
    operations: ['place'],
    // What is kept warm is what is live.
    when: (group) => group.kind === 'own' && keepsWarm(group),
    actions: ['lambda:PutProvisionedConcurrencyConfig', 'lambda:GetProvisionedConcurrencyConfig'],
    resources: functionsOf,
  },
  {
    sid: 'ReleaseWarm',
    operations: ['place', 'clear'],
    when: keepsWarm,
    actions: ['lambda:ListProvisionedConcurrencyConfigs', 'lambda:DeleteProvisionedConcurrencyConfig'],
    resources: functionsOf,
  },
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_applicationautoscaling.html
  {
    sid: 'ScaleWarm',
    operations: ['place'],
    when: isScaled,
    actions: [
      'application-autoscaling:RegisterScalableTarget',
      'application-autoscaling:PutScalingPolicy',
      'application-autoscaling:PutScheduledAction',
      'application-autoscaling:DeleteScheduledAction',
    ],
    // Ids of targets are known once they are made.
    resources: arnsIn('application-autoscaling', 'scalable-target/*'),
    condition: () => ({ StringEquals: { 'application-autoscaling:service-namespace': 'lambda' } }),
  },
  {
    sid: 'LookAtScaling',
    operations: ['place'],
    when: isScaled,
    // These know no resources, or are asked about all of them.
    actions: ['application-autoscaling:DescribeScheduledActions', 'cloudwatch:DescribeAlarms'],
    resources: () => ['*'],
  },
  {
    sid: 'EndScaling',
    operations: ['place', 'remove'],
    when: isScaled,
    actions: ['application-autoscaling:DeregisterScalableTarget'],
    resources: arnsIn('application-autoscaling', 'scalable-target/*'),
    condition: () => ({ StringEquals: { 'application-autoscaling:service-namespace': 'lambda' } }),
  },
  {
    sid: 'WatchUse',
    operations: ['place', 'remove'],
    when: isScaled,
    // Made and removed in the caller's name: docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
    actions: ['cloudwatch:PutMetricAlarm', 'cloudwatch:DeleteAlarms'],
    resources: arnsIn('cloudwatch', 'alarm:TargetTracking-function:*'),
  },
  {
    sid: 'MakeScalingRole',
    operations: ['place'],
    when: isScaled,
    actions: ['iam:CreateServiceLinkedRole'],
    resources: scalingRole,
    condition: () => ({ StringLike: { 'iam:AWSServiceName': 'lambda.application-autoscaling.amazonaws.com' } }),
  },
];
