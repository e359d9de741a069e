import type { TokenClassification } from '../../model/task.ts';
import type { ClassLabel } from '../../model/tensor-info.ts';
import type { Tokenizer } from '../../tokenizer/encode/tokenizer.ts';
import { type Floats, floatsOf, mismatch } from '../rows.ts';
import { type FloatJson, floatSchema, scoresOf, toFloatJson } from '../scores.ts';
import { badRequest, type Signature, type Task, TaskError } from '../task.ts';
import { readTexts, type TextItem } from './read-texts.ts';
import { type Encoded, TextFeeds } from './text-feeds.ts';
import { textTask } from './text-task.ts';

/** A word, or a token where words are not put together, with the scores of its labels. */
interface Scored {
  /** In UTF-16 units of the text. */
  from: number;
  to: number;
  scores: Float64Array;
}

/** What an answer has of a text. */
interface Entity {
  label: ClassLabel;
  score: FloatJson;
  start: number;
  end: number;
  text: string;
}

/**
 * Texts to the entities in them, as pipelines of transformers put them together:
 * https://huggingface.co/docs/transformers/main_classes/pipelines, TokenClassificationPipeline.
 */
export function tokenClassification(
  section: TokenClassification,
  tokenizer: Tokenizer,
  signature: Signature,
): Task<TextItem> {
  const { kind, output, labels } = section;
  const names = [...new Set(labels.map((label) => tagOf(label).name))].filter((name) => name !== 'O');
  return textTask(kind, new TextFeeds(tokenizer, section.text, signature), {
    read: (body) => readTexts(body, []).map((item) => (item instanceof TaskError ? item : withoutPair(item))),
    output,
    schemas: { prediction: { type: 'array', items: entitySchema(names) } },
    answer(run, outputs) {
      const floats = floatsOf(outputs, output, [3], [...run.feeds.values()][0]!.shape[0]!);
      const [, length, columns] = floats.shape;
      if (length !== run.length) throw mismatch(`${output} has ${length} rows for ${run.length} tokens`);
      if (columns !== labels.length) throw mismatch(`${columns} columns in ${output}, and ${labels.length} labels`);
      return run.texts.map((text, row) => {
        const first = run.mask.indexOf(1, row * run.length);
        return entitiesOf(text, wordsOf(text, floats, first, section), section);
      });
    },
  });
}

const withoutPair = (item: TextItem): TextItem | TaskError =>
  item.pair === undefined ? item : badRequest('pair', 'one text alone', 'two');

/** Special tokens of the template are no part of the text. @param first row of the output of the first token */
function wordsOf(
  { encoding, item: { text } }: Encoded,
  { data, shape }: Floats,
  first: number,
  { aggregation }: TokenClassification,
): Scored[] {
  const columns = shape[2] as number;
  const words: Scored[] = [];
  for (let at = 0; at < encoding.ids.length; at += 1) {
    if (encoding.special[at] === 1) continue;
    const [from, to] = [encoding.from[at]!, encoding.to[at]!];
    const start = (first + at) * columns;
    const scores = scoresOf(
      Float64Array.from({ length: columns }, (_, column) => data[start + column]!),
      'softmax',
    );
    const last = words.at(-1);
    const begins = encoding.begins[at] === 1 || isAfterSpace(text, from);
    if (aggregation === 'simple' || begins || !last) words.push({ from, to, scores });
    else {
      last.to = to;
      if (aggregation === 'max' && Math.max(...scores) > Math.max(...last.scores)) last.scores = scores;
    }
  }
  return words;
}

/** Where a word begins of tokenizers that leave a text in one piece. */
const isAfterSpace = (text: string, at: number): boolean => at > 0 && /\s/.test(text.slice(at - 1, at + 1));

/** `B-PER` begins an entity PER, `I-PER` goes on with it, and so does a label without either. */
function tagOf(label: ClassLabel): { name: ClassLabel; begins: boolean } {
  const [, place, name] = /^([BI])-(.+)$/s.exec(String(label)) ?? [];
  return name === undefined ? { name: label, begins: false } : { name, begins: place === 'B' };
}

/** Neighbours of one name are one entity, whose score is their mean; those outside of any are left out. */
function entitiesOf({ item: { text } }: Encoded, words: readonly Scored[], section: TokenClassification): Entity[] {
  const groups: { name: ClassLabel; from: number; to: number; scores: number[] }[] = [];
  for (const { from, to, scores } of words) {
    const best = scores.indexOf(Math.max(...scores));
    const { name, begins } = tagOf(section.labels[best] as ClassLabel);
    const last = groups.at(-1);
    const score = scores[best] as number;
    if (last && last.name === name && !begins) {
      last.to = to;
      last.scores.push(score);
    } else groups.push({ name, from, to, scores: [score] });
  }
  const place = section.offsets === 'utf-16' ? (at: number) => at : pointsBefore(text);
  return groups
    .filter(({ name }) => name !== 'O')
    .map(({ name, from, to, scores }) => {
      const [start, end] = trimmed(text, from, to);
      const score = toFloatJson(scores.reduce((sum, one) => sum + one, 0) / scores.length);
      return { label: name, score, start: place(start), end: place(end), text: text.slice(start, end) };
    });
}

/** Some tokenizers count the space before a word to it. */
function trimmed(text: string, from: number, to: number): [number, number] {
  const part = text.slice(from, to);
  const end = from + part.trimEnd().length;
  return [Math.min(from + part.length - part.trimStart().length, end), end];
}

/** Counts code points up to places that do not go back. */
function pointsBefore(text: string): (at: number) => number {
  let [unit, points] = [0, 0];
  return (at) => {
    for (; unit < at; points += 1) unit += (text.codePointAt(unit) as number) > 0xffff ? 2 : 1;
    return points;
  };
}

const entitySchema = (labels: readonly ClassLabel[]) => ({
  type: 'object',
  required: ['label', 'score', 'start', 'end', 'text'],
  properties: {
    label: { enum: labels },
    score: floatSchema,
    start: { type: 'integer', minimum: 0 },
    end: { type: 'integer', minimum: 0 },
    text: { type: 'string' },
  },
});
