import { elementTypes } from '../model/element-types.ts';
import type { TensorInfo } from '../model/tensor-info.ts';
import { ModelFault } from './model-fault.ts';
import type { WireReader } from './wire-reader.ts';

/** Longest name of a tensor or dimension that we take; exporters write module paths, seldom above 200 bytes. */
export const nameLimit = 1024;
/** Most dimensions that we take; ONNX sets no limit, real models stay below 8. */
const rankLimit = 64;

const unsupportedDtypes: Record<number, string> = {
  14: 'complex64',
  15: 'complex128',
  16: 'bfloat16',
  17: 'float8e4m3fn',
  18: 'float8e4m3fnuz',
  19: 'float8e5m2',
  20: 'float8e5m2fnuz',
  21: 'uint4',
  22: 'int4',
  23: 'float4e2m1',
};
const otherKinds: Record<number, string> = { 4: 'sequence', 5: 'map', 7: 'opaque', 8: 'sparse tensor', 9: 'optional' };

/** A ValueInfoProto as it was read, before it is known whether it is used (`checkedTensor`). */
export interface ValueInfo extends ValueType {
  name: string;
  /** What a sequence holds. */
  element?: ValueType;
}

interface ValueType {
  kind: string;
  elementType: number;
  /** Undefined where the number of dimensions is not declared. */
  shape: (number | string)[] | undefined;
}

/** Reads a ValueInfoProto that ends at `end`. Throws ModelFault. */
export function readValueInfo(reader: WireReader, end: number): ValueInfo {
  const info: ValueInfo = { name: '', kind: '', elementType: 0, shape: undefined };
  reader.each(end, (field, wire, _value, stop) => {
    if (wire !== 2) return;
    if (field === 1) info.name = reader.text(stop, nameLimit);
    if (field === 2) readType(reader, stop, info);
  });
  if (!/^\P{Cc}+$/u.test(info.name)) {
    throw new ModelFault('model-invalid', 'has an input or output without a printable name', 'Export it again.');
  }
  if (info.name === '__proto__') {
    const words = 'has an input or output named __proto__, which ONNX Runtime for Node does not hand over';
    throw new ModelFault('model-unsupported', words, 'Give it another name and export it again.');
  }
  return info;
}

function readType(reader: WireReader, end: number, info: ValueInfo): void {
  reader.each(end, (field, wire, _value, stop) => {
    if (wire !== 2) return;
    readKind(reader, field, stop, info, info.name);
    if (info.kind === 'sequence') readSequence(reader, stop, info);
  });
}

function readKind(reader: WireReader, field: number, stop: number, type: ValueType, name: string): void {
  if (field !== 1) {
    type.kind = otherKinds[field] ?? type.kind;
    return;
  }
  type.kind = 'tensor';
  readTensorType(reader, stop, type, name);
}

/** TypeProto.Sequence: the type of what it holds. */
function readSequence(reader: WireReader, end: number, info: ValueInfo): void {
  const element: ValueType = { kind: '', elementType: 0, shape: undefined };
  info.element = element;
  reader.each(end, (field, wire, _value, stop) => {
    if (field !== 1 || wire !== 2) return;
    reader.each(stop, (inner, innerWire, _inner, innerStop) => {
      if (innerWire === 2) readKind(reader, inner, innerStop, element, info.name);
    });
  });
}

function readTensorType(reader: WireReader, end: number, info: ValueType, name: string): void {
  reader.each(end, (field, wire, value, stop) => {
    if (field === 1 && wire === 0) info.elementType = value;
    if (field !== 2 || wire !== 2) return;
    const shape: (number | string)[] = [];
    info.shape = shape;
    reader.each(stop, (inner, innerWire, _value, innerStop) => {
      if (inner !== 1 || innerWire !== 2) return;
      if (shape.length === rankLimit) {
        throw new ModelFault('model-invalid', `gives "${name}" more than ${rankLimit} dimensions`);
      }
      shape.push(readDimension(reader, innerStop, name));
    });
  });
}

/** -1 is what some exporters write for a dynamic size, and ONNX Runtime reads it so; other negatives are damage. */
function readDimension(reader: WireReader, end: number, name: string): number | string {
  let size: number | string = '';
  reader.each(end, (field, wire, value, stop) => {
    if (field === 1 && wire === 0) size = value === -1 ? '' : value;
    if (field === 2 && wire === 2) size = reader.text(stop, nameLimit);
  });
  if (typeof size === 'number' && !(Number.isSafeInteger(size) && size >= 0)) {
    throw new ModelFault('model-invalid', `gives "${name}" a dimension of ${size}`, 'Export it again.');
  }
  return size;
}

/** Whether the value is a tensor that the runtime for Node can take or give. */
export const isExchangeable = ({ kind, elementType }: ValueType): boolean =>
  kind === 'tensor' && elementTypes[elementType] !== undefined;

/** The value as a tensor that the runtime for Node can take or give. Throws ModelFault `model-unsupported`. */
export function checkedTensor(info: ValueInfo, role: 'input' | 'output'): TensorInfo {
  const dtype = elementTypes[info.elementType];
  if (info.kind === 'tensor' && dtype) return { name: info.name, dtype, shape: info.shape ?? null };
  throw new ModelFault('model-unsupported', `has an ${role} "${info.name}" ${obstacle(info)}`, remedy(info));
}

/** Why the value cannot be exchanged; follows its name. */
export function obstacle(info: ValueInfo): string {
  if (info.kind === '') return 'that declares no type';
  if (info.kind !== 'tensor') return `that is no tensor but of kind ${kindOf(info)}, which functions cannot exchange`;
  const type = unsupportedDtypes[info.elementType] ?? `number ${info.elementType}`;
  return `of type ${type}, which ONNX Runtime for Node cannot exchange`;
}

const kindOf = ({ kind, element }: ValueInfo): string => (element?.kind ? `${kind} of ${element.kind}` : kind);

/** What to do about it. */
export function remedy(info: ValueInfo): string {
  if (info.kind === 'tensor') return 'Cast it to float32 or int64 inside the model.';
  if (info.kind === '') {
    return 'Export it with shapes, for instance after onnx.shape_inference.infer_shapes.';
  }
  if (info.kind === 'optional') return 'Export the model with OptionalGetElement before it, so that it is a tensor.';
  if (info.kind === 'sequence' && info.element?.kind === 'tensor') {
    return 'Export the model with plain tensors, for instance after ConcatFromSequence.';
  }
  return 'Export the model with plain tensors; for scikit-learn classifiers use the option zipmap=False.';
}
