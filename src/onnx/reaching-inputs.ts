import { closeSync, fstatSync, openSync } from 'node:fs';
import { isRuntimeFormat } from '../model/layout.ts';
import { type GraphNode, nodesOfModel } from './graph-nodes.ts';
import { nodesOfOrt } from './ort-nodes.ts';
import { WireReader } from './wire-reader.ts';

/**
 * Names of the graph inputs and initializers that a node depends on; empty where the file has no such node: the runtime
 * makes others of some when it loads a model. `name` may be empty, as in the file; all nodes of that operator without a
 * name are meant then. Throws for a file that cannot be read.
 */
export function sourcesOf(path: string, operator: string, name: string): Set<string> {
  const nodes = nodesOf(path);
  const makers = new Map<string, GraphNode>();
  for (const node of nodes) for (const output of node.outputs) makers.set(output, node);
  const found = new Set<string>();
  const seen = new Set<GraphNode>();
  const todo = nodes.filter((node) => node.operator === operator && node.name === name);
  for (let node = todo.pop(); node; node = todo.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    for (const input of node.inputs) {
      const maker = makers.get(input);
      if (maker) todo.push(maker);
      else found.add(input);
    }
  }
  return found;
}

function nodesOf(path: string): GraphNode[] {
  const file = openSync(path, 'r');
  try {
    return isRuntimeFormat(path) ? nodesOfOrt(file) : nodesOfModel(new WireReader(file, fstatSync(file).size));
  } finally {
    closeSync(file);
  }
}
