import { type AwsLambdaSettings, isOpenUrl } from '../../config/schema/aws-lambda.ts';
import type { TargetOperation } from '../needs.ts';

/** Whether an action is about the function with its versions and aliases, or about one of the two alone. */
type Reach = 'all' | 'function' | 'qualified';

export interface LambdaAction {
  action: string;
  operations: readonly TargetOperation[];
  reach: Reach;
  when?: (settings: AwsLambdaSettings) => boolean;
  /** Narrows the parameters of the call. */
  condition?: (settings: AwsLambdaSettings) => Record<string, Record<string, string | string[]>>;
}

/** With an API, too: candidates then have a function URL, so that they touch nothing live. */
const hasUrl = ({ endpoint }: AwsLambdaSettings): boolean => endpoint !== 'none';
/** Whom an address, an API or a bucket of uploads lets call the function. */
const callers = (settings: AwsLambdaSettings): string[] => [
  ...(hasUrl(settings) && isOpenUrl(settings) ? ['*'] : []),
  ...(/^(?:http|rest)-api$/.test(settings.endpoint) ? ['apigateway.amazonaws.com'] : []),
  ...(settings.batch ? ['s3.amazonaws.com'] : []),
];
const authType = (settings: AwsLambdaSettings) => ({
  StringEquals: { 'lambda:FunctionUrlAuthType': isOpenUrl(settings) ? 'NONE' : 'AWS_IAM' },
});

const all = (action: string, ...operations: TargetOperation[]): LambdaAction => ({ action, operations, reach: 'all' });

/**
 * What the driver of aws-lambda calls, by what a verb does. Actions, what they are about and conditions:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
 */
export const lambdaActions: readonly LambdaAction[] = [
  all('lambda:GetFunction', 'look'),
  // No separate call: GetFunction returns the tags only to callers that may list them.
  all('lambda:ListTags', 'look'),
  all('lambda:ListVersionsByFunction', 'look'),
  all('lambda:ListAliases', 'look'),
  all('lambda:ListFunctionUrlConfigs', 'look'),
  all('lambda:GetFunctionConfiguration', 'make'),
  all('lambda:CreateFunction', 'make'),
  // Demanded by CreateFunction too, which tags what it makes.
  all('lambda:TagResource', 'make'),
  all('lambda:UpdateFunctionCode', 'make'),
  all('lambda:UpdateFunctionConfiguration', 'make'),
  all('lambda:PublishVersion', 'make'),
  all('lambda:InvokeFunction', 'make', 'call'),
  { action: 'lambda:DeleteFunction', operations: ['make', 'clear'], reach: 'qualified' },
  { action: 'lambda:DeleteFunction', operations: ['remove'], reach: 'function' },
  all('lambda:CreateAlias', 'place'),
  all('lambda:UpdateAlias', 'place'),
  all('lambda:DeleteAlias', 'clear'),
  all('lambda:GetPolicy', 'place', 'clear'),
  { ...all('lambda:CreateFunctionUrlConfig', 'place'), when: hasUrl, condition: authType },
  { ...all('lambda:UpdateFunctionUrlConfig', 'place'), when: hasUrl, condition: authType },
  all('lambda:DeleteFunctionUrlConfig', 'clear'),
  all('lambda:RemovePermission', 'place', 'clear'),
  {
    ...all('lambda:AddPermission', 'place'),
    when: (settings) => callers(settings).length > 0,
    condition: (settings) => ({ StringEquals: { 'lambda:Principal': callers(settings) } }),
  },
  {
    ...all('lambda:InvokeFunctionUrl', 'call'),
    when: (settings) => hasUrl(settings) && !isOpenUrl(settings),
  },
  // A cap that models.yaml no longer names is taken away.
  all('lambda:DeleteFunctionConcurrency', 'place'),
  {
    ...all('lambda:PutFunctionConcurrency', 'place'),
    when: ({ reservedConcurrency }) => reservedConcurrency !== undefined,
  },
];
