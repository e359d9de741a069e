import type { TensorInfo } from '../model/tensor-info.ts';
import { type ExternalTensor, readTensor } from './external-tensors.ts';
import { ModelFault } from './model-fault.ts';
import { type ServedOutputs, servedOutputs } from './served-outputs.ts';
import { checkedTensor, isExchangeable, nameLimit, readValueInfo, type ValueInfo } from './value-info.ts';
import type { WireReader } from './wire-reader.ts';
import { readZipMap, type ZipMap } from './zip-map.ts';

/** protobuf refuses more than 100 nested messages; a graph inside a node's attribute takes three. */
const depthLimit = 33;
/** Above what any real model has; they bound memory for files made to exhaust it. */
const initializerLimit = 1_000_000;
const valueLimit = 10_000;
const setLimit = 10_000;

/** What a walk over the graph finds, subgraphs included where that matters. */
export interface GraphHead {
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  /** Names of the top graph's initializers, also the sparse ones. */
  initializers: Set<string>;
  /** Tensors whose values lie in other files, of initializers and of attributes, subgraphs included. */
  externalData: ExternalTensor[];
  nodeDomains: Set<string>;
  operators: Set<string>;
  /** ZipMap nodes of the top graph. */
  zipMaps: ZipMap[];
}

export const emptyGraphHead = (): GraphHead => ({
  inputs: [],
  outputs: [],
  initializers: new Set(),
  externalData: [],
  nodeDomains: new Set(),
  operators: new Set(),
  zipMaps: [],
});

/**
 * Reads the GraphProto that ends at `end` into `head`: field numbers as in
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3. Tensor payloads are skipped by position.
 */
export function readGraph(reader: WireReader, end: number, head: GraphHead, depth = 0): void {
  if (depth > depthLimit) throw new ModelFault('model-invalid', `nests graphs deeper than ${depthLimit}`);
  reader.each(end, (field, wire, _value, stop) => {
    if (wire !== 2) return;
    if (field === 1) readNode(reader, stop, head, depth);
    if (field === 5) addInitializer(readTensor(reader, stop, head.externalData), head, depth);
    if (field === 15) readSparse(reader, stop, (name) => addInitializer(name, head, depth), head);
    if (depth > 0) return;
    if (field === 11) addValue(head.inputs, readValueInfo(reader, stop));
    if (field === 12) addValue(head.outputs, readValueInfo(reader, stop));
  });
}

function addValue(list: ValueInfo[], info: ValueInfo): void {
  if (list.length === valueLimit) {
    throw new ModelFault('model-invalid', `has more than ${valueLimit} inputs or outputs`);
  }
  list.push(info);
}

function addInitializer(name: string, head: GraphHead, depth: number): void {
  if (depth > 0) return;
  head.initializers.add(name);
  if (head.initializers.size > initializerLimit) {
    throw new ModelFault('model-invalid', `has more than ${initializerLimit} initializers`);
  }
}

/** NodeProto: its operator, its domain, and the tensors and graphs in its attributes. */
export function readNode(reader: WireReader, end: number, head: GraphHead, depth: number): void {
  const start = reader.position;
  let operator = '';
  reader.each(end, (field, wire, _value, stop) => {
    if (wire !== 2) return;
    if (field === 4) {
      operator = reader.text(stop, nameLimit);
      addTo(head.operators, operator, 'operators');
    }
    if (field === 5) readAttribute(reader, stop, head, depth);
    if (field === 7) addTo(head.nodeDomains, reader.text(stop, nameLimit), 'operator domains');
  });
  if (operator !== 'ZipMap' || depth > 0) return;
  // Its fields may come in any order, so it is read once more.
  reader.position = start;
  head.zipMaps.push(readZipMap(reader, end));
}

/** AttributeProto: 5 and 10 are tensors, 6 and 11 graphs, 22 and 23 sparse tensors. */
function readAttribute(reader: WireReader, end: number, head: GraphHead, depth: number): void {
  reader.each(end, (field, wire, _value, stop) => {
    if (wire !== 2) return;
    if (field === 5 || field === 10) readTensor(reader, stop, head.externalData);
    if (field === 6 || field === 11) readGraph(reader, stop, head, depth + 1);
    if (field === 22 || field === 23) readSparse(reader, stop, () => {}, head);
  });
}

/** SparseTensorProto: the values carry the name; values and indices may both lie outside. */
function readSparse(reader: WireReader, end: number, named: (name: string) => void, head: GraphHead): void {
  reader.each(end, (field, wire, _value, stop) => {
    if (wire !== 2) return;
    if (field === 1) named(readTensor(reader, stop, head.externalData));
    if (field === 2) readTensor(reader, stop, head.externalData);
  });
}

function addTo(set: Set<string>, text: string, what: string): void {
  set.add(text);
  if (set.size > setLimit) throw new ModelFault('model-invalid', `names more than ${setLimit} ${what}`);
}

/** From this IR version on an initializer need not be a graph input, and one that is can be given another value. */
const firstWithOptionalInputs = 4;

/**
 * The tensors that a caller gives and gets; inputs that have a default come last. Until IR version 3 every initializer
 * was listed among the inputs, where no caller can give it. Throws ModelFault.
 */
export function tensorsOf(head: GraphHead, irVersion: number): { inputs: TensorInfo[] } & ServedOutputs {
  const required = head.inputs.filter((info) => !head.initializers.has(info.name));
  const optional = irVersion < firstWithOptionalInputs ? [] : head.inputs.filter((info) => !required.includes(info));
  const inputs = required.map((info) => checkedTensor(info, 'input'));
  // One of a type that functions cannot exchange keeps its default.
  inputs.push(
    ...optional.filter(isExchangeable).map((info) => ({ ...checkedTensor(info, 'input'), optional: true as const })),
  );
  for (const list of [head.inputs, head.outputs]) {
    const seen = new Set<string>();
    for (const { name } of list) {
      if (seen.has(name)) throw new ModelFault('model-invalid', `names "${name}" twice among its inputs or outputs`);
      seen.add(name);
    }
  }
  if (inputs.length === 0) {
    const hint = 'Export the model with what callers give as its inputs.';
    throw new ModelFault('model-unsupported', 'takes no input, so there is nothing to infer', hint);
  }
  if (head.outputs.length === 0) {
    throw new ModelFault('model-invalid', 'has no outputs', 'Export the model with what callers need as its outputs.');
  }
  const takesMissing = [...head.operators].some((operator) => missingAware.has(operator));
  const served = servedOutputs(head.outputs, head.zipMaps);
  return { inputs: takesMissing ? inputs.map(nullable) : inputs, ...served };
}

/** Operators for which not-a-number is a missing value: https://github.com/onnx/onnx/blob/main/docs/Operators-ml.md */
const missingAware: ReadonlySet<string> = new Set([
  ...['Imputer', 'TreeEnsemble', 'TreeEnsembleClassifier', 'TreeEnsembleRegressor', 'IsNaN'],
]);

const nullable = (info: TensorInfo): TensorInfo =>
  info.dtype.includes('float') ? { ...info, nullable: true as const } : info;
