import { elementTypes } from './element-types.ts';
import type { TensorInfo } from './tensor-info.ts';
import { messageField, protoFields, varintField } from './wire-message.ts';

/** Field numbers that rewriting a model needs: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 */
export const modelField = { irVersion: 1, graph: 7, opsetImport: 8 };
export const graphField = {
  ...{ node: 1, name: 2, initializer: 5, input: 11, output: 12, valueInfo: 13 },
  sparseInitializer: 15,
};
export const nodeField = { input: 1, output: 2, name: 3, operator: 4, attribute: 5 };
export const attributeField = { name: 1, integer: 3, graph: 6, graphs: 11, type: 20 };
export const valueField = { name: 1, type: 2 };
const tensorField = { name: 8 };
const sparseField = { values: 1 };

/** Name of a ValueInfoProto. */
export const valueName = (message: Buffer): string => textOf(message, valueField.name);

export const textField = (number: number, text: string): Buffer => messageField(number, Buffer.from(text));

/** A whole ValueInfoProto of a tensor. */
export function tensorValue({ name, dtype, shape }: TensorInfo): Buffer {
  const number = Object.entries(elementTypes).find(([, known]) => known === dtype)?.[0];
  const sizes = (shape ?? []).map((size) =>
    messageField(1, ...(size === '' ? [] : [typeof size === 'number' ? varintField(1, size) : textField(2, size)])),
  );
  const tensor = [varintField(1, Number(number)), ...(shape ? [messageField(2, ...sizes)] : [])];
  return Buffer.concat([textField(valueField.name, name), messageField(valueField.type, messageField(1, ...tensor))]);
}

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

export function textOf(message: Buffer, number: number): string {
  let text = '';
  for (const field of protoFields(message)) {
    if (field.number === number && field.wire === 2) text = message.toString('utf8', field.payload, field.end);
  }
  return text;
}
