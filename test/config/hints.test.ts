import { copyFileSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { coreValue } from '../../src/config/core-value.ts';
import { loadConfig } from '../../src/config/load.ts';
import { readYaml } from '../../src/config/read-yaml.ts';
import { plainValue } from '../../src/config/yaml-node.ts';
import { InputError, type Problem } from '../../src/errors.ts';
import { type BadInput, goodConfig } from '../fixtures/bad-input.ts';
import { badInputs } from '../fixtures/bad-inputs.ts';
import { badValues } from '../fixtures/bad-values.ts';
import { layOut } from '../fixtures/lay-out.ts';

type Json = Record<string, unknown>;

/** The value at a place of models.yaml, which can be read and replaced, renamed or removed. */
interface Spot {
  value: unknown;
  set(value: unknown): void;
  remove(): void;
  rename(name: string): void;
  /** The mapping in which the last part of the path is. */
  parent: Json;
  folder: string;
  document: Json;
}

/** Names may hold dots, so the path is found among the keys that there are. */
function spotOf(document: Json, path: string, folder: string): Spot {
  let at = document;
  let rest = path;
  for (;;) {
    const key = Object.keys(at).find((one) => rest === one || rest.startsWith(`${one}.`) || rest.startsWith(`${one}[`));
    const name = key ?? rest;
    if (rest === name || rest.startsWith(`${name}[`)) return spotIn(at, name, document, folder);
    at = at[name] as Json;
    rest = rest.slice(name.length + 1);
  }
}

const spotIn = (at: Json, name: string, document: Json, folder: string): Spot => ({
  ...{ value: at[name], parent: at, document, folder },
  set: (value) => {
    at[name] = value;
  },
  remove: () => delete at[name],
  rename: (other) => {
    at[other] = at[name];
    delete at[name];
  },
});

const lambdaSettings = (spot: Spot): Json => spot.parent;

/** How a person follows each hint that proposes a change: on the values of the file, or on its text. */
const cures: readonly (readonly [RegExp, (spot: Spot, words: string[]) => unknown])[] = [
  [
    /^Write (?:three numbers: )?([\w.%:/-]+)\.$/,
    (spot, [, value = '']) => spot.set(/^\d+\.\d+\.\d+/.test(value) ? value : coreValue(value)),
  ],
  [/^Put it in quotes\.$/, (spot) => spot.set(String(spot.value))],
  [/^Write it without quotes\.$/, (spot) => spot.set(coreValue(String(spot.value)))],
  [/^Write it as a list: \[(.*)\]\.$/, (spot, [, value]) => spot.set([value])],
  [/^Write the value here/, (spot) => spot.set(/\d/.test(goodConfig) && spot.value === '${N}' ? 5 : '1.0.0')],
  [/^Write %25 for %\.$/, (spot) => spot.set(String(spot.value).replace('%', '%25'))],
  [/^Write \/ in its place\.$/, (spot) => spot.set(String(spot.value).replaceAll('\\', '/'))],
  [/^Write "-" in its place\.$/, (spot) => spot.set(String(spot.value).replace(/[^\w./:=-]/gu, '-'))],
  [/^Write it as (\w+):\/\/bucket\/prefix;/, (spot, [, scheme]) => spot.set(`${scheme}://bucket/prefix`)],
  [/^Write file: and a path, or three slashes\.$/, (spot) => spot.set('file:///host/x')],
  [/^Write file:\$\{HOME\}/, (spot) => spot.set(String(spot.value).replace('~', '${HOME}'))],
  [/^Write \?\$\{READ_URL_QUERY\}/, (spot) => spot.set(String(spot.value).replace(/\?.*/, '?${P}'))],
  [/^No part may be empty/, (spot) => spot.set(String(spot.value).replace('/..', ''))],
  [
    /^Did you mean (\S+)\?$/,
    (spot, [, name = '']) =>
      typeof spot.value === 'string' &&
      !(spot.parent['version'] && !['model', 'sample'].some((f) => spot.parent[f] === spot.value))
        ? spot.set(name)
        : spot.rename(name),
  ],
  [
    /^Remove it\.$/,
    (spot) =>
      typeof spot.value === 'string' && /[\t\0]/.test(spot.value)
        ? spot.set(spot.value.replace(/[\t\0]/g, ''))
        : spot.remove(),
  ],
  [
    /^Write pointer: ([\w.-]+) below/,
    (spot, [, name]) => Object.assign((spot.document['environments'] as Json)['staging'] as Json, { pointer: name }),
  ],
  [/^Rename it\.$/, (spot) => spot.rename(typeof spot.value === 'string' ? 'other.json' : 'other')],
  [/^Rename the model, for instance (\S+)\.$/, (spot, [, name = '']) => spot.rename(name)],
  [/^Lower it, or use endpoint: function-url\.$/, (spot) => spot.set(30)],
  [
    /^Set endpoint: function-url, or remove it\.$/,
    (spot) => Object.assign(lambdaSettings(spot), { endpoint: 'function-url' }),
  ],
  [/^Function URLs are limited by/, (spot) => spot.remove()],
  [/^An image holds all that the function needs\.$/, (spot) => spot.remove()],
  [
    /Take one out, or set runtime-layer: false\.$/,
    (spot) => Object.assign(lambdaSettings(spot), { 'runtime-layer': false }),
  ],
  [
    /^Set provisioned-concurrency to at least 1\.$/,
    (spot) => Object.assign(lambdaSettings(spot), { 'provisioned-concurrency': 1 }),
  ],
  [/^Raise the maximum\.$/, (spot) => (spot.value as Json[]).map((one) => Object.assign(one, { maximum: 9 }))],
  [/^Set package: image, or remove it\.$/, (spot) => spot.remove()],
  [/^Leave it out to use live\.$/, (spot) => spot.remove()],
  [/^Between the two either verdict is right; leave room\.$/, (spot) => spot.set('5%')],
  [/^Between the two either answer is right/, (spot) => spot.set('3%')],
  [/^A mean loss cannot be bounded without one/, (spot) => spot.set(1)],
  [/^Its mean is a square root/, (spot) => spot.set('relative')],
  [/^It belongs to top-k\.$/, (spot) => spot.remove()],
  [/^One example a line: /, (spot) => spot.set('sample.csv')],
  [/^Known here: data, metric/, (spot) => spot.remove()],
  [/^One start must be able to end in time\.$/, (spot) => spot.set(60)],
  [/^Models here: (\w+)\.$/, (spot, [, name]) => spot.set([name])],
  [/^Some stores and file systems cannot keep both\.$/, (spot) => spot.remove()],
  [
    /^Say which one is the model, with model: and its name\.$/,
    (spot) => Object.assign(spot.parent, { model: 'model.onnx' }),
  ],
  [/^For instance model\.onnx:/, (spot) => spot.set({ 'model.onnx': 'model.onnx' })],
  [
    /^Rename one of the two\.$/,
    ({ parent }) => Object.assign(parent, { files: { 'model.onnx': 'model.onnx', 'b.json': 'other.json' } }),
  ],
  [/^Paths are relative to models\.yaml\.$/, (spot) => spot.set('model.onnx')],
  [/^Name the file in it\.$/, (spot) => spot.set('model.onnx')],
  [/^Move the file into the repository/, (spot) => spot.set('model.onnx')],
  [/^Check the path, and that the file is checked out/, (spot) => spot.set('sample.json')],
  [
    /^Copy the file itself into the repository\.$/,
    ({ folder }) => {
      unlinkSync(join(folder, 'link.onnx'));
      copyFileSync(join(folder, 'model.onnx'), join(folder, 'link.onnx'));
    },
  ],
  [
    /^Bring what it leads to into the repository/,
    ({ folder }) => copyFileSync(join(folder, 'model.onnx'), join(folder, 'nowhere.onnx')),
  ],
];

/** Where there are no values to change: the text as it becomes. */
const rewritten: readonly (readonly [RegExp, (text: string) => string])[] = [
  [/^Begin with the line schema: 1$/, (text) => `schema: 1\n${text}`],
  [/^Save it as UTF-8\.$/, () => goodConfig],
  [/^Name the models\.yaml itself\.$/, () => goodConfig],
  [/^Keep one in each file\.$/, (text) => text.slice(0, text.indexOf('---'))],
  [/^Run in its directory, or pass --config\.$/, () => goodConfig],
  [/^Indent with spaces/, (text) => text.replaceAll('\t', '  ')],
  [
    /^A quote, bracket or brace above is not closed/,
    (text) => text.replace('[1.0.0', '[1.0.0]').replace('"file:', '"file:x"'),
  ],
  [/^Put a value that holds a colon in quotes\.$/, (text) => text.replace('v: 1', '"v: 1"')],
  [/^Inside \{ \} and \[ \] put \$\{NAME\} in quotes\.$/, (text) => text.replace('${P}', '"${P}"')],
  [/^Keep one of the two\.$/, (text) => text.replace('    version: 1.0.1\n', '')],
  [
    /^Use an alias for a whole value, or write the fields out\.$/,
    (text) => text.replace('<<: { retain: 3 }', 'retain: 3'),
  ],
  [/^Remove the tag\.$/, (text) => text.replace(/!\S+ /, '')],
  [/^Choose another name\.$/, (text) => text.replace('__proto__', 'proto')],
  [/^Write fewer models into one file, or use fewer aliases\.$/, (text) => text.replace(/^e: .*\n/m, '')],
  [
    /^Keep the lines of one side/,
    (text) => text.replace(/^=======\n[\s\S]*?(?=^>)/m, '').replace(/^[<>=|]{7}.*\n/gm, ''),
  ],
];

describe('hints', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coldgate-hints-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = () => join(folder, 'models.yaml');
  const problemsOf = async (env: Record<string, string>): Promise<readonly Problem[]> => {
    const error = await loadConfig(file(), { HOME: '/home/one', P: 'local', ...env }).catch((e: unknown) => e);
    if (error instanceof InputError) return error.problems;
    if (error instanceof Error) throw error;
    return [];
  };
  const same = (a: Problem, b: Problem) => a.path === b.path && a.message === b.message;

  /** Does what the hint says. A hint that nobody has put into one of the tables fails the test. */
  function follow(input: BadInput, { path, hint = '' }: Problem): void {
    const text = String(input.files['models.yaml'] ?? '');
    const rewrite = rewritten.find(([pattern]) => pattern.test(hint));
    if (rewrite) {
      writeFileSync(file(), rewrite[1](text));
      return;
    }
    const cure = cures.find(([pattern]) => pattern.test(hint));
    if (!cure) throw new Error(`no test follows the hint: ${hint}`);
    const { root } = readYaml(text.replaceAll('${', '$${'), {});
    const document = (root && plainValue(root)) as Json;
    cure[1](spotOf(document, path, folder), [...(cure[0].exec(hint) ?? [])]);
    writeFileSync(file(), JSON.stringify(document, null, 1));
  }

  const ofConfig = [...badInputs, ...badValues].filter(
    ({ code, folders }) => code === 'bad-config' && !folders?.includes('models.yaml'),
  );
  it.each(ofConfig.map((input) => [input.name, input] as const))('that are followed help: %s', async (_name, input) => {
    layOut(folder, input);
    for (const problem of await problemsOf(input.env ?? {})) {
      if (problem.hint === undefined) continue;
      if (Object.keys(input.links ?? {}).length === 0) layOut(folder, { files: input.files });
      follow(input, problem);
      const left = await problemsOf(input.env ?? {});
      expect(
        left.filter((one) => same(one, problem)),
        problem.hint,
      ).toEqual([]);
      // Nor does it lead to the next refusal of the same value.
      if (/^(?:Write|Put|Did|Rename the)/.test(problem.hint))
        expect(left.filter(({ path }) => path === problem.path && path !== '')).toEqual([]);
    }
  });
});
