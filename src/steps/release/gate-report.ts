import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type ColdgateError, GateError, UnprovenError } from '../../errors.ts';
import { renderSvg } from '../../gate/pictures/svg.ts';
import { encodeRecord, type GateRecord } from '../../gate/record/record.ts';
import { decisiveMetric } from '../../gate/record/record-view.ts';
import type { Verdict, VerdictWord } from '../../gate/rule/verdict.ts';
import { renderMarkdown } from '../../gate/words/markdown.ts';
import { renderTerminal, renderTerminalDetails } from '../../gate/words/terminal.ts';
import type { GateRecord as PointerGate } from '../../model/pointer.ts';
import type { ModelResult } from '../results.ts';

/** How a verdict, of starts or of quality, ends a verb: nothing on a pass, exit 4, 5 or 7 else. */
export function verdictFailure(
  { verdict, reason, line }: { verdict: VerdictWord; reason: string; line: string },
  options: { hint?: string | undefined; data?: Record<string, unknown> | undefined } = {},
): ColdgateError | undefined {
  if (verdict === 'pass') return undefined;
  if (verdict === 'error') return new UnprovenError(reason, line, options);
  return new GateError(verdict, line, options);
}

/** The same of the gate on starts, with its advice. */
export const gateFailure = (verdict: Verdict, data?: Record<string, unknown>): ColdgateError | undefined =>
  verdictFailure(verdict, { hint: verdict.advice || undefined, data });

/** The pointer's summary of the gate that a version passed. */
export function pointerGate({ verdict }: GateRecord): PointerGate {
  const main = decisiveMetric(verdict);
  const word = verdict.verdict === 'error' ? 'none' : verdict.verdict;
  return {
    verdict: word,
    ...(main?.ratio != null && { ratio: main.ratio }),
    ...(main?.lower != null && { lower: main.lower }),
    ...(main?.upper != null && { upper: main.upper }),
  };
}

/** Writes the record as JSON and its picture as SVG; returns the JSON file's path, as the user would type it. */
export async function writeReport(record: GateRecord, folder: string, cwd: string): Promise<string> {
  const absolute = resolve(cwd, folder);
  await mkdir(absolute, { recursive: true });
  const name = join(absolute, `${record.model}-${record.candidate.version}`);
  await writeFile(`${name}.json`, encodeRecord(record));
  await writeFile(`${name}.svg`, renderSvg(record));
  const path = relative(cwd, `${name}.json`);
  return path.startsWith('..') ? `${name}.json` : path;
}

export function warmupReport(record: GateRecord, reportPath: string): ModelResult {
  const { verdict, model } = record;
  const main = decisiveMetric(verdict);
  const failure = gateFailure(verdict);
  const numbers = {
    ratio: main?.ratio ?? null,
    lower: main?.lower ?? null,
    upper: main?.upper ?? null,
    'candidate-p50': main?.median.candidate ?? null,
    'candidate-p95': main?.p95.candidate ?? null,
    'baseline-p50': main?.median.baseline ?? null,
  };
  const outputs = {
    verdict: verdict.verdict,
    ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, value?.toFixed(4) ?? ''])),
    'report-path': reportPath,
  };
  return {
    model,
    outputs,
    document: { verdict: verdict.verdict, reason: verdict.reason, ...numbers, 'report-path': reportPath, record },
    // The failure's message contains verdict and advice.
    lines: [...(failure ? renderTerminalDetails(record) : renderTerminal(record)), `Every sample: ${reportPath}`],
    summary: renderMarkdown(record),
    failure,
  };
}
