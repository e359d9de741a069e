import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

/** A hint as the sources spell it. */
export interface SourceHint {
  /** From the root: `src/verbs/serve.ts`. */
  file: string;
  /** Its words; what is filled in stands as `…`. */
  text: string;
}

/** A node of the syntax tree, as ESTree has them. */
type Node = Record<string, unknown> & { type: string };

const root = join(import.meta.dirname, '..', '..');
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value;
const nodes = (value: unknown): Node[] => (Array.isArray(value) ? value : [value]).filter(isNode);
const nameOf = (node: unknown): string => (isNode(node) ? String(node['name'] ?? node['value'] ?? '') : '');

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const value of Object.values(node)) for (const one of nodes(value)) walk(one, visit);
}

/** What names stand for: in the file itself, else in the one place of the sources that declares them. */
class Declarations {
  readonly #inFile = new Map<string, Node[]>();
  readonly #anywhere = new Map<string, Node[]>();

  add(file: string, name: string, node: Node): void {
    for (const [map, key] of [[this.#inFile, `${file} ${name}`] as const, [this.#anywhere, name] as const])
      map.set(key, [...(map.get(key) ?? []), node]);
  }

  of(file: string, name: string): Node[] {
    const anywhere = this.#anywhere.get(name) ?? [];
    return this.#inFile.get(`${file} ${name}`) ?? (anywhere.length === 1 ? anywhere : []);
  }

  addAll(file: string, tree: Node): void {
    walk(tree, (node) => {
      const { type, id, init, key, value } = node;
      if (type === 'VariableDeclarator' && isNode(init)) {
        if ((id as Node).type === 'Identifier') this.add(file, nameOf(id), init);
        else walk(id as Node, (one) => one.type === 'Identifier' && this.add(file, nameOf(one), init));
      }
      if (type === 'FunctionDeclaration') this.add(file, nameOf(id), node);
      if (type === 'MethodDefinition' && isNode(value)) this.add(file, nameOf(key), value);
    });
  }
}

const isFunction = ({ type }: Node): boolean => /Function/.test(type);
const passedThrough = /^(?:filter|join|replace|find)$/;

/** The texts that an expression may give, as far as they are spelled out; what is handed on is found where it is made. */
function textsOf(file: string, node: unknown, names: Declarations, depth = 12): string[] {
  if (!isNode(node) || depth === 0) return [];
  const all = (...some: unknown[]) => some.flatMap(nodes).flatMap((one) => textsOf(file, one, names, depth - 1));
  switch (node.type) {
    case 'Literal':
      return typeof node['value'] === 'string' ? [node['value']] : [];
    case 'TemplateLiteral':
      return [
        nodes(node['quasis'])
          .map((part) => (part['value'] as { cooked: string }).cooked)
          .join('…'),
      ];
    case 'ConditionalExpression':
      return all(node['consequent'], node['alternate']);
    case 'LogicalExpression':
      return all(node['left'], node['right']);
    case 'ArrayExpression':
      return all(node['elements']);
    case 'ObjectExpression':
      return all(nodes(node['properties']).map((one) => one['value']));
    case 'AssignmentPattern':
      return all(node['right']);
    case 'Identifier':
      return names.of(file, nameOf(node)).flatMap((one) => (isFunction(one) ? [] : all(one)));
    case 'CallExpression': {
      const callee = node['callee'] as Node;
      if (callee.type === 'MemberExpression' && passedThrough.test(nameOf(callee['property'])))
        return all(callee['object']);
      return names
        .of(file, nameOf(callee))
        .filter(isFunction)
        .flatMap((one) => returned(one))
        .flatMap((one) => all(one));
    }
    default:
      // `a as const`, `(a)`, `a!`, `await a`, `a[b]`, `a.b` where a is a table.
      return node.type === 'MemberExpression' && node['computed'] !== true
        ? []
        : all(node['expression'], node['argument'], node['object']);
  }
}

function returned(declared: Node): Node[] {
  const body = declared['body'] as Node;
  if (body.type !== 'BlockStatement') return [body];
  const found: Node[] = [];
  const visit = (node: Node): void => {
    if (node.type === 'ReturnStatement') found.push(...nodes(node['argument']));
    if (isFunction(node)) return;
    for (const value of Object.values(node)) nodes(value).forEach(visit);
  };
  visit(body);
  return found;
}

const isHint = (name: string): boolean => /^(?:hint|cure|advice)$/.test(name);

/** What is given as a hint here: a property, a variable, or an argument for a parameter of that name. */
function given(file: string, node: Node, names: Declarations): unknown[] {
  if (node.type === 'Property' && isHint(nameOf(node['key']))) return [node['value']];
  if (node.type === 'VariableDeclarator' && isHint(nameOf(node['id']))) return [node['init']];
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return [];
  const callee = node['callee'] as Node;
  const name = callee.type === 'MemberExpression' ? nameOf(callee['property']) : nameOf(callee);
  const parameters = names
    .of(file, name)
    .filter(isFunction)
    .map((one) => nodes(one['params']));
  return nodes(node['arguments']).filter((_, at) =>
    parameters.some((all) => isHint(nameOf(all[at]?.['left'] ?? all[at]))),
  );
}

/** Nodes that keep their identity, which those of the parser do not. */
const treeOf = (file: string): Node =>
  JSON.parse(
    JSON.stringify(parseAst(readFileSync(join(root, file), 'utf8'), { lang: 'ts' }), (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    ),
  ) as Node;

/** Every hint that the sources spell out, once a file. */
export function collectHints(): SourceHint[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/${name.replaceAll('\\', '/')}`)
    .sort();
  const trees = files.map((file) => [file, treeOf(file)] as const);
  const names = new Declarations();
  for (const [file, tree] of trees) names.addAll(file, tree);
  const found = new Map<string, SourceHint>();
  for (const [file, tree] of trees) {
    walk(tree, (node) => {
      for (const one of given(file, node, names))
        for (const text of textsOf(file, one, names))
          if (text.includes(' ')) found.set(`${file}\n${text}`, { file, text });
    });
  }
  return [...found.values()];
}
