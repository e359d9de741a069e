import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InputError, type Problem } from '../errors.ts';
import { decideQuality } from '../gate/quality/decide.ts';
import { parseQuality } from '../gate/quality/parse.ts';
import { qualityDocument, qualityMarkdown } from '../gate/quality/report.ts';
import { decisiveMetric } from '../gate/record/record-view.ts';
import { decideSamples, recordOfSamples } from '../gate/rule/decide-samples.ts';
import { parseSamples, type Samples } from '../gate/rule/parse-samples.ts';
import type { Verdict } from '../gate/rule/verdict.ts';
import { renderMarkdown } from '../gate/words/markdown.ts';
import { renderTerminal, renderTerminalDetails } from '../gate/words/terminal.ts';
import { type JsonTextError, parseJson } from '../model/json-text.ts';
import { placeholderOf } from '../onnx/placeholder.ts';
import { gateFailure, verdictFailure } from '../steps/release/gate-report.ts';
import type { Context, VerbResult } from '../steps/verb.ts';

export interface DecideInput {
  /** Path, relative to the context's folder, or `-` for what the edge read from standard input. */
  samples: string;
  stdin?: string | undefined;
}

/** Problems shown; a list of ten thousand bad numbers needs no ten thousand lines. */
const maxProblems = 20;

function listed(problems: readonly Problem[]): Problem[] {
  const more = problems.length - maxProblems;
  if (more <= 0) return [...problems];
  return [...problems.slice(0, maxProblems), { path: '', message: `and ${more} more problems.` }];
}

function readDocument(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    const { message, hint } = cause as JsonTextError;
    throw new InputError([{ path: 'samples', message: `${message}.`, hint }], { code: 'bad-samples', cause });
  }
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new InputError(listed(problems), { code: 'bad-samples' });
}

/**
 * The gate on a document of samples: `{"candidate": [ms, …], "baseline": [ms, …], "options": {…}, "sequence": true}`.
 * Pure. Throws InputError `bad-samples` with every problem at once.
 */
export function decideDocument(text: string): { verdict: Verdict; samples: Samples } {
  const { samples, problems } = parseSamples(readDocument(text));
  refuse(problems);
  return { verdict: decideSamples(samples), samples };
}

/** A document of quality is known by its key. */
const isOfQuality = (document: unknown): document is Record<string, unknown> =>
  typeof document === 'object' && document !== null && Object.hasOwn(document, 'quality');

/** The quality gate on `{"quality": {"kind", "live", "candidate"}, "options": {…}}`. Throws as `decideDocument` does. */
function qualityResult(document: Record<string, unknown>): VerbResult {
  const { samples, problems } = parseQuality(document);
  refuse(problems);
  const found = decideQuality(samples);
  const { verdict, reason, line, n } = found;
  const { estimate = null, lower = null, upper = null } = found.judgement ?? {};
  return {
    outputs: {
      verdict,
      reason,
      n: String(n),
      ratio: '',
      difference: word(estimate),
      lower: word(lower),
      upper: word(upper),
    },
    document: qualityDocument(found),
    summary: qualityMarkdown(found),
    lines: verdict === 'pass' ? [line] : [],
    failure: verdictFailure(found),
  };
}

const word = (value: number | null) => (value === null ? '' : String(value));

/** Reads a file that the user named, or what came by standard input. Throws InputError `unreadable-file`, `not-the-file`. */
export async function readGiven(name: string, path: string, stdin: string | undefined, cwd: string): Promise<string> {
  if (path === '-') return stdin ?? '';
  let bytes: Buffer;
  try {
    bytes = await readFile(resolve(cwd, path));
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : 'it cannot be read';
    const message = `${path}: ${why}.`;
    throw new InputError([{ path: name, message, hint: 'Use - for standard input.' }], {
      code: 'unreadable-file',
      cause,
    });
  }
  const found = placeholderOf(bytes, path);
  if (found) {
    const message = `${path} ${found.words}, not the file itself.`;
    throw new InputError([{ path: name, message, hint: found.hint }], { code: 'not-the-file' });
  }
  // A byte order mark, as Windows editors write it, is no part of the text.
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/** `coldgate decide`: exit 0 pass, 4 regression, 5 inconclusive, 7 where the samples prove nothing. */
export async function run(input: DecideInput, context: Context): Promise<VerbResult> {
  const text = await readGiven('samples', input.samples, input.stdin, context.cwd);
  const document = readDocument(text);
  if (isOfQuality(document)) return qualityResult(document);
  const { verdict, samples } = decideDocument(text);
  const record = recordOfSamples(samples, verdict, context.now().toISOString());
  const metric = decisiveMetric(verdict);
  const { candidate = 0, baseline = 0 } = metric?.n ?? {};
  const n = verdict.baseline === 'none' ? candidate : Math.min(candidate, baseline);
  const bounds = { ratio: metric?.ratio ?? null, lower: metric?.lower ?? null, upper: metric?.upper ?? null };
  const failure = gateFailure(verdict);
  return {
    outputs: {
      verdict: verdict.verdict,
      reason: verdict.reason,
      n: String(n),
      ratio: word(bounds.ratio),
      difference: '',
      lower: word(bounds.lower),
      upper: word(bounds.upper),
    },
    document: { ...verdict, n, starts: { candidate, baseline }, ...bounds, sequence: samples.sequence, record },
    summary: renderMarkdown(record),
    lines: failure ? renderTerminalDetails(record) : renderTerminal(record),
    failure,
  };
}
