import { ApiGateway } from './api-gateway.ts';
import { AutoScaling } from './auto-scaling.ts';
import { Buckets } from './buckets.ts';
import type { Incoming } from './contract.ts';
import type { DataPlane, Reply } from './data-plane.ts';
import { LogGroups } from './log-groups.ts';
import { mappingOperations, Queues } from './queues.ts';
import { RestApis } from './rest-apis.ts';
import { RestFront } from './rest-front.ts';
import { ServiceError } from './service-error.ts';
import type { Account, Fields } from './state.ts';

/** A call of another service, read and checked, and not done yet. */
export interface NeighbourCall {
  operation: string;
  input: Fields;
  mutating: boolean;
  answer(): Reply;
}

/** The services beside Lambda that a function has things in, at the same address: requests are told apart by their scope. */
export class Neighbours {
  readonly logs = new LogGroups();
  readonly buckets = new Buckets();
  readonly queues = new Queues();
  /** Event source mappings, which Lambda's own API makes. */
  readonly mappings: ReturnType<typeof mappingOperations>;
  readonly apis: ApiGateway;
  readonly scaling: AutoScaling;
  readonly rest: RestApis;
  /** Stages of REST APIs. */
  readonly front: RestFront;

  /** @param urlOf where an HTTP API of that id answers */
  constructor(account: Account, data: DataPlane, urlOf: (id: string) => string) {
    this.apis = new ApiGateway(account, data, this.logs, urlOf);
    this.scaling = new AutoScaling(account);
    this.rest = new RestApis(account);
    this.front = new RestFront(this.rest, account, data);
    const versionOf = (arn: string) => account.version(arn.split(':')[6], arn.split(':')[7]);
    this.mappings = mappingOperations(this.queues, (arn) => Number(versionOf(arn).configuration['Timeout']));
    this.buckets.mayCall = (arn, bucket) => account.allows(arn, 's3.amazonaws.com', `arn:aws:s3:::${bucket}`);
  }

  /** Throws ServiceError for a service that is not here, and for what its model does not have. */
  read(service: string, incoming: Incoming): NeighbourCall {
    if (service === 'logs') return this.logs.read(incoming);
    if (service === 'sqs') return this.queues.read(incoming);
    if (service === 's3') return this.buckets.read(incoming);
    if (service === 'apigateway' && incoming.url.pathname.startsWith('/v2/')) return this.apis.read(incoming);
    if (service === 'apigateway') return this.rest.read(incoming);
    if (service === 'wafv2') return this.rest.readWebAcls(incoming);
    if (service === 'application-autoscaling') return this.scaling.read(incoming);
    throw new ServiceError(
      'MissingAuthenticationTokenException',
      403,
      `Credential should be scoped to lambda, not ${service}`,
    );
  }

  inventory(): string[] {
    return [
      ...[...this.logs.days].map(([name, days]) => `log group ${name} ${days ?? 'for ever'}`),
      ...[...this.buckets.notifications].map(([bucket, xml]) => `notification ${bucket} ${xml.length}`),
      ...this.queues.inventory(),
      ...[...this.mappings.all.values()].map((one) => `mapping ${one.EventSourceArn} -> ${one.FunctionArn}`),
      ...this.apis.inventory(),
      ...this.rest.inventory(),
      ...this.scaling.inventory(),
    ];
  }
}
