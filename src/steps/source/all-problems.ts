import { ColdgateError, exitCodes, InputError } from '../../errors.ts';

/** An unforeseen failure is worse than any that has an explanation. */
const weight = ({ exit }: ColdgateError): number => (exit === exitCodes.unexpected ? 100 : exit);

/**
 * One error with every problem and the worst of the exit codes. Each hint stays with its problem.
 * @param errors at least one
 */
export function allProblems(errors: readonly ColdgateError[]): ColdgateError {
  const [worst] = [...errors].sort((a, b) => weight(b) - weight(a));
  if (!worst) throw new RangeError('There is no problem to speak of.');
  if (errors.length === 1) return worst;
  if (errors.every((error) => error instanceof InputError)) {
    return new InputError(
      errors.flatMap((error) => error.problems),
      { code: worst.code },
    );
  }
  const lines = errors.map(({ message, hint }) => (hint ? `${message} ${hint}` : message));
  const data = { problems: errors.map(({ code, exit, message, hint }) => ({ code, exit, message, hint })) };
  return new ColdgateError(worst.code, worst.exit, `${lines.length} problems:\n${lines.join('\n')}`, { data });
}
