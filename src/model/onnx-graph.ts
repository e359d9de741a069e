import { protoFields } from './wire-message.ts';

/** Field numbers that rewriting a model needs: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 */
export const modelField = { irVersion: 1, graph: 7, opsetImport: 8 };
export const graphField = { node: 1, name: 2, initializer: 5, input: 11, output: 12, sparseInitializer: 15 };
export const nodeField = { input: 1, output: 2, operator: 4, attribute: 5 };
export const attributeField = { graph: 6, graphs: 11 };
export const valueField = { name: 1, type: 2 };
const tensorField = { name: 8 };
const sparseField = { values: 1 };

/** Name of a ValueInfoProto. */
export const valueName = (message: Buffer): string => textOf(message, valueField.name);

/** Name of an initializer, by the field of the graph that holds it; undefined for other fields. */
export function initializerName(field: number, message: Buffer): string | undefined {
  if (field === graphField.initializer) return textOf(message, tensorField.name);
  if (field !== graphField.sparseInitializer) return undefined;
  for (const inner of protoFields(message)) {
    if (inner.number === sparseField.values)
      return textOf(message.subarray(inner.payload, inner.end), tensorField.name);
  }
  return undefined;
}

function textOf(message: Buffer, number: number): string {
  let text = '';
  for (const field of protoFields(message)) {
    if (field.number === number && field.wire === 2) text = message.toString('utf8', field.payload, field.end);
  }
  return text;
}
