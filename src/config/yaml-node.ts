/** A piece of the YAML file with its place. Aliases share the node of their anchor. */
export type YamlNode = YamlScalar | YamlList | YamlMap;

interface YamlLocation {
  /** 1-based. */
  line: number;
}

export interface YamlScalar extends YamlLocation {
  kind: 'scalar';
  value: string | number | boolean | null;
  /** As written; shown in messages in place of the value, which may hold what the environment keeps secret. */
  written: string;
  /** Whether something of it came from the environment. */
  interpolated?: boolean;
  /** Something is wrong with it that has been reported; it needs no second message. */
  broken: boolean;
}

export interface YamlList extends YamlLocation {
  kind: 'list';
  items: YamlNode[];
}

export interface YamlMap extends YamlLocation {
  kind: 'map';
  /** By key, with the line of the key. */
  entries: Map<string, { line: number; node: YamlNode }>;
}

/** The plain value, for the schema. Safe from `__proto__`, which no node has as key. */
export function plainValue(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainValue);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plainValue(entry.node)]));
}

export type Path = readonly PropertyKey[];

/** `models.digits.handler.cors[0]`; very long names are cut short. */
export const formatPath = (path: Path): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = String(part).slice(0, 120);
    return text ? `${text}.${name}` : name;
  }, '');

/** The node at the path; undefined where the file has none. */
export function nodeAt(root: YamlNode, path: Path): YamlNode | undefined {
  let node: YamlNode | undefined = root;
  for (const part of path) {
    if (node?.kind === 'map') node = node.entries.get(String(part))?.node;
    else if (node?.kind === 'list' && typeof part === 'number') node = node.items[part];
    else return undefined;
  }
  return node;
}

/** The line of the last part of the path that is there: that of its key in a mapping. */
export function lineAt(root: YamlNode, path: Path): number {
  let node: YamlNode | undefined = root;
  let line = root.line;
  for (const part of path) {
    const entry: { line: number; node: YamlNode } | undefined =
      node?.kind === 'map' ? node.entries.get(String(part)) : undefined;
    const item: YamlNode | undefined = node?.kind === 'list' && typeof part === 'number' ? node.items[part] : undefined;
    node = entry?.node ?? item;
    if (!node) return line;
    line = entry?.line ?? node.line;
  }
  return line;
}

/** What came, in the words of the file, for "got …"; at most some 60 characters. */
export function describeNode(node: YamlNode | undefined): string {
  if (!node) return 'nothing';
  if (node.kind === 'list') return node.items.length === 0 ? 'an empty list' : `a list of ${node.items.length}`;
  if (node.kind === 'map') return node.entries.size === 0 ? 'an empty mapping' : 'a mapping';
  if (node.value === null) return 'nothing';
  const short = node.written.length > 60 ? `${node.written.slice(0, 60)}…` : node.written;
  return typeof node.value === 'string' ? JSON.stringify(short) : short;
}
