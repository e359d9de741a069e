import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sourcesOf } from '../../src/onnx/reaching-inputs.ts';
import { writeColdForm } from '../../src/optimize/cold-form.ts';
import { encodeModel, graphAttribute, integer, node, tensor, tensorType, value } from '../fixtures/onnx.ts';
import { bytes, text } from '../fixtures/protobuf.ts';

const folder = mkdtempSync(join(tmpdir(), 'coldgate-reaching-'));
afterAll(() => rmSync(folder, { recursive: true }));

const named = (name: string): Buffer => text(3, name);
const branch = (name: string, from: string): Buffer =>
  graphAttribute(
    name,
    bytes(1, node('Gather', ['table', from], [`${name}-rows`], named(`${name}-gather`))),
    text(2, name),
    bytes(12, value(`${name}-rows`, tensorType('float32', ['n', 2]))),
  );

/** Rows of a table: of a + b, and, in branches that take them from the graph around, of c or d. */
const model = encodeModel({
  nodes: [
    node('Add', ['a', 'b'], ['sum'], named('add')),
    node('Gather', ['table', 'sum'], ['rows'], named('lookup')),
    node('If', ['which'], ['chosen'], named('choice'), branch('then_branch', 'c'), branch('else_branch', 'd')),
    node('Gather', ['table', 'e'], ['plain']),
    node('Concat', ['rows', 'chosen', 'plain'], ['y'], named('join'), integer('axis', 0)),
  ],
  initializers: [tensor('table', 'float32', [4, 2], new Uint8Array(32))],
  inputs: [
    ...['a', 'b', 'c', 'd', 'e'].map((name) => value(name, tensorType('int64', ['n']))),
    value('which', tensorType('bool', [])),
  ],
  outputs: [value('y', tensorType('float32', ['m', 2]))],
});

describe.each(['onnx', 'ort'])('the inputs behind a node of an .%s file', (form) => {
  const original = join(folder, 'model.onnx');
  let path = original;
  beforeAll(async () => {
    writeFileSync(original, model);
    if (form === 'ort') path = (await writeColdForm({ model: original, folder, out: folder })).files[0]!;
  });

  it.each([
    ['Gather', 'lookup', ['a', 'b']],
    ['If', 'choice', ['c', 'd', 'which']],
    ['Gather', '', ['e']],
    ['Concat', 'join', ['a', 'b', 'c', 'd', 'e', 'which']],
    ['Concat', 'lookup', []],
  ])('are found for %s %j', (operator, name, inputs) => {
    const found = [...sourcesOf(path, operator, name)].filter((one) => one !== 'table').sort();
    expect(found).toEqual(inputs);
  });

  it('are not looked for in what is no model', () => {
    const broken = join(folder, `broken.${form}`);
    writeFileSync(broken, Buffer.alloc(100, 0x7f));
    expect(() => sourcesOf(broken, 'Gather', 'lookup')).toThrow(/./);
  });
});
