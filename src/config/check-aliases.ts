import type { Findings } from './findings.ts';
import { mayInterpolate, notHere } from './interpolate.ts';
import type { Path, YamlNode } from './yaml-node.ts';

/** An alias must not carry what came from the environment to where a `${…}` is refused. */
export function checkAliases(findings: Findings, node: YamlNode, path: Path = []): void {
  if (node.kind === 'scalar') {
    if (node.interpolated && !mayInterpolate(path)) findings.add(path, notHere.message, notHere.hint);
  } else if (node.kind === 'list') {
    for (const [at, item] of node.items.entries()) checkAliases(findings, item, [...path, at]);
  } else {
    for (const [name, entry] of node.entries) checkAliases(findings, entry.node, [...path, name]);
  }
}
