import { accessSync, constants, statSync } from 'node:fs';
import * as core from '@actions/core';
import type { Concealer } from '../conceal.ts';
import { ColdgateError, exitCodes, InputError } from '../errors.ts';
import { markdownText } from '../github/event-text.ts';
import type { VerbResult } from '../steps/verb.ts';
import { commandFree } from './commands.ts';

/** GitHub shows ten error annotations a step; the rest would vanish without a word. */
const shown = 9;

/** Annotations with the code in the title and the cure in the text; the cause in the log beneath. */
function annotate(verb: string, error: ColdgateError): void {
  const title = `Coldgate ${verb}: ${error.code}`;
  if (error instanceof InputError) {
    for (const p of error.problems.slice(0, shown)) {
      const text = `${p.path ? `${p.path}: ` : ''}${p.message}${p.hint ? ` ${p.hint}` : ''}`;
      core.error(text, { title, ...(p.file && { file: p.file }), ...(p.line && { startLine: p.line }) });
    }
    const more = error.problems.length - shown;
    if (more > 0) core.error(`and ${more} more; the log lists all.`, { title });
    core.info(commandFree(error.message));
  } else core.error([error.message, error.hint].filter(Boolean).join(' '), { title });
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    core.info(commandFree(`caused by: ${cause.message}`));
  }
}

/** GitHub drops a step summary of 1 MiB without a word (actions/runner#4337); we stay far below. */
const summaryLimit = 512 * 1024;

/** Adds to the job summary; too long a text is cut at a line, with a note. */
export async function writeSummary(markdown: string, env: NodeJS.ProcessEnv): Promise<void> {
  if (!env['GITHUB_STEP_SUMMARY'] || markdown === '') return;
  const cut = Buffer.byteLength(markdown) > summaryLimit;
  const part = cut ? markdown.slice(0, markdown.lastIndexOf('\n', summaryLimit / 4)) : markdown;
  const text = cut ? `${part}\n\n… cut; the report file has everything.\n` : part;
  try {
    assertFile(env['GITHUB_STEP_SUMMARY']);
    await core.summary.addRaw(`${text}\n\n`).write();
  } catch (error) {
    // It repeats the log: a runner without summaries is no reason to fail.
    core.info(commandFree(`The job summary could not be written (GITHUB_STEP_SUMMARY): ${(error as Error).message}`));
  }
}

/** Throws Error where a plain file cannot be added to: a write to a named pipe without a reader would never end. */
function assertFile(path: string): void {
  if (!statSync(path).isFile()) throw new Error(`${path} is no plain file`);
  accessSync(path, constants.W_OK);
}

/**
 * Throws ColdgateError `bad-runner` (exit 2) where the runner accepts no outputs: the next steps would run without them.
 * Asked before the verb does what cannot be taken back.
 */
export function assertOutputs(env: NodeJS.ProcessEnv): void {
  const path = env['GITHUB_OUTPUT'];
  if (!path) return;
  try {
    assertFile(path);
  } catch (cause) {
    throw badRunner(cause);
  }
}

function badRunner(cause: unknown): ColdgateError {
  const message = `The outputs could not be written: ${(cause as Error).message}.`;
  const hint =
    'GITHUB_OUTPUT must name the file that the runner made for this step; where nothing reads outputs, unset it.';
  return new ColdgateError('bad-runner', exitCodes.usage, message, { cause, hint });
}

/** Throws as assertOutputs. */
function writeOutputs(outputs: Readonly<Record<string, string>>): void {
  try {
    for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value);
  } catch (cause) {
    throw badRunner(cause);
  }
}

/** The result as it may be seen: what models.yaml took from the environment goes by its name. */
export function concealed(result: VerbResult, conceal: Concealer): VerbResult {
  return {
    ...result,
    lines: result.lines.map((line) => conceal.text(line)),
    summary: conceal.text(result.summary),
    outputs: result.verbatim ? result.outputs : conceal.value(result.outputs),
    document: result.verbatim ? result.document : conceal.value(result.document),
    failure: result.failure && conceal.error(result.failure),
  };
}

/** Lines to the log, outputs to their file, Markdown to the summary, a failure to an annotation. Returns the exit code. */
export async function reportResult(verb: string, result: VerbResult, env: NodeJS.ProcessEnv): Promise<number> {
  for (const line of result.lines) core.info(commandFree(line));
  writeOutputs(result.outputs);
  await writeSummary(result.summary, env);
  if (result.failure) annotate(verb, result.failure);
  return result.failure?.exit ?? exitCodes.done;
}

/** What stopped a verb before it had a result. Returns the exit code. */
export async function reportFailure(verb: string, error: ColdgateError, env: NodeJS.ProcessEnv): Promise<number> {
  annotate(verb, error);
  const lines = [error.message, error.hint ?? ''].filter(Boolean).map(markdownText);
  await writeSummary([`### Coldgate ${markdownText(verb)} failed: \`${error.code}\``, ...lines].join('\n\n'), env);
  return error.exit;
}
