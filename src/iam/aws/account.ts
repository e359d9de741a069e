import { type AwsLambdaSettings, isOpenUrl } from '../../config/schema/aws-lambda.ts';
import type { TargetSettings } from '../../config/types.ts';
import type { FunctionPlan, Subject } from '../subject.ts';
import { partitionOf, readArn } from './policy.ts';

/** Functions of one set of Lambda settings. */
export interface LambdaGroup {
  kind: FunctionPlan['kind'];
  settings: AwsLambdaSettings;
  /** The endpoint of what is live: looked for by every verb, also of a preview, which has none of its own. */
  endpoint: AwsLambdaSettings['endpoint'];
  partition: string;
  account: string;
  functions: FunctionPlan[];
}

export const isLambda = (target: TargetSettings): boolean => target.provider === 'aws-lambda';

/**
 * What the settings mean for a function of a pull request: it is a candidate, and so has a function URL and nothing that
 * belongs to what is live.
 */
function previewSettings({ batch: _, queue: __, ...settings }: AwsLambdaSettings): AwsLambdaSettings {
  const endpoint = settings.endpoint === 'none' ? 'none' : 'function-url';
  return { ...settings, endpoint, auth: isOpenUrl(settings) ? 'none' : 'iam' };
}

/** Functions on Lambda, by their kind and the settings that they share. */
export function lambdaGroups({ functions }: Subject): LambdaGroup[] {
  const groups = new Map<string, LambdaGroup>();
  for (const one of functions) {
    const given = one.target;
    if (given.provider !== 'aws-lambda') continue;
    const settings = one.kind === 'preview' ? previewSettings(given) : given;
    const { endpoint } = given;
    const key = JSON.stringify([one.kind, endpoint, settings]);
    const { partition = 'aws', account = '' } = readArn(settings.role) ?? {};
    const group = groups.get(key) ?? { kind: one.kind, settings, endpoint, partition, account, functions: [] };
    group.functions.push(one);
    groups.set(key, group);
  }
  return [...groups.values()];
}

export interface AwsAccount {
  partition: string;
  /** Undefined where models.yaml names no role and the caller none. */
  id: string | undefined;
  /** Of the bucket, else of the functions. */
  region: string | undefined;
}

export function accountOf(subject: Subject): AwsAccount {
  const [first] = lambdaGroups(subject);
  const region = subject.store.region ?? first?.settings.region;
  return {
    partition: first?.partition ?? partitionOf(region),
    id: first?.account ?? subject.account,
    region,
  };
}

/** `arn:aws:lambda:eu-west-1:123456789012:function:digits-production`, of each function. */
export const functionArns = ({ settings, partition, account, functions }: LambdaGroup): string[] =>
  functions.map(({ name }) => `arn:${partition}:lambda:${settings.region}:${account}:function:${name}`);
