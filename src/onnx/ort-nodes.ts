import type { GraphNode } from './graph-nodes.ts';
import { FlatBufferFile, graphOfOrt, ortField } from './ort-format.ts';

/** Nodes of the top graph of a model in the format of ONNX Runtime. Throws RangeError for what is none. */
export function nodesOfOrt(file: number): GraphNode[] {
  const flat = new FlatBufferFile(file);
  const graph = graphOfOrt(flat);
  if (graph === undefined) return [];
  const { name, operator, inputs, outputs, implicitInputs } = ortField.node;
  return flat.list(graph, ortField.graph.nodes).map((node) => {
    const text = (index: number): string => {
      const found = flat.follow(node, index);
      return found ? flat.text(found) : '';
    };
    return {
      operator: text(operator),
      name: text(name),
      inputs: [...flat.texts(node, inputs), ...flat.texts(node, implicitInputs)],
      outputs: flat.texts(node, outputs),
    };
  });
}
