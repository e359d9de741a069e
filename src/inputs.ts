import { distance } from 'fastest-levenshtein';
import { InputError, type Problem } from './errors.ts';
import { isVersion, nameRules } from './model/names.ts';

/** Texts of one form: what one step's output passes to another's input. */
type FormedText = 'version' | 'sha256' | 'url';

/** How a text from a flag or an Actions input becomes a value. */
export type InputType = 'text' | FormedText | 'list' | 'flag' | 'count' | 'seconds' | readonly string[];

export interface InputSpec {
  /** Kebab-case; the same word as CLI flag (`--name`), Actions input and field. */
  readonly name: string;
  readonly type: InputType;
  readonly description: string;
  readonly default?: string;
  readonly required?: boolean;
  /** Taken as a bare word on the command line: `coldgate report FILE`. */
  readonly positional?: boolean;
  /** Makes sense in one edge only. */
  readonly only?: 'cli' | 'action';
}

type Camel<S extends string> = S extends `${infer A}-${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S;

type ValueOf<T extends InputType> = T extends 'list'
  ? string[]
  : T extends 'flag'
    ? boolean
    : T extends 'count' | 'seconds'
      ? number
      : T extends 'text' | FormedText
        ? string
        : T extends readonly (infer Word)[]
          ? Word
          : never;

type Given<S extends InputSpec> = S extends { required: true } | { default: string } | { type: 'list' | 'flag' }
  ? ValueOf<S['type']>
  : ValueOf<S['type']> | undefined;

/** The typed record that a verb gets for its specs; field names are the camel-case of the input's. */
export type Inputs<Specs extends readonly InputSpec[]> = {
  [S in Specs[number] as Camel<S['name']>]: Given<S>;
};

const camel = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** The known word nearest to a mistyped one, where it is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known.map((k) => ({ k, d: distance(word.toLowerCase(), k) })).sort((a, b) => a.d - b.d);
  const best = ranked[0];
  return best && best.d <= Math.max(2, Math.floor(best.k.length / 3)) ? best.k : undefined;
}

const yes = new Set(['true', 'True', 'TRUE']);
const no = new Set(['false', 'False', 'FALSE']);

function parseSeconds(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
  if (!match) return undefined;
  const unit = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }[match[2] ?? 's'] ?? 1;
  return Number(match[1]) * unit;
}

/** An address of a function: of the web, or the ARN of one that has none. */
const isAddress = (text: string): boolean =>
  /^arn:aws[a-z-]*:lambda:\S+$/.test(text) || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol));

const forms: Readonly<Record<FormedText, { fits(text: string): boolean; words: string }>> = {
  version: { fits: isVersion, words: nameRules.version },
  sha256: { fits: (text) => /^[0-9a-f]{64}$/.test(text), words: 'a sha256 of 64 hexadecimal digits in lower case' },
  url: { fits: isAddress, words: 'an http or https URL' },
};

/** For messages: what came of another step may be long, or several models' JSON. */
const cut = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

/** One text to one value. Returns the problem in words where it cannot. */
function parseOne(spec: InputSpec, texts: readonly string[]): { value?: unknown; wrong?: string } {
  const text = texts.at(-1) ?? '';
  if (spec.type === 'list') {
    const words = texts.flatMap((t) => t.split(/[\n,]/)).map((t) => t.trim());
    return { value: words.filter((t) => t !== '') };
  }
  if (spec.type === 'text') return { value: text };
  if (spec.type === 'version' || spec.type === 'sha256' || spec.type === 'url') {
    const { fits, words } = forms[spec.type];
    return fits(text) ? { value: text } : { wrong: `expected ${words}, got ${JSON.stringify(cut(text))}.` };
  }
  if (spec.type === 'flag') {
    // The closed list of the YAML 1.2 core schema, as @actions/core's getBooleanInput reads it.
    if (yes.has(text)) return { value: true };
    return no.has(text) ? { value: false } : { wrong: `expected true or false, got "${text}".` };
  }
  if (spec.type === 'count') {
    return /^\d{1,9}$/.test(text) ? { value: Number(text) } : { wrong: `expected a whole number, got "${text}".` };
  }
  if (spec.type === 'seconds') {
    const seconds = parseSeconds(text);
    return seconds === undefined
      ? { wrong: `expected a time such as 90s, 2m, 12h or 7d, got "${text}".` }
      : { value: seconds };
  }
  if (spec.type.includes(text)) return { value: text };
  const close = nearest(text, spec.type);
  return { wrong: `expected one of ${spec.type.join(', ')}, got "${text}".${close ? ` Did you mean ${close}?` : ''}` };
}

/**
 * Turns the texts of an edge into the typed record of a verb. Empty text counts as not given, since Actions passes
 * unset inputs as empty. Throws one InputError with every problem.
 * @param texts name to the texts given, in order; absent or empty means not given
 * @param label how the edge spells an input in messages: `--model`, `input model`
 */
export function readInputs<Specs extends readonly InputSpec[]>(
  specs: Specs,
  texts: Readonly<Record<string, readonly string[] | undefined>>,
  label: (name: string) => string,
): Inputs<Specs> {
  const problems: Problem[] = [];
  const values: Record<string, unknown> = {};
  for (const spec of specs) {
    const given = (texts[spec.name] ?? []).filter((t) => t.trim() !== '').map((t) => t.trim());
    if (given.length === 0 && spec.default !== undefined) given.push(spec.default);
    if (given.length === 0) {
      if (spec.required) problems.push({ path: label(spec.name), message: `is required: ${spec.description}` });
      values[camel(spec.name)] = spec.type === 'list' ? [] : spec.type === 'flag' ? false : undefined;
      continue;
    }
    const { value, wrong } = parseOne(spec, given);
    if (wrong) problems.push({ path: label(spec.name), message: wrong });
    values[camel(spec.name)] = value;
  }
  if (problems.length > 0) throw new InputError(problems);
  return values as Inputs<Specs>;
}
