import * as core from '@actions/core';
import { type ColdgateError, InputError } from '../errors.ts';
import { commandFree } from './commands.ts';

/** GitHub shows ten error annotations a step; the rest would vanish without a word. */
const shown = 9;

/** Annotations with the code in the title and the cure in the text; the cause in the log beneath. */
export function annotate(verb: string, error: ColdgateError): void {
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
