import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fieldHeader, type ProtoField, protoFields, varintField } from './proto-fields.ts';

/** The first IR version in which an initializer need not be a graph input. */
const firstWithoutConstantInputs = 4;

/**
 * Until IR version 3 every initializer had to be listed among the graph's inputs, where nobody can give it. The runtime
 * merges and drops initializers while it optimises, but leaves their inputs in the graph that it writes, which are then
 * required ones. So such inputs are taken out first, of subgraphs too. Writes the model without them into `folder` and
 * returns its path; returns `model` itself from IR version 4 on.
 */
export async function withoutConstantInputs(model: string, irVersion: number, folder: string): Promise<string> {
  if (irVersion >= firstWithoutConstantInputs) return model;
  const path = join(folder, '.constant-inputs.onnx');
  await pipeline(Readable.from(rewriteModel(await readFile(model))), createWriteStream(path));
  return path;
}

/** Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 */
const modelField = { irVersion: 1, graph: 7 };
const graphField = { node: 1, initializer: 5, input: 11, sparseInitializer: 15 };
const nodeField = { attribute: 5 };
const attributeField = { graph: 6, graphs: 11 };
const nameField = { tensor: 8, valueInfo: 1, sparseValues: 1 };

/** The encoded model in order; most pieces are views of the original. */
function rewriteModel(model: Buffer): Buffer[] {
  return mapFields(model, (field, payload) => {
    if (field.number === modelField.irVersion) return [varintField(modelField.irVersion, firstWithoutConstantInputs)];
    return field.number === modelField.graph ? nested(field, rewriteGraph(payload)) : undefined;
  });
}

function rewriteGraph(graph: Buffer): Buffer[] {
  const constants = initializerNames(graph);
  return mapFields(graph, (field, payload) => {
    if (field.number === graphField.node) return nested(field, rewriteNode(payload));
    return field.number === graphField.input && constants.has(nameOf(payload, nameField.valueInfo)) ? [] : undefined;
  });
}

const rewriteNode = (node: Buffer): Buffer[] =>
  mapFields(node, (field, payload) =>
    field.number === nodeField.attribute ? nested(field, rewriteAttribute(payload)) : undefined,
  );

const rewriteAttribute = (attribute: Buffer): Buffer[] =>
  mapFields(attribute, (field, payload) =>
    field.number === attributeField.graph || field.number === attributeField.graphs
      ? nested(field, rewriteGraph(payload))
      : undefined,
  );

/** Of this graph alone: a subgraph may use a name of the outer graph for an input of its own. */
function initializerNames(graph: Buffer): Set<string> {
  const names = new Set<string>();
  for (const field of protoFields(graph)) {
    const payload = graph.subarray(field.payload, field.end);
    if (field.number === graphField.initializer) names.add(nameOf(payload, nameField.tensor));
    if (field.number !== graphField.sparseInitializer) continue;
    for (const inner of protoFields(payload)) {
      if (inner.number !== nameField.sparseValues) continue;
      names.add(nameOf(payload.subarray(inner.payload, inner.end), nameField.tensor));
    }
  }
  return names;
}

function nameOf(message: Buffer, number: number): string {
  let name = '';
  for (const field of protoFields(message)) {
    if (field.number === number && field.wire === 2) name = message.toString('utf8', field.payload, field.end);
  }
  return name;
}

/** The message's pieces; `change` returns what a length-delimited field or number becomes, nothing where it stays. */
function mapFields(message: Buffer, change: (field: ProtoField, payload: Buffer) => Buffer[] | undefined): Buffer[] {
  const pieces: Buffer[] = [];
  let kept = 0;
  for (const field of protoFields(message)) {
    const changed = change(field, message.subarray(field.payload, field.end));
    if (!changed) continue;
    pieces.push(message.subarray(kept, field.start), ...changed);
    kept = field.end;
  }
  pieces.push(message.subarray(kept));
  return pieces;
}

/** Nothing where the message stays as it is, which one piece of it says. */
const nested = ({ number }: ProtoField, pieces: Buffer[]): Buffer[] | undefined =>
  pieces.length === 1 ? undefined : [fieldHeader(number, lengthOf(pieces)), ...pieces];

const lengthOf = (pieces: readonly Buffer[]): number => pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
