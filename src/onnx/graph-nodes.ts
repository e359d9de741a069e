import { nameLimit } from './value-info.ts';
import type { WireReader } from './wire-reader.ts';

/** A node of the top graph; its inputs are also what graphs in its attributes may take from outside. */
export interface GraphNode {
  operator: string;
  /** May be empty. */
  name: string;
  inputs: string[];
  outputs: string[];
}

/** Nodes of the ModelProto that the reader is at the begin of. Throws ModelFault. */
export function nodesOfModel(reader: WireReader): GraphNode[] {
  const found: GraphNode[] = [];
  reader.each(reader.size, (field, wire, _value, end) => {
    if (field === 7 && wire === 2) readNodes(reader, end, found);
  });
  return found;
}

/** GraphProto: its nodes alone. */
function readNodes(reader: WireReader, end: number, found: GraphNode[]): void {
  reader.each(end, (field, wire, _value, stop) => {
    if (field === 1 && wire === 2) found.push(readNode(reader, stop));
  });
}

function readNode(reader: WireReader, end: number): GraphNode {
  const node: GraphNode = { operator: '', name: '', inputs: [], outputs: [] };
  reader.each(end, (field, wire, _value, stop) => {
    if (wire !== 2) return;
    if (field === 1) node.inputs.push(reader.text(stop, nameLimit));
    if (field === 2) node.outputs.push(reader.text(stop, nameLimit));
    if (field === 3) node.name = reader.text(stop, nameLimit);
    if (field === 4) node.operator = reader.text(stop, nameLimit);
    if (field === 5) readInner(reader, stop, node.inputs);
  });
  return node;
}

/** AttributeProto: 6 and 11 are graphs, whose nodes may name values of the graphs around them. */
function readInner(reader: WireReader, end: number, inputs: string[]): void {
  reader.each(end, (field, wire, _value, stop) => {
    if (wire !== 2 || (field !== 6 && field !== 11)) return;
    const inner: GraphNode[] = [];
    readNodes(reader, stop, inner);
    for (const node of inner) inputs.push(...node.inputs);
  });
}
