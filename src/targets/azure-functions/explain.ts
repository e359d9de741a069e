import { UnprovenError } from '../../errors.ts';
import type { FlexContext } from './context.ts';
import { hostErrors } from './listed.ts';

/** The error with what the host of the app says of itself. */
export async function withHost(context: FlexContext, site: string, error: Error): Promise<Error> {
  if (!(error instanceof UnprovenError)) return error;
  const errors = await hostErrors(context, site);
  const { message, code, data } = error;
  const [name = '', slot] = site.split('/slots/');
  const of = slot === undefined ? name : `${name} --slot ${slot}`;
  const command = `az webapp log tail --name ${of} --resource-group ${context.settings.resourceGroup}`;
  const hint = [error.hint, `Its log: ${command}`].filter(Boolean).join(' ');
  if (errors.length === 0) return new UnprovenError(code, message, { hint, cause: error, data });
  const text = [message, `The host of ${site} says:`, ...errors.map((line) => `  ${line}`)].join('\n');
  return new UnprovenError(code, text, { hint, cause: error, data: { ...data, host: errors } });
}
