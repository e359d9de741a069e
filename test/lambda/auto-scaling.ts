import * as sdk from '@aws-sdk/client-application-auto-scaling';
import { checkValue, type Incoming, operationsOf } from './contract.ts';
import { readOperation } from './json-operation.ts';
import type { NeighbourCall } from './neighbours.ts';
import { ServiceError } from './service-error.ts';
import type { Account, Fields } from './state.ts';

const operations = operationsOf(sdk);
const dimension = 'lambda:function:ProvisionedConcurrency';

export interface ScalableTarget {
  least: number;
  most: number;
  policies: Map<string, Fields>;
  schedules: Map<string, Fields>;
}

const refuse = (message: string): never => {
  throw new ServiceError('ValidationException', 400, message);
};

/**
 * Application Auto Scaling as far as provisioned concurrency needs it: its requests by the SDK's own model, its rules by
 * https://docs.aws.amazon.com/autoscaling/application/APIReference/. Nothing scales by itself here; a test says when.
 */
export class AutoScaling {
  /** By resource id: `function:digits-production:7`. */
  readonly targets = new Map<string, ScalableTarget>();
  readonly #account: Account;

  constructor(account: Account) {
    this.#account = account;
  }

  read(request: Incoming): NeighbourCall {
    const { operation, input } = readOperation(operations, 'AnyScaleFrontendService', request);
    return {
      operation: operation.name,
      input,
      mutating: !operation.name.startsWith('Describe'),
      answer: () => {
        const answer = this.#do(operation.name, input);
        checkValue(operation.output, answer, `answer of ${operation.name}`);
        const type = { 'content-type': 'application/x-amz-json-1.1' };
        return { status: 200, headers: type, body: Buffer.from(JSON.stringify(answer)) };
      },
    };
  }

  /** What the service does by itself: another number of instances, within the bounds. */
  scale(id: string, requested: number): void {
    const { least, most } = this.#find(id);
    const [, name = '', number = ''] = id.split(':');
    const provisioned = this.#account.find(name).provisioned;
    provisioned.set(number, { requested: Math.min(Math.max(requested, least), most), pending: 0 });
  }

  #do(operation: string, input: Fields): Fields {
    const id = String(input['ResourceId']);
    if (input['ServiceNamespace'] !== 'lambda' || input['ScalableDimension'] !== dimension) refuse('another service');
    if (operation === 'RegisterScalableTarget') return this.#register(id, input);
    const target = this.#find(id);
    if (operation === 'DeregisterScalableTarget') this.targets.delete(id);
    else if (operation === 'PutScalingPolicy') return this.#policy(target, input);
    else if (operation === 'PutScheduledAction') this.#schedule(target, input);
    else if (operation === 'DescribeScheduledActions') return { ScheduledActions: [...target.schedules.values()] };
    else if (operation === 'DeleteScheduledAction') {
      if (!target.schedules.delete(String(input['ScheduledActionName']))) this.#missing(id);
    } else throw new ServiceError('NotImplemented', 501, `The stand-in does not know ${operation}`);
    return {};
  }

  /** A version or an alias of a function, which has to be there. */
  #register(id: string, { MinCapacity, MaxCapacity }: Fields): Fields {
    const [, name = '', qualifier = ''] = /^function:([^:]+):([^:]+)$/.exec(id) ?? [];
    if (qualifier === '' || qualifier === '$LATEST') refuse(`Unsupported resource id: ${id}`);
    const found = this.#account.functions.get(name);
    if (!found?.versions.has(qualifier) && !found?.aliases.has(qualifier)) refuse(`no Lambda function ${id}`);
    const known = this.targets.get(id);
    const least = Number(MinCapacity ?? known?.least);
    const most = Number(MaxCapacity ?? known?.most);
    if (!(least >= 0 && least <= most)) refuse('Maximum capacity cannot be less than minimum capacity');
    const { policies = new Map<string, Fields>(), schedules = new Map<string, Fields>() } = known ?? {};
    this.targets.set(id, { least, most, policies, schedules });
    return { ScalableTargetARN: `arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/${id}` };
  }

  #policy(target: ScalableTarget, input: Fields): Fields {
    const { TargetValue, PredefinedMetricSpecification: metric } = (input['TargetTrackingScalingPolicyConfiguration'] ??
      {}) as { TargetValue?: number; PredefinedMetricSpecification?: Fields };
    if (input['PolicyType'] !== 'TargetTrackingScaling') refuse('Lambda knows target tracking alone');
    if (metric?.['PredefinedMetricType'] !== 'LambdaProvisionedConcurrencyUtilization') refuse('another metric');
    if (!(Number(TargetValue) >= 0.1 && Number(TargetValue) <= 0.9)) refuse('a target from 0.1 to 0.9');
    target.policies.set(String(input['PolicyName']), input);
    return { PolicyARN: `arn:aws:autoscaling:eu-west-1:123456789012:scalingPolicy:1`, Alarms: [] };
  }

  #schedule(target: ScalableTarget, input: Fields): void {
    if (!/^(?:cron|rate|at)\(.+\)$/.test(String(input['Schedule']))) refuse('a bad schedule');
    const { ServiceNamespace, ResourceId, ScalableDimension, ScheduledActionName, Schedule, ScalableTargetAction } =
      input;
    const described = { ServiceNamespace, ResourceId, ScalableDimension, ScheduledActionName, Schedule };
    const made = { ScheduledActionARN: 'arn:aws:autoscaling:1', CreationTime: 0, ScalableTargetAction };
    target.schedules.set(String(ScheduledActionName), { ...described, ...made });
  }

  #find(id: string): ScalableTarget {
    return this.targets.get(id) ?? this.#missing(id);
  }

  #missing(id: string): never {
    throw new ServiceError('ObjectNotFoundException', 400, `No scalable target registered for ${id}`);
  }

  inventory(): string[] {
    return [...this.targets].map(([id, { least, most, policies, schedules }]) => {
      return `scaled ${id} ${least} to ${most}, ${[...policies.keys(), ...schedules.keys()].join(' ')}`;
    });
  }
}
