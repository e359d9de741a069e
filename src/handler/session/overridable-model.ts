import { graphField, initializerName, modelField, nodeField, valueField, valueName } from '../../model/onnx-graph.ts';
import { mapFields, messageField, protoFields, withPieces } from '../../model/wire-message.ts';

export interface OverridableModel {
  /** The model in order, its optional inputs made required ones. */
  model: Buffer[];
  /** A model without inputs whose outputs are their defaults, in the order of `names`. */
  defaults: Buffer[];
}

/**
 * The runtime's binding for Node takes no values for optional inputs (it looks for required ones alone), so a model is
 * loaded without the initializers that are their defaults, which makes them required. The defaults, in whatever form
 * they are encoded, are read by running a model that consists of nothing else. Throws RangeError.
 */
export function overridableModel(model: Buffer, names: readonly string[]): OverridableModel {
  const kept: Buffer[] = [];
  const found: Buffer[] = [];
  const graphPieces: Buffer[] = [];
  const pieces = mapFields(model, (field, payload) => {
    const whole = model.subarray(field.start, field.end);
    if (field.number === modelField.irVersion || field.number === modelField.opsetImport) kept.push(whole);
    if (field.number !== modelField.graph) return undefined;
    graphPieces.push(...defaultsOf(payload, names));
    return withPieces(
      field,
      mapFields(payload, (inner, bytes) => {
        const name = initializerName(inner.number, bytes);
        if (name === undefined || !names.includes(name)) return undefined;
        found.push(payload.subarray(inner.start, inner.end));
        return [];
      }),
    );
  });
  return { model: pieces, defaults: [...kept, messageField(modelField.graph, ...found, ...graphPieces)] };
}

const text = (field: number, value: string): Buffer => messageField(field, Buffer.from(value));

/** A node and an output for each name: an output cannot be an initializer itself. */
function defaultsOf(graph: Buffer, names: readonly string[]): Buffer[] {
  const pieces = [text(graphField.name, 'defaults')];
  for (const field of protoFields(graph)) {
    if (field.number !== graphField.input) continue;
    const info = graph.subarray(field.payload, field.end);
    const at = names.indexOf(valueName(info));
    if (at < 0) continue;
    const [input, output] = [text(nodeField.input, names[at] as string), text(nodeField.output, defaultName(at))];
    pieces.push(messageField(graphField.node, input, output, text(nodeField.operator, 'Identity')));
    pieces.push(messageField(graphField.output, text(valueField.name, defaultName(at)), ...typeOf(info)));
  }
  return pieces;
}

/** Of an output of the model of defaults. */
export const defaultName = (at: number): string => `default ${at}`;

const typeOf = (info: Buffer): Buffer[] =>
  [...protoFields(info)]
    .filter(({ number }) => number === valueField.type)
    .map(({ start, end }) => info.subarray(start, end));
