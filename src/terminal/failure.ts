import { type ColdgateError, exitCodes, InputError } from '../errors.ts';

/** What a person reads when a verb fails: what, why, what to type next; stacks only for the unexpected, with --verbose. */
export function failureLines(verb: string, error: ColdgateError, verbose: boolean): string[] {
  const lines: string[] = [];
  if (error instanceof InputError) {
    const count = error.problems.length;
    lines.push(`coldgate ${verb} failed: ${count === 1 ? '1 problem' : `${count} problems`} (${error.code}).`);
    lines.push(...error.message.split('\n').map((l) => `  ${l}`));
  } else lines.push(`coldgate ${verb} failed: ${error.message} (${error.code})`);
  if (error.hint) lines.push(`  ${error.hint}`);
  if (verbose) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      if (cause !== error) lines.push(`  caused by: ${cause.message}`);
      if (error.exit === exitCodes.unexpected && cause.stack) lines.push(cause.stack);
    }
  }
  return lines;
}

/** The `--json` form of a failure. */
export function failureDocument(verb: string, error: ColdgateError): Record<string, unknown> {
  return {
    verb,
    ok: false,
    exit: error.exit,
    error: {
      code: error.code,
      message: error.message,
      ...(error.hint && { hint: error.hint }),
      ...(error.data && { data: error.data }),
      ...(error instanceof InputError && { problems: error.problems }),
    },
  };
}
