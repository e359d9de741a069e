import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stackSuffix } from '../handler/session/run-error.ts';
import {
  attributeField,
  graphField,
  modelField,
  nodeField,
  tensorValue,
  textField,
  textOf,
  valueName,
} from '../model/onnx-graph.ts';
import {
  mapFields,
  messageField,
  type ProtoField,
  protoFields,
  varintField,
  withPieces,
} from '../model/wire-message.ts';
import type { ModelHead } from '../onnx/read-head.ts';

type Head = Pick<ModelHead, 'conversions' | 'leftOut' | 'opset'>;

/** Where a model imports none of ONNX's own operators: one that has Identity for every type. */
const opset = 13;

/**
 * Writes the model with tensors in place of outputs that are none: without the ZipMap nodes that make maps of scores,
 * with the tensors of a sequence put together, and without outputs that no function can answer with. All other bytes are the model's, so it answers as that does.
 */
export async function writeTensorForm(model: string, head: Head, path: string): Promise<void> {
  await pipeline(Readable.from(tensorModel(await readFile(model), head)), createWriteStream(path));
}

function tensorModel(model: Buffer, head: Head): Buffer[] {
  const pieces = mapFields(model, (field, payload) =>
    field.number === modelField.graph ? withPieces(field, tensorGraph(payload, head)) : undefined,
  );
  return head.opset > 0 ? pieces : [...pieces, messageField(modelField.opsetImport, varintField(2, opset))];
}

function tensorGraph(graph: Buffer, { conversions, leftOut }: Head): Buffer[] {
  const of = (name: string) => conversions.find(({ tensor }) => tensor.name === name);
  const gone = new Set(leftOut.map(({ output }) => output));
  const used = gone.size > 0 ? usedNames(graph) : gone;
  const stacked = new Set(conversions.filter(({ how }) => how === 'stack').map(({ tensor }) => tensor.name));
  const pieces = mapFields(graph, (field, payload) => {
    if (field.number === graphField.output) {
      const name = valueName(payload);
      const conversion = of(name);
      if (gone.has(name)) return [];
      return conversion && [messageField(graphField.output, tensorValue(conversion.tensor))];
    }
    if (field.number === graphField.valueInfo) return of(valueName(payload)) && [];
    if (field.number !== graphField.node) return undefined;
    if (makesOnly(payload, gone) && !textsOf(payload, nodeField.output).some((name) => used.has(name))) return [];
    const unzipped = textOf(payload, nodeField.operator) === 'ZipMap' && of(textOf(payload, nodeField.output));
    return unzipped ? [identity(payload)] : withPieces(field, renamed(payload, stacked));
  });
  return [...pieces, ...[...stacked].map(stackNode)];
}

const textsOf = (message: Buffer, number: number): string[] =>
  [...protoFields(message)]
    .filter((field) => field.number === number)
    .map(({ payload, end }) => message.toString('utf8', payload, end));

/** Whether it makes nothing else than such outputs: those may be of types that forms cannot hold. */
const makesOnly = (node: Buffer, names: ReadonlySet<string>): boolean =>
  names.size > 0 && textsOf(node, nodeField.output).every((name) => name === '' || names.has(name));

/** What the graph's nodes take, also those of graphs inside, and what those give. */
function usedNames(graph: Buffer, inside = false): Set<string> {
  const names = new Set<string>();
  for (const field of protoFields(graph)) {
    const payload = graph.subarray(field.payload, field.end);
    if (inside && field.number === graphField.output) names.add(valueName(payload));
    if (field.number !== graphField.node) continue;
    for (const name of textsOf(payload, nodeField.input)) names.add(name);
    for (const inner of graphsOf(payload)) for (const name of usedNames(inner, true)) names.add(name);
  }
  return names;
}

function* graphsOf(node: Buffer): Generator<Buffer> {
  for (const field of protoFields(node)) {
    if (field.number !== nodeField.attribute) continue;
    const attribute = node.subarray(field.payload, field.end);
    for (const { number, payload, end } of protoFields(attribute)) {
      if (number === attributeField.graph || number === attributeField.graphs) yield attribute.subarray(payload, end);
    }
  }
}

/** A node that passes on what the given one takes, under the name of its output. */
const identity = (node: Buffer): Buffer =>
  messageField(
    graphField.node,
    textField(nodeField.input, textOf(node, nodeField.input)),
    textField(nodeField.output, textOf(node, nodeField.output)),
    textField(nodeField.operator, 'Identity'),
  );

/** What a sequence is called inside the graph, whose own name the tensor takes. */
const sequenceName = (name: string): string => `${name}/sequence`;

/** https://github.com/onnx/onnx/blob/main/docs/Operators.md#ConcatFromSequence */
const stackNode = (name: string): Buffer =>
  messageField(
    graphField.node,
    textField(nodeField.input, sequenceName(name)),
    textField(nodeField.output, name),
    textField(nodeField.name, `${name}${stackSuffix}`),
    textField(nodeField.operator, 'ConcatFromSequence'),
    ...[integerAttribute('axis', 0), integerAttribute('new_axis', 1)],
  );

const integerAttribute = (name: string, value: number): Buffer =>
  messageField(
    nodeField.attribute,
    textField(attributeField.name, name),
    varintField(attributeField.integer, value),
    varintField(attributeField.type, 2),
  );

/** The node with other names for these values, also in the graphs that it holds: names are unique across all of them. */
const renamed = (node: Buffer, names: ReadonlySet<string>): Buffer[] =>
  mapFields(node, (field, payload) => {
    if (field.number === nodeField.input || field.number === nodeField.output) return otherName(field, payload, names);
    if (field.number !== nodeField.attribute) return undefined;
    return withPieces(
      field,
      mapFields(payload, (inner, bytes) =>
        inner.number === attributeField.graph || inner.number === attributeField.graphs
          ? withPieces(inner, renamedGraph(bytes, names))
          : undefined,
      ),
    );
  });

const renamedGraph = (graph: Buffer, names: ReadonlySet<string>): Buffer[] =>
  mapFields(graph, (field, payload) => {
    if (field.number === graphField.node) return withPieces(field, renamed(payload, names));
    if (field.number !== graphField.output && field.number !== graphField.input) return undefined;
    return withPieces(
      field,
      mapFields(payload, (inner, bytes) => (inner.number === 1 ? otherName(inner, bytes, names) : undefined)),
    );
  });

function otherName({ number }: ProtoField, payload: Buffer, names: ReadonlySet<string>): Buffer[] | undefined {
  const name = payload.toString('utf8');
  return names.has(name) ? [textField(number, sequenceName(name))] : undefined;
}
