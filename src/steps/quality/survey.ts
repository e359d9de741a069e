import { createHash } from 'node:crypto';
import type { Problem } from '../../errors.ts';
import type { Expected } from '../../gate/quality/expected.ts';
import { digestsOf, type Item, type ItemReader } from './items.ts';
import { badData } from './read-items.ts';

/** What one reading of the examples found out. */
export interface Survey {
  /** Of every item of the file in order, whether it counts: repetitions and contradictions do not. */
  kept: boolean[];
  /** Of those that count, in order. */
  ids: string[];
  groups: (string | undefined)[];
  /** For each metric of classes, what each item is; else undefined. */
  classes: (string[] | undefined)[];
  /** For each metric of numbers, the loss of the dullest guess: the largest distance from the median of what is expected. */
  dullest: (number | undefined)[];
  /** Items left out, because the same one came before, or because the same input has another label elsewhere. */
  repeated: number;
  contradictory: number;
  /** Digest of the first so many items that count; of all without a number. */
  digest(first?: number): string;
}

/** Problems that are listed; a file of ten thousand bad lines needs no ten thousand messages. */
const maxProblems = 20;
/** Examples that are read at most: outcomes are held in memory. */
const maxItems = 1_000_000;
/** Share of the items that may contradict each other. */
const maxContradictory = 0.01;

class Problems {
  readonly list: Problem[] = [];
  count = 0;

  add(...found: Problem[]): void {
    this.count += found.length;
    this.list.push(...found.slice(0, Math.max(0, maxProblems - this.list.length)));
  }

  throwIfAny(file: string): void {
    if (this.count === 0) return;
    const more = this.count - this.list.length;
    const rest = more > 0 ? [{ path: '', file, message: `has ${more} more problems like these.` }] : [];
    throw badData([...this.list, ...rest]);
  }
}

/** What is remembered of an item. */
interface Seen {
  id: string;
  group: string | undefined;
  inputs: string;
  item: string;
  expected: Expected[];
}

/**
 * Reads every example once and holds it against the model. Throws InputError `bad-quality-data` with the first problems and
 * how many more there are.
 */
export async function surveyItems(reader: ItemReader, signal: AbortSignal): Promise<Survey> {
  const problems = new Problems();
  const seen: Seen[] = [];
  const lines = new Map<string, number>();
  for await (const found of reader.read()) {
    signal.throwIfAborted();
    if (Array.isArray(found)) problems.add(...found);
    else {
      checkId(found, lines, reader.label, problems);
      const { id, group, expected } = found;
      if (problems.count === 0) seen.push({ id, group, expected: lean(expected, reader), ...digestsOf(found) });
      if (seen.length > maxItems)
        problems.add({ path: '', file: reader.label, message: `has more than ${maxItems} items.` });
    }
    if (problems.count > 100_000) break;
  }
  problems.throwIfAny(reader.label);
  const hint = 'One example a line: {"inputs": …, "expected": …}.';
  if (seen.length === 0) throw badData([{ path: '', file: reader.label, message: 'has no items.', hint }]);
  return surveyOf(seen, reader);
}

/** Numbers are only needed while they are few; their median is taken of a first part. */
const lean = (expected: Expected[], { scorings }: ItemReader): Expected[] =>
  expected.map((one, at) => (needsValue(scorings[at]?.metric) ? one : { kind: 'sequence', values: [] }));

const needsValue = (metric: string | undefined): boolean =>
  metric === 'macro-f1' || metric === 'mae' || metric === 'rmse';

function checkId({ id, line }: Item, lines: Map<string, number>, file: string, problems: Problems): void {
  const before = lines.get(id);
  if (before === undefined) lines.set(id, line);
  else
    problems.add({
      path: 'id',
      file,
      line,
      message: `is that of line ${before} too.`,
      hint: 'Give each item its own.',
    });
}

/** Of the same input only the first counts; where its labels differ, none. */
function keptOf(seen: readonly Seen[]): { kept: boolean[]; repeated: number; contradictory: number } {
  const first = new Map<string, Seen>();
  const torn = new Set<string>();
  for (const one of seen) {
    const before = first.get(one.inputs);
    if (before && before.item !== one.item) torn.add(one.inputs);
    if (!before) first.set(one.inputs, one);
  }
  const kept = seen.map((one) => first.get(one.inputs) === one && !torn.has(one.inputs));
  const contradictory = seen.filter(({ inputs }) => torn.has(inputs)).length;
  return { kept, contradictory, repeated: kept.filter((is) => !is).length - contradictory };
}

function surveyOf(seen: readonly Seen[], reader: ItemReader): Survey {
  const found = keptOf(seen);
  if (found.contradictory > maxContradictory * seen.length) {
    const message = `has ${found.contradictory} items of ${seen.length} whose inputs occur with different labels; at most 1 % may.`;
    throw badData([{ path: '', file: reader.label, message, hint: 'Correct or remove them.' }]);
  }
  const items = seen.filter((_, at) => found.kept[at]);
  return {
    ...found,
    ids: items.map(({ id }) => id),
    groups: items.map(({ group }) => group),
    classes: reader.scorings.map(({ metric }, at) =>
      metric === 'macro-f1' ? items.map(({ expected }) => className(expected[at])) : undefined,
    ),
    dullest: reader.scorings.map(({ metric }, at) =>
      metric === 'mae' || metric === 'rmse' ? dullestLoss(items.map(({ expected }) => expected[at])) : undefined,
    ),
    digest: (first = items.length) => {
      const hash = createHash('sha256');
      for (const { item } of items.slice(0, first)) hash.update(item);
      return hash.digest('hex');
    },
  };
}

const className = (expected: Expected | undefined): string => (expected?.kind === 'class' ? expected.name : '');

function dullestLoss(expected: readonly (Expected | undefined)[]): number | undefined {
  const values = expected.flatMap((one) => (one?.kind === 'numbers' ? one.values : [])).sort((a, b) => a - b);
  const middle = values[Math.floor(values.length / 2)] ?? 0;
  const most = Math.max(middle - (values[0] ?? 0), (values.at(-1) ?? 0) - middle);
  return most > 0 ? most : undefined;
}
