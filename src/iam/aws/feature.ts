import type { TargetOperation } from '../needs.ts';
import type { LambdaGroup } from './account.ts';

/** Actions of one setting of a function, beside Lambda's own. */
export interface Feature {
  sid: string;
  operations: readonly TargetOperation[];
  /** Whether the settings ask for it. Default: always. */
  when?: (group: LambdaGroup) => boolean;
  actions: readonly string[];
  resources: (group: LambdaGroup) => string[];
  /** Narrows what the calls may be about. */
  condition?: (group: LambdaGroup) => Record<string, Record<string, string | string[]>>;
}

/** ARNs of a service in the group's region and account. */
export const arnsIn =
  (service: string, ...rest: string[]) =>
  ({ partition, settings: { region }, account }: LambdaGroup): string[] =>
    rest.map((one) => `arn:${partition}:${service}:${region}:${account}:${one}`);

/** Ids of APIs are known once they are made. https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html */
export const gatewayArns =
  (...paths: string[]) =>
  ({ partition, settings: { region } }: Pick<LambdaGroup, 'partition' | 'settings'>): string[] =>
    paths.map((path) => `arn:${partition}:apigateway:${region}::${path}`);
