import * as sdk from '@aws-sdk/client-cloudwatch-logs';
import { type Incoming, operationsOf } from './contract.ts';
import { readOperation } from './json-operation.ts';
import type { NeighbourCall } from './neighbours.ts';
import { ServiceError } from './service-error.ts';
import type { Fields } from './state.ts';

const operations = operationsOf(sdk);

/** Log groups with the days that they keep; the control plane of CloudWatch Logs as far as a function needs it. */
export class LogGroups {
  /** Days by name; `undefined` keeps for ever. */
  readonly days = new Map<string, number | undefined>();

  read(request: Incoming): NeighbourCall {
    const { operation, input } = readOperation(operations, 'Logs_20140328', request);
    return {
      operation: operation.name,
      input,
      mutating: !/^(?:Describe|Get|List)/.test(operation.name),
      answer: () => {
        this.#do(operation.name, input);
        return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: Buffer.from('{}') };
      },
    };
  }

  #do(operation: string, input: Fields): void {
    const name = String(input['logGroupName']);
    if (operation === 'CreateLogGroup') {
      if (this.days.has(name)) {
        throw new ServiceError('ResourceAlreadyExistsException', 400, 'The specified log group already exists');
      }
      this.days.set(name, undefined);
    } else if (operation === 'PutRetentionPolicy') {
      if (!this.days.has(name)) {
        throw new ServiceError('ResourceNotFoundException', 400, 'The specified log group does not exist.');
      }
      this.days.set(name, Number(input['retentionInDays']));
    } else throw new ServiceError('NotImplemented', 501, `The stand-in does not know ${operation}`);
  }
}
