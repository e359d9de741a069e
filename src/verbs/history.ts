import { type ColdgateError, IntegrityError } from '../errors.ts';
import type { Pointer } from '../model/pointer.ts';
import { pointerFaults } from '../registry/pointer/check.ts';
import { missingPointer, type PointerFault, type PointerLocation, unsound } from '../registry/pointer/fault.ts';
import { checkHistory, type HistoryReport, type HistoryView, readHistory } from '../registry/pointer/history.ts';
import { type Repaired, repairHistory } from '../registry/pointer/repair.ts';
import { everyModel, type ModelResult, markdownTable } from '../steps/results.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { openWorkspace, type WorkInput } from '../steps/workspace.ts';

export interface HistoryVerbInput extends WorkInput {
  limit: number;
  /** Reads the whole history and holds each record against the others. */
  check: boolean;
  /** Writes what can be put right without a choice, then checks. */
  repair: boolean;
}

const gateText = ({ verdict, ratio }: Pointer['gate']): string => {
  if (verdict === 'none') return 'not gated';
  return ratio === undefined ? verdict : `${verdict} (x${ratio.toFixed(2)})`;
};

function rowOf(p: Pointer): string[] {
  const from = p.previous?.version ?? 'nothing';
  return [String(p.sequence), p.promoted_at, p.kind, `${from} -> ${p.version}`, gateText(p.gate), p.actor];
}

/** Columns under one another, for a terminal. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, c) => Math.max(...rows.map((r) => r[c]?.length ?? 0))) ?? [];
  return rows.map((r) => `  ${r.map((cell, c) => cell.padEnd(widths[c] ?? 0)).join('  ')}`.trimEnd());
}

interface Looked {
  view: HistoryView;
  repaired: Repaired | undefined;
  /** Ways in which the pointer contradicts its version and its record. */
  faults: PointerFault[];
  /** Of the whole history, where it was asked for. */
  report: HistoryReport | undefined;
}

/** Exit 3 for a pointer or a history that is not what moves of Coldgate would have left. */
function failureOf(place: PointerLocation, { faults, report }: Looked): ColdgateError | undefined {
  if (faults.length > 0) return unsound(place, faults);
  if (!report || report.problems.length === 0) return undefined;
  const reason = report.problems.map(({ message }) => message).join(' ');
  return new IntegrityError('history-broken', `The history of ${place.pointer} of ${place.model}: ${reason}`, {
    hint: `Put back what is missing or changed from the versions that the bucket keeps; coldgate history --model ${place.model} --repair puts the pointer right where its record can.`,
    data: { problems: report.problems },
  });
}

function reportOf(place: PointerLocation, looked: Looked): ModelResult {
  const { model } = place;
  const { view, repaired, report } = looked;
  const rows = view.records.map(rowOf);
  const checked =
    report && `All of the history was read: ${report.records} records, ${report.problems.length} problems.`;
  const notes = [
    ...(repaired ? [repaired.message] : []),
    ...(view.pending ? ['The newest record is shown from the pointer: the next move writes it.'] : []),
    ...(view.missing.length > 0 ? [`Records are missing: ${view.missing.join(', ')}.`] : []),
    ...(view.unreadable.length > 0 ? [`Records cannot be read: ${view.unreadable.join(', ')}.`] : []),
    ...(checked ? [checked] : []),
  ];
  const head = rows.length === 0 ? `${model}: nothing was ever promoted.` : `${model}: newest first.`;
  const table = markdownTable(['move', 'when', 'kind', 'what', 'gate', 'who'], rows);
  return {
    model,
    outputs: {},
    document: {
      ...{ records: view.records, pending: view.pending, missing: view.missing, unreadable: view.unreadable },
      ...{ faults: looked.faults, repaired: repaired?.done ?? null, problems: report?.problems ?? null },
    },
    lines: [head, ...aligned(rows), ...notes],
    summary: [head, ...(rows.length > 0 ? [table] : []), ...notes].join('\n\n'),
    failure: failureOf(place, looked),
  };
}

async function look(place: PointerLocation, input: HistoryVerbInput, { log }: Context): Promise<Looked> {
  const repaired = input.repair ? await repairHistory({ ...place, log }) : undefined;
  const view = await readHistory({ ...place, limit: input.limit });
  const [newest] = view.records;
  const missing = !view.current && newest && missingPointer(place, newest.sequence);
  const faults = view.current ? await pointerFaults(place, view.current) : missing ? [missing] : [];
  const report = input.check || input.repair ? await checkHistory(place) : undefined;
  return { view, repaired, faults, report };
}

/** `coldgate history`. */
export async function run(input: HistoryVerbInput, context: Context): Promise<VerbResult> {
  const { store, environment, models } = await openWorkspace(input, context, { checkFiles: false });
  return everyModel('history', models, async ({ name }) => {
    const place = { store, model: name, pointer: environment.pointer };
    return reportOf(place, await look(place, input, context));
  });
}
