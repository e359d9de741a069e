import { InputError } from '../errors.ts';
import { renderSvg } from '../gate/pictures/svg.ts';
import { renderQualitySvg } from '../gate/quality/picture.ts';
import { encodeQualityRecord, parseQualityRecord, type QualityRecord } from '../gate/quality/record.ts';
import { renderQualityMarkdown, renderQualityTerminal } from '../gate/quality/render.ts';
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

type Renderers<R> = Record<NonNullable<ReportInput['format']>, (record: R) => string>;

const ofStarts: Renderers<GateRecord> = {
  terminal: (record) => `${renderTerminal(record).join('\n')}\n`,
  markdown: renderMarkdown,
  svg: renderSvg,
  json: (record) => Buffer.from(encodeRecord(record)).toString('utf8'),
};

const ofQuality: Renderers<QualityRecord> = {
  terminal: (record) => `${renderQualityTerminal(record).join('\n')}\n`,
  markdown: renderQualityMarkdown,
  svg: renderQualitySvg,
  json: (record) => Buffer.from(encodeQualityRecord(record)).toString('utf8'),
};

const isOfQuality = (text: string): boolean => {
  try {
    return (JSON.parse(text) as { kind?: unknown } | null)?.kind === 'quality';
  } catch {
    return false;
  }
};

/** The record of a document, and what renders it. Throws ShapeError. */
function readRecord(text: string): { record: unknown; render(format: keyof Renderers<unknown>): string } {
  const bytes = Buffer.from(text, 'utf8');
  if (isOfQuality(text)) {
    const record = parseQualityRecord(bytes);
    return { record, render: (format) => ofQuality[format](record) };
  }
  const record = parseRecord(bytes);
  return { record, render: (format) => ofStarts[format](record) };
}

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
  let found: ReturnType<typeof readRecord>;
  try {
    found = readRecord(recordText(text));
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause;
    const hint =
      'Give a report of coldgate warmup or evaluate, a record under baselines/, or the output of coldgate decide --json.';
    throw new InputError([{ path: 'file', message: cause.message, hint }], { code: 'bad-record', cause });
  }
  const format = input.format ?? 'terminal';
  const rendered = found.render(format);
  return {
    outputs: {},
    document: { format, rendered, record: found.record },
    summary: found.render('markdown'),
    lines: [],
    text: rendered,
  };
}
