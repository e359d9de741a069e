import { parseArgs } from 'node:util';
import type { VerbSpec } from '../catalog/spec.ts';
import { InputError, type Problem } from '../errors.ts';
import { type InputSpec, nearest } from '../inputs.ts';

/** Flags that every verb has on the command line. */
export const globalFlags: readonly InputSpec[] = [
  { name: 'json', type: 'flag', description: 'Print exactly one JSON document on standard output.' },
  { name: 'verbose', type: 'flag', description: 'Say more, and show causes and stacks of unexpected failures.' },
  { name: 'help', type: 'flag', description: 'Show this help.' },
];

export const commandInputs = (verb: VerbSpec): InputSpec[] => verb.inputs.filter((i) => i.only !== 'action');

/** Splits a verb's arguments into texts by input name. Throws one InputError with every unknown or incomplete flag. */
export function readArguments(verb: VerbSpec, args: readonly string[]): Record<string, string[]> {
  const specs = [...commandInputs(verb), ...globalFlags];
  const names = specs.map((s) => s.name);
  const flags = new Set(specs.filter((s) => s.type === 'flag').map((s) => s.name));
  const options = Object.fromEntries(
    specs.map((s) => [
      s.name,
      { type: flags.has(s.name) ? ('boolean' as const) : ('string' as const), multiple: true },
    ]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true });
  const texts: Record<string, string[]> = {};
  const problems: Problem[] = [];
  const give = (name: string, text: string) => {
    texts[name] ??= [];
    texts[name].push(text);
  };
  const bare = specs.filter((s) => s.positional).map((s) => s.name);
  for (const token of tokens) {
    if (token.kind === 'positional') {
      const name = bare.shift();
      if (name) give(name, token.value);
      else problems.push({ path: token.value, message: `is not expected: coldgate ${verb.name} takes flags only.` });
    } else if (token.kind === 'option') {
      if (!names.includes(token.name)) {
        const close = nearest(token.name, names);
        const hint = close ? `Did you mean --${close}?` : `See coldgate ${verb.name} --help.`;
        problems.push({ path: token.rawName, message: `is not a flag of coldgate ${verb.name}.`, hint });
      } else if (flags.has(token.name)) give(token.name, token.value ?? 'true');
      else if (token.value === undefined) problems.push({ path: token.rawName, message: 'needs a value.' });
      else give(token.name, token.value);
    }
  }
  if (problems.length > 0) throw new InputError(problems);
  return texts;
}
