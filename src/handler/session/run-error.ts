/**
 * The graph refused values that have the right type and shape: an index out of range, sizes that do not fit together.
 * Carries which operator and node refused, never the runtime's message, which may hold values and paths.
 */
export class RunError extends Error {
  readonly operator: string | undefined;
  readonly node: string | undefined;

  constructor(operator: string | undefined, node: string | undefined) {
    super(reasonOf(operator, node));
    this.name = 'RunError';
    this.operator = operator;
    this.node = node;
  }
}

/** Ends the name of a node that makes one tensor of a sequence, in the form with tensors alone; before it stands the output. */
export const stackSuffix = '/stack';

function reasonOf(operator: string | undefined, node: string | undefined): string {
  if (!operator) return 'The runtime refused the inputs.';
  if (!node?.endsWith(stackSuffix)) return `The ${operator} node refused its inputs.`;
  const output = JSON.stringify(node.slice(0, -stackSuffix.length));
  return `The tensors of its sequence ${output} have different shapes, so they are not one tensor.`;
}

/** Reads operator and node out of ONNX Runtime's message. */
export function toRunError(thrown: unknown): RunError {
  if (thrown instanceof RunError) return thrown;
  const text = thrown instanceof Error ? thrown.message : '';
  const found = /while running (\w{1,64}) node\. Name:'([^'\n]{0,120})'/.exec(text);
  return new RunError(found?.[1], found?.[2] || undefined);
}
