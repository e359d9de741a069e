import { dotPlot } from '../pictures/dots.ts';
import { ruler } from '../pictures/ruler.ts';
import type { GateRecord } from '../record/record.ts';
import { shownMetric } from '../record/record-view.ts';
import { notesOf } from './notes.ts';
import { plain } from './plain.ts';
import { tableHead, tableRows } from './table.ts';

/** Columns padded to one width each, numbers to the right. */
function aligned(record: GateRecord): string[] {
  const rows = [[...tableHead], ...tableRows(record)];
  if (rows.length === 1) return [];
  const widths = tableHead.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const cell = (text: string, column: number) =>
    column === 0 || column === tableHead.length - 1 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  return rows.map((row) => row.map(cell).join('  ').trimEnd());
}

function rulerLines(record: GateRecord, width: number): string[] {
  const [labels, marks] = ruler(record, width);
  if (labels === undefined || marks === undefined) return [];
  const metric = shownMetric(record);
  return [`${' '.repeat(metric.length)}   ${labels}`, `${metric}   ${marks}`];
}

const joined = (blocks: string[][]): string[] =>
  blocks
    .filter((block) => block.length > 0)
    .flatMap((block, at) => (at === 0 ? block : ['', ...block]))
    .map((line) => plain(line));

const details = (record: GateRecord, width: number): string[][] => [
  aligned(record),
  rulerLines(record, width),
  dotPlot(record, width),
];

/**
 * A record for a terminal: the verdict in one line, the table, the ratio with its bounds, every judged start as a dot,
 * advice and notes. Plain ASCII, safe to print whatever the record holds.
 * @param width columns of the pictures
 */
export function renderTerminal(record: GateRecord, width = 60): string[] {
  const { line, advice } = record.verdict;
  return joined([[line], ...details(record, width), [...(advice ? [advice] : []), ...notesOf(record)]]);
}

/** The same without the verdict's line and advice, for where these stand in an error already. */
export const renderTerminalDetails = (record: GateRecord, width = 60): string[] =>
  joined([...details(record, width), notesOf(record)]);
