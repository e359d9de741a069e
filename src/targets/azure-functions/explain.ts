import { UnprovenError } from '../../errors.ts';
import type { FlexContext } from './context.ts';
import { hostErrors } from './listed.ts';
import { logCommand, readLog } from './logs.ts';

/** The error with what the host of the app says of itself and the end of the app's log, or with the command that shows it. */
export async function withHost(context: FlexContext, site: string, error: Error): Promise<Error> {
  if (!(error instanceof UnprovenError)) return error;
  const [host, log] = [await hostErrors(context, site), await readLog(context, site)];
  const { message, code, data } = error;
  const indented = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
  const text = [
    message,
    ...indented(`The host of ${site} says:`, host),
    ...indented(`The end of the log of ${site}:`, log),
  ].join('\n');
  const hint = [error.hint, log.length === 0 && `Its log: ${logCommand(context, site)}`].filter(Boolean).join(' ');
  const more = { ...(host.length > 0 && { host }), ...(log.length > 0 && { log }) };
  return new UnprovenError(code, text, { hint, cause: error, data: { ...data, ...more } });
}
