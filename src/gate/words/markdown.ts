import { dotPlot } from '../pictures/dots.ts';
import { quantilePlot } from '../pictures/mermaid.ts';
import { ruler } from '../pictures/ruler.ts';
import type { GateRecord } from '../record/record.ts';
import { phaseMedians, reportedMetrics } from '../record/record-view.ts';
import { notesOf } from './notes.ts';
import { ms } from './number-words.ts';
import { plain } from './plain.ts';
import { tableHead, tableRows } from './table.ts';

/** Raw starts shown; the summary of a job may hold 1 MiB and several models share it. */
const maxRows = 300;

/**
 * Text as itself: nothing in it is markup, a mention, a link or a tag. GitHub looks for mentions, numbers of issues and
 * addresses after it has read the entities: a character without width parts those.
 */
export const text = (value: string): string =>
  plain(value)
    .replace(/[\\`*[\]<>|#~&@!$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, (c) => `&#${c.charCodeAt(0)};`)
    .replace(/&#(?:64|35);|\bgh-(?=\d)|\bwww(?=\.)|:(?=\/\/)/gi, '$&&#8203;');

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
/** A table of plain texts; nothing where it has no rows. */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: (column: number) => boolean,
) =>
  rows.length === 0
    ? []
    : [
        row(head),
        row(head.map((_, at) => (numbers(at) ? '---:' : '---'))),
        ...rows.map((cells) => row(cells.map(text))),
      ];

function picture(record: GateRecord): string[] {
  const lines = [...ruler(record, 60), '', ...dotPlot(record, 60)].map((line) => plain(line).replaceAll('`', "'"));
  return lines.some((line) => line !== '') ? ['```text', ...lines, '```'] : [];
}

/** Medians of the phases of a start, and which of them moved. */
export function phases(record: GateRecord): string[] {
  const shown = (value: number | null) => (value === null ? '-' : ms(value));
  const moved = new Map(record.verdict.phases.map((p) => [p.phase, p.shiftMs]));
  const rows = phaseMedians(record).map((p) => {
    const shift = moved.get(p.phase);
    return [p.phase, shown(p.baseline), shown(p.candidate), shift === undefined ? 'as before' : `${ms(shift)} ms`];
  });
  return table(['phase', 'baseline median', 'candidate median', 'moved beyond chance'], rows, (at) => at > 0);
}

/** Every start, folded away. */
export function rawSamples(record: GateRecord): string[] {
  const shown = record.samples.slice(0, maxRows);
  const reported = reportedMetrics(record);
  const rows = shown.map((s) => [
    String(s.order),
    String(s.pair),
    s.arm,
    s.at.slice(0, 24),
    `${s.status}${s.discarded ? ', not judged' : ''}`,
    ...reported.map((m) => (s.timings[m] === undefined ? '' : ms(s.timings[m]))),
  ]);
  const more = record.samples.length - shown.length;
  return [
    `<details><summary>All ${record.samples.length} starts, ms</summary>`,
    '',
    ...table(['order', 'pair', 'arm', 'at', 'status', ...reported], rows, (at) => at > 4 || at < 2),
    ...(more > 0 ? ['', `${more} more are in the report file.`] : []),
    '',
    '</details>',
  ];
}

/** The verdict as a sign. */
export const marks = { pass: '✅', regression: '⛔', inconclusive: '❓', error: '⚠️' } as const;

/**
 * A record for the job summary: verdict, table, both pictures, phases, every start folded away. About 30 KB at the
 * largest cap, far below the 1 MiB that a summary may have. Safe whatever the record holds.
 */
export function renderMarkdown(record: GateRecord): string {
  const { verdict } = record;
  const against = record.baseline ? ` beside ${text(record.baseline.version)}` : '';
  const blocks = [
    [
      `### ${marks[verdict.verdict]} ${text(record.model)} ${text(record.candidate.version)}${against} on ${text(record.target)}`,
    ],
    [`**${text(verdict.line)}**`],
    [text(verdict.advice)],
    table(tableHead, tableRows(record), (at) => at > 0 && at < tableHead.length - 1),
    picture(record),
    quantilePlot(record),
    phases(record),
    notesOf(record).map((note) => `- ${text(note)}`),
    rawSamples(record),
  ];
  return `${blocks
    .filter((block) => block.some((line) => line !== ''))
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}
