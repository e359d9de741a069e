import { type Event, parseEvents, YAMLException } from 'js-yaml';
import type { Problem } from '../errors.ts';
import { Composer } from './compose-yaml.ts';
import type { Path, YamlNode } from './yaml-node.ts';

const depthLimit = 50;

export interface YamlFile {
  /** Undefined where the text is no YAML, or holds no document. */
  root: YamlNode | undefined;
  problems: Problem[];
  /** Variables that were put in and that not everybody knows, with their values. */
  interpolated: { name: string; value: string }[];
}

/**
 * Reads one YAML document with the place of every key and value. Problems come without the file's name.
 * @param takes which values may hold `${…}`; default: all
 */
export function readYaml(
  source: string,
  env: Readonly<Record<string, string | undefined>>,
  takes?: (path: Path) => boolean,
): YamlFile {
  const conflicts = conflictsIn(source);
  if (conflicts.length > 0) return { root: undefined, problems: conflicts, interpolated: [] };
  let events: Event[];
  try {
    events = parseEvents(source, { maxDepth: depthLimit });
  } catch (error) {
    return { root: undefined, problems: [syntaxProblem(source, error)], interpolated: [] };
  }
  const composer = new Composer(source, events, env, takes);
  const root = composer.document();
  return { root, problems: composer.problems, interpolated: composer.interpolated() };
}

/** Git's conflict markers: the beginning of each, or a single line left behind. */
function conflictsIn(source: string): Problem[] {
  const marks = source.split(/\r\n|[\r\n]/).flatMap((text, at) => {
    const [mark] = /^(?:<{7}|>{7}|\|{7}|={7})(?=\s|$)/.exec(text) ?? [];
    return mark === undefined ? [] : [{ mark, line: at + 1 }];
  });
  const begun = marks.filter(({ mark }) => mark.startsWith('<'));
  return (begun.length > 0 ? begun : marks).map(({ mark, line }) => ({
    path: '',
    line,
    message: `expected YAML, got a mark of a merge conflict (${mark}).`,
    hint: 'Keep the lines of one side, or both made one, and delete every line of <<<<<<<, =======, ||||||| and >>>>>>>.',
  }));
}

function syntaxProblem(source: string, error: unknown): Problem {
  const mark = error instanceof YAMLException ? error.mark : undefined;
  const reason = error instanceof YAMLException ? error.reason : 'it cannot be parsed';
  // Cut short: the patterns below look at the line more than once.
  const text = ((mark && source.split(/\r\n|[\r\n]/)[mark.line]) ?? '').slice(0, 400);
  const [, hint] = hints.find(([pattern]) => pattern.test(`${text}\n${reason}`)) ?? [];
  return { path: '', line: mark && mark.line + 1, message: `expected YAML, got something else: ${reason}.`, hint };
}

/** By the line in question and the parser's reason, most specific first. */
const hints: readonly (readonly [RegExp, string])[] = [
  [/^\s*\t/, 'Indent with spaces: YAML knows no tabs there.'],
  [/^.*[{[].*\$\{/, 'Inside { } and [ ] put ${NAME} in quotes.'],
  [/^[^'"]*:\s+[@`%]/, 'Put a value that begins with @, % or ` in quotes.'],
  [/^[^'"]*:\s[^'"]*:\s/, 'Put a value that holds a colon in quotes.'],
  [/\ndeficient indentation$/, 'A quote, bracket or brace above is not closed, or the line is not indented enough.'],
];
