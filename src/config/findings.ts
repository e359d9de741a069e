import type { Problem } from '../errors.ts';
import { formatPath, lineAt, nodeAt, type Path, type YamlNode } from './yaml-node.ts';

/**
 * Collects what rules beyond the schema find. Rules look at the file's nodes, not at checked data, so that one wrong
 * field does not hide what is wrong elsewhere; what has the wrong type is nothing to them.
 */
export class Findings {
  readonly problems: Problem[] = [];
  readonly #root: YamlNode;

  constructor(root: YamlNode) {
    this.#root = root;
  }

  add(path: Path, message: string, hint?: string): void {
    this.problems.push({ path: formatPath(path), line: lineAt(this.#root, path), message, hint });
  }

  /** Keys of the mapping at the path, in the order of the file. */
  keys(path: Path): string[] {
    const node = nodeAt(this.#root, path);
    return node?.kind === 'map' ? [...node.entries.keys()] : [];
  }

  isEmptyMap(path: Path): boolean {
    const node = nodeAt(this.#root, path);
    return node?.kind === 'map' && node.entries.size === 0;
  }

  has(path: Path): boolean {
    return nodeAt(this.#root, path) !== undefined;
  }

  /** The usable scalar at the path. */
  value(path: Path): string | number | boolean | undefined {
    const node = nodeAt(this.#root, path);
    return node?.kind === 'scalar' && !node.broken && node.value !== null ? node.value : undefined;
  }

  text(path: Path): string | undefined {
    const value = this.value(path);
    return typeof value === 'string' ? value : undefined;
  }

  /** The text as the file has it: a message must not show what came from the environment. */
  written(path: Path): string {
    return JSON.stringify(this.whole(path).slice(0, 80));
  }

  /** The same, all of it, to be looked at and not to be shown. */
  whole(path: Path): string {
    const node = nodeAt(this.#root, path);
    return node?.kind === 'scalar' ? node.written : '';
  }

  /** The texts of the list at the path; undefined where there is no list. */
  list(path: Path): (string | undefined)[] | undefined {
    const node = nodeAt(this.#root, path);
    return node?.kind === 'list' ? node.items.map((_item, at) => this.text([...path, at])) : undefined;
  }
}
