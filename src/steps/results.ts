import type { ColdgateError } from '../errors.ts';
import type { VerbResult } from './verb.ts';

/** A verb's result for one model. */
export interface ModelResult {
  model: string;
  outputs: Record<string, string>;
  document: Record<string, unknown>;
  /** Human-readable lines. */
  lines: string[];
  /** Markdown under the model's heading in the job summary. */
  summary: string;
  failure?: ColdgateError | undefined;
}

/**
 * Joins the results of several models: with one model the outputs are its own; with more, each output is a JSON object
 * from model to value. `results` always has everything.
 */
export function joinResults(verb: string, each: readonly ModelResult[]): VerbResult {
  const names = [...new Set(each.flatMap((r) => Object.keys(r.outputs)))];
  const single = each.length === 1 ? each[0] : undefined;
  const outputs: Record<string, string> = single
    ? { ...single.outputs }
    : Object.fromEntries(
        names.map((n) => [n, JSON.stringify(Object.fromEntries(each.map((r) => [r.model, r.outputs[n] ?? ''])))]),
      );
  const results = each.map((r) => ({ model: r.model, ...r.document }));
  outputs['results'] = JSON.stringify(results);
  return {
    outputs,
    document: { ...(single?.document ?? {}), results },
    lines: each.flatMap((r) => r.lines),
    summary: [`## Coldgate ${verb}`, ...each.map((r) => `### ${r.model}\n\n${r.summary}`)].join('\n\n'),
    failure: each.find((r) => r.failure)?.failure,
  };
}

/** The steps of one model as one result; later steps speak last and win where they use the same output. */
export function joinSteps(model: string, steps: readonly ModelResult[]): ModelResult {
  return {
    model,
    outputs: Object.assign({}, ...steps.map((s) => s.outputs)),
    document: Object.assign({}, ...steps.map((s) => s.document)),
    lines: steps.flatMap((s) => s.lines),
    summary: steps
      .map((s) => s.summary)
      .reverse()
      .join('\n\n'),
    failure: steps.find((s) => s.failure)?.failure,
  };
}

/** Works through the models in order and stops after the first one that fails. */
export async function eachModel<M extends { name: string }>(
  verb: string,
  models: readonly M[],
  work: (model: M) => Promise<ModelResult>,
): Promise<VerbResult> {
  const done: ModelResult[] = [];
  for (const model of models) {
    const result = await work(model);
    done.push(result);
    if (result.failure) break;
  }
  return joinResults(verb, done);
}

/** Works through all models, whatever one of them is found to be: for verbs that only look. */
export async function everyModel<M extends { name: string }>(
  verb: string,
  models: readonly M[],
  work: (model: M) => Promise<ModelResult>,
): Promise<VerbResult> {
  const done: ModelResult[] = [];
  for (const model of models) done.push(await work(model));
  return joinResults(verb, done);
}

/** A Markdown table; cells may hold Markdown, line breaks and pipes are made harmless. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** 1234567 -> `1.2 MB`; decimal units, as stores bill. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
