import { marks, table, text } from '../words/markdown.ts';
import { plain } from '../words/plain.ts';
import type { Changed, QualityRecord } from './record.ts';
import { qualityHead, qualityRow } from './report.ts';

/** Ids that are shown; the record has more. */
const maxIds = 20;
const maxMoves = 8;

/** Which items came off worse, and better, by id. */
function changedLines({ lost, gained, more }: Changed): string[] {
  return (['lost', 'gained'] as const).flatMap((side) => {
    const ids = side === 'lost' ? lost : gained;
    if (ids.length === 0) return [];
    const left = ids.length - maxIds + more[side];
    return [`${side}: ${ids.slice(0, maxIds).join(', ')}${left > 0 ? ` and ${left} more` : ''}`];
  });
}

function factLines({ changed, moves, failures, notes }: QualityRecord): string[] {
  const moved = moves.slice(0, maxMoves).map(({ from, to, count }) => `${from} -> ${to} (${count})`);
  return [
    ...changedLines(changed),
    ...(moved.length > 0 ? [`other answers: ${moved.join(', ')}`] : []),
    ...failures.map(({ arm, why, count }) => `${arm}: ${count} items without an answer: ${why}`),
    ...notes,
  ];
}

/** Lines of the metrics that are only shown, or that decided nothing by themselves. */
const otherLines = ({ metrics, verdict }: QualityRecord): string[] =>
  metrics
    .filter(({ line }) => line !== verdict.line)
    .map(({ line, decides }) => (decides ? line : `(shown only) ${line}`));

function aligned(record: QualityRecord): string[] {
  const rows = [qualityHead, ...record.metrics.map(qualityRow)];
  const widths = qualityHead.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  return rows.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd(),
  );
}

/** All but the verdict's line, for where that stands in an error already. */
export const qualityDetails = (record: QualityRecord): string[] =>
  [...otherLines(record), ...aligned(record), ...factLines(record)].map((one) => plain(one, 1000));

/** A record for a terminal: the verdict, the table, which items changed sides. Safe whatever the record holds. */
export const renderQualityTerminal = (record: QualityRecord): string[] => [
  plain(record.verdict.line),
  ...qualityDetails(record),
];

/** What the verdict rests on, in Markdown: other metrics, the table, which items changed sides. */
export const qualityBlocks = (record: QualityRecord): string[][] => [
  otherLines(record).map((one) => `- ${text(one)}`),
  table(qualityHead, record.metrics.map(qualityRow), (column) => column > 0 && column < 4),
  factLines(record).map((one) => `- ${text(plain(one, 1000))}`),
];

/** A record for the summary of a job. Safe whatever the record holds. */
export function renderQualityMarkdown(record: QualityRecord): string {
  const { verdict, model, candidate, baseline } = record;
  const against = baseline ? ` beside ${text(baseline.version)}` : '';
  const blocks = [
    [`### ${marks[verdict.verdict]} ${text(model)} ${text(candidate.version)}${against}: quality`],
    [`**${text(verdict.line)}**`],
    ...qualityBlocks(record),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}
