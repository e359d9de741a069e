import type { VerbSpec } from '../catalog/spec.ts';
import { catalog } from '../catalog.ts';
import type { InputSpec } from '../inputs.ts';
import { toolVersion } from '../version.ts';
import { commandInputs, globalFlags } from './argv.ts';

const width = 96;

/** Folds text at spaces into lines of at most `width` characters, each after the indent. */
function fold(text: string, indent: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width - indent) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.join(`\n${' '.repeat(indent)}`);
}

const table = (rows: readonly (readonly [string, string])[]): string => {
  const left = Math.max(...rows.map(([a]) => a.length));
  return rows.map(([a, b]) => `  ${a.padEnd(left)}  ${fold(b, left + 4)}`).join('\n');
};

function placeholderOf(spec: InputSpec): string {
  if (spec.type === 'flag') return '';
  if (spec.type === 'count') return ' N';
  if (spec.type === 'seconds') return ' TIME';
  if (spec.type === 'list') return ' NAME…';
  return typeof spec.type === 'string' ? ` ${spec.name.toUpperCase()}` : ` ${spec.type.join('|')}`;
}

function flagRow(spec: InputSpec): readonly [string, string] {
  const left = spec.positional ? spec.name.toUpperCase() : `--${spec.name}${placeholderOf(spec)}`;
  const shown = spec.default !== undefined && spec.type !== 'flag' ? ` Default: ${spec.default}.` : '';
  return [left, `${spec.description}${spec.required ? ' Required.' : ''}${shown}`];
}

const exitHelp = table([
  ['0', 'done, no-ops included'],
  ['1', 'unexpected failure'],
  ['2', 'usage or configuration is wrong'],
  ['3', 'integrity: a checksum, or an immutable version'],
  ['4', 'gate: cold starts regressed, or the SLO is broken'],
  ['5', 'gate: no verdict'],
  ['6', 'someone else moved the pointer first'],
  ['7', 'the function did not pass its readiness proof'],
  ['8', 'refused: a permission or quota, or a store that cannot be trusted'],
]);

/** The page of `coldgate --help`. */
export function generalHelp(): string {
  return `Coldgate ${toolVersion}: ship ONNX models to serverless functions.
Immutable versions, a gate on cold starts, an atomic flip.

Usage: coldgate <verb> [--config models.yaml] [--environment NAME] [--model NAME]… [--json] [--dry-run] [--verbose]

Verbs
${table(catalog.map((v) => [v.name, v.summary] as const))}

Exit codes
${exitHelp}

Human-readable output goes to standard error; with --json one JSON document goes to standard output.
coldgate <verb> --help shows the flags of a verb.
`;
}

/** The page of `coldgate <verb> --help`. */
export function verbHelp(verb: VerbSpec): string {
  const inputs = commandInputs(verb);
  const bare = inputs.filter((i) => i.positional).map((i) => ` ${i.name.toUpperCase()}`);
  const outputs =
    verb.outputs.length === 0
      ? ''
      : `\nOutputs of the action, fields of --json\n${table(verb.outputs.map((o) => [o.name, o.description] as const))}\n`;
  return `coldgate ${verb.name}: ${verb.summary}

Usage: coldgate ${verb.name}${bare.join('')} [flags]

${fold(verb.about, 0)}

Flags
${table([...inputs, ...globalFlags].map(flagRow))}
${outputs}
Examples
${verb.examples.map((e) => `  ${e}`).join('\n')}
`;
}
