import { layerArn } from '../lambda/layers.ts';
import type { Call } from '../lambda/stand-in.ts';
import { account, functionArn, region } from '../lambda/state.ts';
import type { Access } from './evaluate.ts';

type Fields = Call['input'];

/** Operations of API Gateway that name no API. */
const gateway = /^(?:GetApis|CreateApi)$/;

/** Operations whose permission has another name; https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html */
const renamed: Record<string, string> = { Invoke: 'InvokeFunction' };

/** The condition keys that Lambda fills from a call. */
function contextOf(operation: string, input: Fields): Record<string, string> {
  const context: Record<string, string> = {};
  const type = input['AuthType'] ?? input['FunctionUrlAuthType'];
  if (typeof type === 'string') context['lambda:FunctionUrlAuthType'] = type;
  if (operation === 'AddPermission') context['lambda:Principal'] = String(input['Principal']);
  return context;
}

/** What a call needs beside the permission of its name. */
function further(operation: string, input: Fields, arn: string): Access[] {
  const pass: Access = {
    action: 'iam:PassRole',
    resource: String(input['Role']),
    context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
  };
  if (operation === 'CreateFunction') return [pass, { action: 'lambda:TagResource', resource: arn }];
  if (operation === 'UpdateFunctionConfiguration' && input['Role'] !== undefined) return [pass];
  // Tags come with it for whoever may list them: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html
  return operation === 'GetFunction' ? [{ action: 'lambda:ListTags', resource: arn }] : [];
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html */
function logAccess(operation: string, { logGroupName, tags }: Fields): Access[] {
  const resource = `arn:aws:logs:${region}:${account}:log-group:${String(logGroupName)}`;
  const tagging = tags ? [{ action: 'logs:TagResource', resource }] : [];
  return [{ action: `logs:${operation}`, resource: `${resource}:*` }, ...tagging];
}

/** Methods and paths: https://docs.aws.amazon.com/apigateway/latest/developerguide/security_iam_service-with-iam.html */
function gatewayAccess(operation: string, input: Fields): Access[] {
  const verb = /^(?:Get|Create|Update|Delete|Tag)/.exec(operation)?.[0] ?? '';
  const method = { Get: 'GET', Create: 'POST', Update: 'PATCH', Delete: 'DELETE', Tag: 'POST' }[verb];
  const id = input['ApiId'];
  const path =
    verb === 'Tag'
      ? `/tags/${encodeURIComponent(String(input['ResourceArn']))}`
      : id === undefined
        ? '/apis'
        : `/apis/${String(id)}`;
  return [{ action: `apigateway:${method}`, resource: `arn:aws:apigateway:${region}::${path}` }];
}

/** What is made with tags is tagged by the same call, which asks for both. */
function restAccess({ RestPath, RestMethod, tags }: Fields): Access[] {
  const arn = (path: string): string => `arn:aws:apigateway:${region}::${path}`;
  const tagging = tags !== undefined && RestMethod === 'POST';
  return [
    { action: `apigateway:${String(RestMethod)}`, resource: arn(String(RestPath)) },
    ...(tagging ? [{ action: 'apigateway:PUT', resource: arn('/tags/new') }] : []),
  ];
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awswafv2.html */
const webAclAccess = (operation: string, { WebACLArn, ResourceArn }: Fields): Access[] =>
  [`wafv2:${operation}`, 'apigateway:SetWebACL'].flatMap((action) =>
    [WebACLArn, ResourceArn].flatMap((arn) => (arn === undefined ? [] : [{ action, resource: String(arn) }])),
  );

/** https://docs.aws.amazon.com/lambda/latest/dg/permissions-user-layer.html */
function layerAccess(operation: string, { LayerName, VersionNumber, Arn }: Fields): Access[] {
  const number = VersionNumber === undefined ? undefined : Number(VersionNumber);
  const resource = String(Arn ?? layerArn(String(LayerName), number));
  return [{ action: `lambda:${operation.replace(/ByArn$/, '')}`, resource }];
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_applicationautoscaling.html */
function scalingAccess(operation: string, input: Fields): Access[] {
  const action = `application-autoscaling:${operation}`;
  if (operation.startsWith('Describe')) return [{ action, resource: '*' }];
  const resource = `arn:aws:application-autoscaling:${region}:${account}:scalable-target/1a2b`;
  const context = { 'application-autoscaling:service-namespace': String(input['ServiceNamespace']) };
  return [{ action, resource, context }];
}

/** Queues, and what delivers from them: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html */
function queueAccess(operation: string, input: Fields): Access[] {
  const name = String(input['QueueName'] ?? String(input['QueueUrl']).split('/').at(-1));
  const resource = `arn:aws:sqs:${region}:${account}:${name}`;
  const tagging = input['tags'] ? [{ action: 'sqs:TagQueue', resource }] : [];
  return [{ action: `sqs:${operation}`, resource }, ...tagging];
}

function mappingAccess(operation: string, { FunctionName }: Fields): Access[] {
  const action = `lambda:${operation}`;
  if (operation === 'ListEventSourceMappings') return [{ action, resource: '*' }];
  // The stand-in has one function; a mapping that is named by its id is that one's.
  const arn = String(FunctionName ?? functionArn('digits-production', 'live'));
  const resource = `arn:aws:lambda:${region}:${account}:event-source-mapping:1a2b`;
  return [{ action, resource, context: { 'lambda:FunctionArn': arn } }];
}

/** What IAM asks of a call that the stand-in has seen. */
export function callAccesses({ operation, input }: Call): Access[] {
  if ('logGroupName' in input) return logAccess(operation, input);
  if ('RestPath' in input) return restAccess(input);
  if (operation.endsWith('WebACL')) return webAclAccess(operation, input);
  if (gateway.test(operation) || 'ApiId' in input || 'ResourceArn' in input) return gatewayAccess(operation, input);
  if ('ScalableDimension' in input) return scalingAccess(operation, input);
  if ('QueueName' in input || 'QueueUrl' in input) return queueAccess(operation, input);
  if (operation.includes('EventSourceMapping')) return mappingAccess(operation, input);
  if (operation === 'ListFunctions') return [{ action: 'lambda:ListFunctions', resource: '*' }];
  if ('LayerName' in input || 'Arn' in input) return layerAccess(operation, input);
  const name = String(input['FunctionName'] ?? '');
  const aliased = operation === 'UpdateAlias' || operation === 'DeleteAlias' ? input['Name'] : undefined;
  const qualifier = String(input['Qualifier'] ?? aliased ?? '');
  const resource = operation === 'TagResource' ? String(input['Resource']) : functionArn(name, qualifier);
  const context = contextOf(operation, input);
  const action = `lambda:${renamed[operation] ?? operation}`;
  return [{ action, resource, context }, ...further(operation, input, resource)];
}

/** A signed call of a function URL needs both: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html */
export const urlAccesses = (name: string, alias: string): Access[] =>
  ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'].map((action) => ({
    action,
    resource: functionArn(name, alias),
    context: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' },
  }));
