import type { z } from 'zod';
import type { Problem } from '../errors.ts';
import { nearest } from '../inputs.ts';
import { Cures, issuesOf } from './hints.ts';
import { describeNode, formatPath, lineAt, nodeAt, type Path, type YamlNode } from './yaml-node.ts';

type Issue = z.core.$ZodIssue;

const typeWords: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/**
 * The words after "expected" for a field of the schema that defines none. For unknown keys they list the known ones,
 * which only the schema that refused knows.
 */
export const expectedWords: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type') return typeWords[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') return oneOf(issue.values.map(String));
  if (issue.code === 'invalid_union' && issue.discriminator) return oneOf(optionsOf(issue).map(String));
  if (issue.code === 'too_small' && issue.origin === 'array') return `at least ${count(Number(issue.minimum))}`;
  if (issue.code === 'too_big' && issue.origin === 'array') return `at most ${count(Number(issue.maximum))}`;
  if (issue.code === 'unrecognized_keys') {
    const shape = (issue.inst?._zod.def as { shape?: object } | undefined)?.shape ?? {};
    return Object.keys(shape).join(' ');
  }
  return 'another value';
};

const oneOf = (values: readonly string[]): string =>
  values.length === 1 ? (values[0] as string) : `one of ${values.join(', ')}`;
const count = (entries: number): string => `${entries} ${entries === 1 ? 'entry' : 'entries'}`;

/** Each of zod's issues as sentences with the place in the file; nothing where the value is known to be broken. */
export function explain(issues: readonly Issue[], root: YamlNode): Problem[] {
  const wrong = (changed: unknown) =>
    new Set(issuesOf(changed).flatMap((issue) => intended(issue, []).map((one) => JSON.stringify(one.path))));
  const cures = new Cures(root, wrong);
  // Two rules of one field may give the same message.
  const report = new Set<string>();
  return issues
    .flatMap((issue) => intended(issue, []))
    .flatMap((one) => explainOne(one, root, cures))
    .filter(({ path, message }) => !report.has(`${path} ${message}`) && report.add(`${path} ${message}`));
}

/** The issue under its whole path, or those of the branch of a union that was meant. */
function intended(issue: Issue, base: Path): { issue: Issue; path: Path }[] {
  const path = [...base, ...issue.path];
  const branch = issue.code === 'invalid_union' && issue.errors.length > 0 ? meantBranch(issue.errors) : undefined;
  return branch ? branch.flatMap((inner) => intended(inner, path)) : [{ issue, path }];
}

function explainOne({ issue, path }: { issue: Issue; path: Path }, root: YamlNode, cures: Cures): Problem[] {
  if (isBroken(root, path)) return [];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, path, issue.message, root));
  if (issue.code === 'invalid_key') return [badKey(path, issue.issues[0]?.message ?? 'another name', root)];
  const node = nodeAt(root, path);
  const missing = node === undefined ? 'is missing: ' : '';
  const message = `${missing}expected ${issue.message}${missing ? '' : `, got ${describeNode(node)}`}.`;
  return [{ path: formatPath(path), line: lineAt(root, path), message, hint: hintFor(issue, path, node, cures) }];
}

function isBroken(root: YamlNode, path: Path): boolean {
  return path.some((_part, at) => {
    const node = nodeAt(root, path.slice(0, at + 1));
    return node?.kind === 'scalar' && node.broken;
  });
}

/** The branch of a union whose outer type is what was written: its messages are more specific than "none of these". */
function meantBranch(branches: readonly Issue[][]): Issue[] | undefined {
  const fits = branches.filter(
    (issues) => !issues.some((i) => i.path.length === 0 && (i.code === 'invalid_type' || i.code === 'invalid_value')),
  );
  return fits.length === 1 ? fits[0] : undefined;
}

function unknownKey(key: string, path: Path, known: string, root: YamlNode): Problem {
  const inner = [...path, key];
  const names = known.split(' ').filter(Boolean);
  const close = nearest(key, names);
  const hint = close ? `Did you mean ${close}?` : `Known here: ${names.join(', ')}.`;
  return { path: formatPath(inner), line: lineAt(root, inner), message: 'is no known field.', hint };
}

function badKey(path: Path, expected: string, root: YamlNode): Problem {
  const message = `expected ${expected}, got ${JSON.stringify(String(path.at(-1)).slice(0, 60))}.`;
  return { path: formatPath(path), line: lineAt(root, path), message };
}

function hintFor(issue: Issue, path: Path, node: YamlNode | undefined, cures: Cures): string | undefined {
  if (node?.kind !== 'scalar' || node.value === null) return undefined;
  const wantsOther = issue.code === 'invalid_type' && ['number', 'int', 'boolean'].includes(issue.expected);
  if (wantsOther && node.interpolated) return 'Text from ${…} stays text; write the value here.';
  // What came from the environment is neither tried nor shown.
  const cure = node.interpolated ? undefined : cures.hintFor(path, node);
  if (cure) return cure;
  const values = issue.code === 'invalid_value' ? issue.values : optionsOf(issue);
  const close = typeof node.value === 'string' && nearest(node.written, values.map(String));
  return close ? `Did you mean ${close}?` : undefined;
}

/** The discriminator values of a union, which zod adds where none of them matched. */
const optionsOf = (issue: object): readonly unknown[] =>
  'options' in issue && Array.isArray(issue.options) ? issue.options : [];
