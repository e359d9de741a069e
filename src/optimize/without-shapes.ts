import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { FlatBufferFile, graphOfOrt, ortField } from '../onnx/ort-format.ts';

/** TypeInfoValue of the format: a tensor. */
const tensorType = 1;
/** AttributeType of the format: a graph, several graphs. */
const graphTypes: readonly number[] = [5, 10];

/**
 * Takes the declared shapes of inputs and of what lies between nodes out of a model in the format of ONNX Runtime, in its
 * place. With them the runtime looks, while it opens the model, for a used tensor of the same shape to put each result in,
 * and compares each with all that it has: two thirds to four fifths of the whole (2 CPUs, medians: a 90 MB encoder of 180
 * nodes 11.1 ms, without 5.1; a recogniser of 353 nodes 28.5 and 6.3). Without them each result gets its memory when it is
 * computed, of the same arena; answers are the same bits, warm runs as fast within 1 %. Outputs keep their shapes. A model
 * whose nodes have subgraphs is left as it is, since some of those need shapes. Returns whether any was taken out.
 */
export function withoutShapes(path: string): boolean {
  const file = openSync(path, 'r+');
  try {
    const flat = new FlatBufferFile(file);
    const graph = graphOfOrt(flat);
    const shaped = graph === undefined || hasSubgraphs(flat, graph) ? [] : shapedTypes(flat, graph);
    const end = Math.ceil(fstatSync(file).size / 4) * 4;
    const places = new Map<string, { at: number; bytes: Buffer }>();
    for (const type of shaped) {
      const { at } = placesWithoutShape(flat, type, end, places);
      const toPlaces = Buffer.alloc(4);
      toPlaces.writeInt32LE(type - at);
      writeSync(file, toPlaces, 0, 4, type);
    }
    for (const { at, bytes } of places.values()) writeSync(file, bytes, 0, bytes.length, at);
    return shaped.length > 0;
  } finally {
    closeSync(file);
  }
}

/**
 * A list of fields' places that leaves the shape out, to stand at the end of the file: tables share theirs with tables that
 * stay as they are.
 */
function placesWithoutShape(
  flat: FlatBufferFile,
  type: number,
  end: number,
  known: Map<string, { at: number; bytes: Buffer }>,
): { at: number; bytes: Buffer } {
  const element = (flat.field(type, ortField.tensorType.element) ?? type) - type;
  const size = flat.tableBytes(type);
  const key = `${size} ${element}`;
  const found = known.get(key);
  if (found) return found;
  const bytes = Buffer.alloc(8);
  // Its own bytes, those of the table, and one field.
  for (const [at, value] of [6, size, element].entries()) bytes.writeUInt16LE(value, 2 * at);
  const made = { at: end + 8 * known.size, bytes };
  known.set(key, made);
  return made;
}

const hasSubgraphs = (flat: FlatBufferFile, graph: number): boolean =>
  flat
    .list(graph, ortField.graph.nodes)
    .some((node) =>
      flat
        .list(node, ortField.node.attributes)
        .some((attribute) => graphTypes.includes(flat.whole(attribute, ortField.attribute.type, 4))),
    );

/** Where the types of tensors with a shape are: of inputs without a default and of what nodes make, but for the outputs. */
function shapedTypes(flat: FlatBufferFile, graph: number): number[] {
  const { initializers, values, nodes, inputs, outputs } = ortField.graph;
  const wanted = new Set(flat.texts(graph, inputs));
  for (const node of flat.list(graph, nodes))
    for (const name of flat.texts(node, ortField.node.outputs)) wanted.add(name);
  const kept = flat.texts(graph, outputs);
  for (const tensor of flat.list(graph, initializers)) {
    const name = flat.follow(tensor, ortField.tensor.name);
    if (name !== undefined) kept.push(flat.text(name));
  }
  for (const name of kept) wanted.delete(name);
  return flat.list(graph, values).flatMap((value) => {
    const name = flat.follow(value, ortField.value.name);
    const info = name !== undefined && wanted.has(flat.text(name)) && flat.follow(value, ortField.value.type);
    if (!info || flat.whole(info, ortField.type.kind, 1) !== tensorType) return [];
    const type = flat.follow(info, ortField.type.value);
    return type !== undefined && flat.field(type, ortField.tensorType.shape) !== undefined ? [type] : [];
  });
}
