import { describe, expect, it } from 'vitest';
import { readYaml } from '../../src/config/read-yaml.ts';
import { formatPath, lineAt, nodeAt, plainValue, type YamlNode } from '../../src/config/yaml-node.ts';

function good(source: string, env: Record<string, string> = {}): YamlNode {
  const { root, problems } = readYaml(source, env);
  expect(problems).toEqual([]);
  if (!root) throw new Error('there is no document');
  return root;
}
const value = (source: string, env: Record<string, string> = {}): unknown => plainValue(good(source, env));

describe('readYaml', () => {
  it('reads scalars by the core schema of YAML 1.2', () => {
    const source = 'a: 5\nb: 1.5\nc: 0x10\nd: true\ne: off\nf: ~\ng:\nh: "5"\ni: 2026-01-01\nj: .inf\nk: |\n  x\n  y\n';
    expect(value(source)).toEqual({
      a: 5,
      b: 1.5,
      c: 16,
      d: true,
      e: 'off',
      f: null,
      g: null,
      h: '5',
      i: '2026-01-01',
      j: Infinity,
      k: 'x\ny\n',
    });
  });

  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('knows the line of every key and value with %s', (_name, end) => {
    const root = good(['a:', '  - x', '  - {b: 1,', '     c: 2}', 'd: "', '  e"', 'f:'].join(end));
    const lines = [['a'], ['a', 0], ['a', 1], ['a', 1, 'b'], ['a', 1, 'c'], ['d'], ['f']].map((path) =>
      lineAt(root, path),
    );
    expect(lines).toEqual([1, 2, 3, 3, 4, 5, 7]);
  });

  it('answers for what is missing with the line of what holds it', () => {
    const root = good('a:\n  b: 1\n');
    expect(lineAt(root, ['a', 'c', 'd'])).toBe(1);
    expect(lineAt(root, ['a', 'b', 0])).toBe(2);
    expect(nodeAt(root, ['a', 'c'])).toBeUndefined();
  });

  it('gives an alias the value and the lines of its anchor', () => {
    const root = good('a: &x {b: 1}\nc:\n  - *x\n  - *x\n');
    expect(plainValue(root)).toEqual({ a: { b: 1 }, c: [{ b: 1 }, { b: 1 }] });
    expect(lineAt(root, ['c', 1, 'b'])).toBe(1);
  });

  it('keeps names of the language as ordinary keys, but for __proto__', () => {
    expect(value('constructor: 1\ntoString: 2\n')).toEqual({ constructor: 1, toString: 2 });
    const { root, problems } = readYaml('a:\n  __proto__: {polluted: true}\n', {});
    expect(problems).toMatchObject([{ path: 'a.__proto__', line: 2 }]);
    expect(root && plainValue(root)).toEqual({ a: {} });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('takes text from the environment as text', () => {
    const env = { A: '5', B: 'x: {y: 1}', C: '${A}', _d9: '' };
    const source = 'a: ${A}\nb: ${B}\nc: pre-${C}-post\nd: "[${_d9}]"\ne: $${A}\nf: $A\ng: {h: "${A}/${B}"}\n';
    expect(value(source, env)).toEqual({
      a: '5',
      b: 'x: {y: 1}',
      c: 'pre-${A}-post',
      d: '[]',
      e: '${A}',
      f: '$A',
      g: { h: '5/x: {y: 1}' },
    });
  });

  it('leaves keys and comments alone', () => {
    expect(value('${A}: 1 # ${B}\n')).toEqual({ '${A}': 1 });
  });

  it('takes only what the environment itself holds', () => {
    expect(readYaml('a: ${toString} ${__proto__}\n', {}).problems).toHaveLength(2);
  });

  it('counts what an alias stands for each time', () => {
    const wide = (uses: number) => `a: &a [${'x,'.repeat(999)}x]\nb: [${new Array(uses).fill('*a').join(', ')}]\n`;
    expect(readYaml(wide(40), {}).problems).toEqual([]);
    expect(readYaml(wide(60), {})).toMatchObject({ root: undefined, problems: [{ line: 2 }] });
  });
});

describe('formatPath', () => {
  it('dots names and brackets positions', () => {
    expect(formatPath(['models', 'a', 'handler', 'cors', 0])).toBe('models.a.handler.cors[0]');
    expect(formatPath([])).toBe('');
  });
});
