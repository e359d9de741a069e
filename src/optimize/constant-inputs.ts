import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { attributeField, graphField, initializerName, modelField, nodeField, valueName } from '../model/onnx-graph.ts';
import { mapFields, protoFields, varintField, withPieces } from '../model/wire-message.ts';

/** The first IR version in which an initializer need not be a graph input. */
const firstWithoutConstantInputs = 4;

/**
 * Until IR version 3 every initializer had to be listed among the graph's inputs, where no caller can give it. The
 * runtime merges and drops initializers while it optimises, but leaves their inputs in the graph that it writes, which
 * are then required ones. So such inputs are taken out first, of subgraphs too. Writes the model without them into
 * `folder` and returns its path; returns `model` itself from IR version 4 on.
 */
export async function withoutConstantInputs(model: string, irVersion: number, folder: string): Promise<string> {
  if (irVersion >= firstWithoutConstantInputs) return model;
  const path = join(folder, '.constant-inputs.onnx');
  await pipeline(Readable.from(rewriteModel(await readFile(model))), createWriteStream(path));
  return path;
}

const rewriteModel = (model: Buffer): Buffer[] =>
  mapFields(model, (field, payload) => {
    if (field.number === modelField.irVersion) return [varintField(modelField.irVersion, firstWithoutConstantInputs)];
    return field.number === modelField.graph ? withPieces(field, rewriteGraph(payload)) : undefined;
  });

function rewriteGraph(graph: Buffer): Buffer[] {
  const constants = initializerNames(graph);
  return mapFields(graph, (field, payload) => {
    if (field.number === graphField.node) return withPieces(field, rewriteNode(payload));
    return field.number === graphField.input && constants.has(valueName(payload)) ? [] : undefined;
  });
}

const rewriteNode = (node: Buffer): Buffer[] =>
  mapFields(node, (field, payload) =>
    field.number === nodeField.attribute ? withPieces(field, rewriteAttribute(payload)) : undefined,
  );

const rewriteAttribute = (attribute: Buffer): Buffer[] =>
  mapFields(attribute, (field, payload) =>
    field.number === attributeField.graph || field.number === attributeField.graphs
      ? withPieces(field, rewriteGraph(payload))
      : undefined,
  );

/** Only of this graph: a subgraph may use a name of the outer graph for its own input. */
function initializerNames(graph: Buffer): Set<string | undefined> {
  const names = [...protoFields(graph)].map(({ number, payload, end }) =>
    initializerName(number, graph.subarray(payload, end)),
  );
  return new Set(names.filter((name) => name !== undefined));
}
