import type { LambdaGroup } from './account.ts';
import { arnsIn, type Feature, gatewayArns } from './feature.ts';

const hasRestApi = ({ settings }: LambdaGroup): boolean => settings.endpoint === 'rest-api';
const domainOf = ({ settings }: LambdaGroup) => settings.restApi?.domain;
const hasDomain = (group: LambdaGroup): boolean => hasRestApi(group) && domainOf(group) !== undefined;
const hasPlans = ({ settings }: LambdaGroup): boolean => (settings.restApi?.plans.length ?? 0) > 0;
/** A host that is closed is not called, with a key neither. */
const takesKeys = (group: LambdaGroup): boolean =>
  hasRestApi(group) && hasPlans(group) && domainOf(group)?.trustStore === undefined;

/** `arn:aws:s3:::trust/clients.pem` of `s3://trust/clients.pem`. */
const trustStoreArn = (group: LambdaGroup): string =>
  `arn:${group.partition}:s3:::${domainOf(group)?.trustStore?.slice('s3://'.length)}`;

const webAclArns = (group: LambdaGroup): string[] =>
  group.settings.restApi?.webAcl === undefined ? [] : [group.settings.restApi.webAcl];

/**
 * What `endpoint: rest-api` needs. Ids of APIs, plans and keys are known once they are made.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-permissions.html
 */
export const restApiFeatures: readonly Feature[] = [
  {
    sid: 'LookAtRestApi',
    operations: ['look', 'locate'],
    when: ({ endpoint }) => endpoint === 'rest-api',
    actions: ['apigateway:GET'],
    resources: gatewayArns('/restapis'),
  },
  {
    sid: 'LookAtStage',
    operations: ['locate'],
    when: hasRestApi,
    actions: ['apigateway:GET'],
    resources: gatewayArns('/restapis/*/stages/*'),
  },
  {
    sid: 'LookAtUsage',
    operations: ['locate'],
    when: (group) => hasRestApi(group) && hasPlans(group),
    actions: ['apigateway:GET'],
    resources: gatewayArns('/usageplans'),
  },
  {
    sid: 'MakeRestApi',
    operations: ['place'],
    when: hasRestApi,
    actions: ['apigateway:POST'],
    resources: gatewayArns('/restapis', '/restapis/*'),
  },
  {
    sid: 'KeepRestApi',
    operations: ['place'],
    when: hasRestApi,
    actions: ['apigateway:GET', 'apigateway:PUT', 'apigateway:PATCH', 'apigateway:DELETE'],
    resources: gatewayArns('/restapis/*'),
  },
  {
    sid: 'LookAtPlans',
    operations: ['place', 'remove'],
    when: hasRestApi,
    actions: ['apigateway:GET'],
    resources: gatewayArns('/apikeys', '/apikeys/*', '/usageplans', '/usageplans/*'),
  },
  {
    sid: 'MakePlans',
    operations: ['place'],
    when: (group) => hasRestApi(group) && hasPlans(group),
    actions: ['apigateway:POST'],
    resources: gatewayArns('/apikeys', '/usageplans', '/usageplans/*'),
  },
  {
    sid: 'KeepPlans',
    operations: ['place', 'remove'],
    when: hasRestApi,
    actions: ['apigateway:PATCH', 'apigateway:DELETE'],
    resources: gatewayArns('/apikeys/*', '/usageplans/*'),
  },
  {
    sid: 'TagRestApi',
    operations: ['place'],
    when: hasRestApi,
    actions: ['apigateway:PUT'],
    resources: gatewayArns('/tags/*'),
  },
  {
    sid: 'RemoveRestApi',
    operations: ['remove'],
    when: hasRestApi,
    actions: ['apigateway:DELETE'],
    resources: gatewayArns('/restapis/*'),
  },
  {
    sid: 'ReadProofKey',
    operations: ['call'],
    when: takesKeys,
    actions: ['apigateway:GET'],
    resources: gatewayArns('/apikeys', '/apikeys/*'),
  },
  {
    sid: 'CallRestApi',
    operations: ['call'],
    when: (group) => hasRestApi(group) && group.settings.auth === 'iam',
    actions: ['execute-api:Invoke'],
    resources: arnsIn('execute-api', '*'),
  },
  {
    sid: 'MakeDomain',
    operations: ['place'],
    when: hasDomain,
    actions: ['apigateway:POST'],
    resources: gatewayArns('/domainnames', '/domainnames/*'),
  },
  {
    sid: 'KeepDomain',
    operations: ['place', 'remove'],
    when: hasDomain,
    actions: ['apigateway:GET', 'apigateway:PATCH', 'apigateway:DELETE'],
    resources: gatewayArns('/domainnames/*'),
  },
  {
    sid: 'ReadTrustStore',
    operations: ['place'],
    when: (group) => hasRestApi(group) && domainOf(group)?.trustStore !== undefined,
    // API Gateway reads it in the caller's name.
    actions: ['s3:GetObject', 's3:GetObjectVersion'],
    resources: (group) => [trustStoreArn(group)],
  },
  {
    sid: 'KeepWebAcl',
    operations: ['place'],
    when: (group) => hasRestApi(group) && webAclArns(group).length > 0,
    // https://docs.aws.amazon.com/waf/latest/developerguide/security_iam_id-based-policy-examples.html
    actions: ['wafv2:AssociateWebACL', 'wafv2:DisassociateWebACL', 'apigateway:SetWebACL'],
    resources: (group) => [...webAclArns(group), ...gatewayArns('/restapis/*/stages/*')(group)],
  },
];
