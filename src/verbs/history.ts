import type { Pointer } from '../model/pointer.ts';
import { type HistoryView, readHistory } from '../registry/history.ts';
import { eachModel, type ModelResult, markdownTable } from './results.ts';
import type { Context, VerbResult } from './verb.ts';
import { openWorkspace, type WorkInput } from './workspace.ts';

export interface HistoryVerbInput extends WorkInput {
  limit: number;
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

function report(model: string, view: HistoryView): ModelResult {
  const rows = view.records.map(rowOf);
  const notes = [
    ...(view.pending ? ['The newest record is shown from the pointer: the next move writes it.'] : []),
    ...(view.missing.length > 0 ? [`Records are missing: ${view.missing.join(', ')}.`] : []),
    ...(view.unreadable.length > 0 ? [`Records cannot be read: ${view.unreadable.join(', ')}.`] : []),
  ];
  const head = rows.length === 0 ? `${model}: nothing was ever promoted.` : `${model}: newest first.`;
  const table = markdownTable(['move', 'when', 'kind', 'what', 'gate', 'who'], rows);
  return {
    model,
    outputs: {},
    document: { records: view.records, pending: view.pending, missing: view.missing, unreadable: view.unreadable },
    lines: [head, ...aligned(rows), ...notes],
    summary: [head, ...(rows.length > 0 ? [table] : []), ...notes].join('\n\n'),
  };
}

/** `coldgate history`. */
export async function run(input: HistoryVerbInput, context: Context): Promise<VerbResult> {
  const { store, environment, models } = await openWorkspace(input, context, { checkFiles: false });
  return eachModel('history', models, async ({ name }) =>
    report(name, await readHistory({ store, model: name, pointer: environment.pointer, limit: input.limit })),
  );
}
