import { quantilePlot } from '../../gate/pictures/mermaid.ts';
import { qualityBlocks } from '../../gate/quality/render.ts';
import { verdictWords } from '../../gate/words/line.ts';
import { marks, phases, rawSamples, table, text } from '../../gate/words/markdown.ts';
import { notesOf } from '../../gate/words/notes.ts';
import { tableHead, tableRows } from '../../gate/words/table.ts';
import { codeSpan } from '../event-text.ts';
import { curlBlock } from './curl.ts';
import { folded, link } from './markup.ts';
import { modelCard } from './model-card.ts';
import { type ModelPreview, type PreviewState, verdictOf } from './preview.ts';

/** Levels of detail for a model; each step leaves out what takes most room and matters least. */
export const details = ['everything', 'no starts', 'no pictures', 'verdict', 'overview'] as const;
export type Detail = (typeof details)[number];

export const signOf = (state: PreviewState): string =>
  state.kind === 'running' ? '⏳' : state.kind === 'failed' ? '⚠️' : marks[verdictOf(state).verdict];

/** Sign and words of the verdict, for a cell. */
export function verdictCell(state: PreviewState): string {
  const word =
    state.kind === 'running'
      ? text(state.doing)
      : state.kind === 'failed'
        ? `failed: ${codeSpan(state.code)}`
        : verdictWords[verdictOf(state).verdict];
  return `${signOf(state)} ${word}`;
}

function outcome(state: PreviewState): string[][] {
  if (state.kind === 'running') return [[`${text(state.doing.replace(/\.$/, ''))} …`]];
  if (state.kind === 'failed') return [[`**${text(state.message)}**`], [text(state.hint ?? '')]];
  const { record, quality } = state;
  const { line, advice } = record.verdict;
  return [quality ? [`**${text(quality.verdict.line)}**`] : [], [`**${text(line)}**`], [text(advice)]];
}

/** Numbers with their signs and units on one line, in a narrow column as well. */
const unbroken = (cells: readonly string[]): string[] => cells.map((cell) => cell.replaceAll(' ', '\u00a0'));

type Measured = Extract<PreviewState, { kind: 'measured' }>;

function measured({ record, quality }: Measured, detail: Detail): string[][] {
  if (detail === 'verdict') return [];
  const pictures = detail !== 'no pictures';
  return [
    ...(quality ? qualityBlocks(quality) : []),
    table(tableHead, tableRows(record).map(unbroken), (at) => at > 0 && at < tableHead.length - 1),
    pictures ? quantilePlot(record) : [],
    notesOf(record).map((note) => `- ${text(note)}`),
    folded('Where a start spends its time', phases(record)),
    detail === 'everything' ? rawSamples(record) : [],
  ];
}

/** Where it answers, and what it is compared with; nothing while neither is known. */
function whereabouts({ state, url, live }: ModelPreview): string {
  const against = live ? `, compared with ${codeSpan(live)}, which is live` : '';
  if (url) return `Answers at ${link(url)}${against}.`;
  return state.kind === 'measured' ? `Measured on the runner and removed${against}.` : '';
}

/** One model's part of the comment: where it answers, how to call it, the verdict and what it rests on. */
export function modelSection(model: ModelPreview, detail: Detail): string[][] {
  const { name, version, state } = model;
  return [
    [`### ${signOf(state)} ${text(name)} ${text(version)}`],
    [whereabouts(model)],
    ...outcome(state),
    ...(detail === 'verdict' ? [] : [curlBlock(model)]),
    ...(state.kind === 'measured' ? measured(state, detail) : []),
    detail === 'verdict' ? [] : modelCard(model),
  ];
}
