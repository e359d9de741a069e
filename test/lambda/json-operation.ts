import { checkValue, type Incoming, type Operation } from './contract.ts';
import { ServiceError } from './service-error.ts';
import type { Fields } from './state.ts';

/**
 * A request of AWS's JSON protocol: the operation stands in a header, `<service>.<operation>`, and all of its input in the
 * body, which is held to the SDK's own model. Throws ServiceError.
 */
export function readOperation(
  operations: readonly Operation[],
  service: string,
  { headers, body }: Incoming,
): { operation: Operation; input: Fields } {
  const [requested, name] = (headers['x-amz-target'] ?? '').split('.');
  const operation = operations.find((one) => requested === service && one.name === name);
  if (!operation) throw new ServiceError('UnknownOperationException', 404, `no operation ${name}`);
  const input = JSON.parse(body.toString('utf8')) as Fields;
  checkValue(operation.input, input, operation.name);
  return { operation, input };
}
