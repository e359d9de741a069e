import { InputError } from '../errors.ts';
import { renderSvg } from '../gate/pictures/svg.ts';
import { encodeRecord, type GateRecord, parseRecord } from '../gate/record/record.ts';
import { renderMarkdown } from '../gate/words/markdown.ts';
import { renderTerminal } from '../gate/words/terminal.ts';
import { ShapeError } from '../model/shape.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { readGiven } from './decide.ts';

export interface ReportInput {
  /** Path of a record, or of a document that holds one as `record`; `-` for standard input. */
  file: string;
  format?: 'terminal' | 'markdown' | 'svg' | 'json' | undefined;
  stdin?: string | undefined;
}

const renderers: Record<NonNullable<ReportInput['format']>, (record: GateRecord) => string> = {
  terminal: (record) => `${renderTerminal(record).join('\n')}\n`,
  markdown: renderMarkdown,
  svg: renderSvg,
  json: (record) => Buffer.from(encodeRecord(record)).toString('utf8'),
};

/** The record itself, or the one inside what `coldgate decide --json` printed. */
function recordText(text: string): string {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === 'object' && document !== null && 'record' in document && !('samples' in document)) {
      return JSON.stringify(document.record);
    }
  } catch {
    // Not JSON: the parser below reports that with the name of the document.
  }
  return text;
}

/** `coldgate report FILE`: renders the record of a measurement again. Throws InputError `bad-record`. */
export async function run(input: ReportInput, context: Context): Promise<VerbResult> {
  const text = await readGiven('file', input.file, input.stdin, context.cwd);
  let record: GateRecord;
  try {
    record = parseRecord(Buffer.from(recordText(text), 'utf8'));
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause;
    const hint =
      'Give a report of coldgate warmup, a record under baselines/, or the output of coldgate decide --json.';
    throw new InputError([{ path: 'file', message: cause.message, hint }], { code: 'bad-record', cause });
  }
  const format = input.format ?? 'terminal';
  const rendered = renderers[format](record);
  return {
    outputs: {},
    document: { format, rendered, record },
    summary: renderMarkdown(record),
    lines: [],
    text: rendered,
  };
}
