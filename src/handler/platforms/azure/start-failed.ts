import { json } from '../../http/answer.ts';
import type { App } from '../../http/app.ts';
import type { WriteLine } from '../../http/log-line.ts';
import { startFailure } from '../../http/node-main.ts';
import { SettingsError } from '../../settings.ts';
import { uniqueId } from '../../unique-id.ts';

/** What takes requests: the application, or what stands in for one that could not start. */
export type RequestHandler = Pick<App, 'handle'>;

/**
 * Answers every request with the reason why the function could not start, health with it: Azure shows nothing else of
 * it. Problems of settings are written for that; of other errors only the log has the message, which may hold values.
 * @param facts of this process, for health
 */
export function startFailed(error: unknown, facts: Record<string, unknown>, write: WriteLine): RequestHandler {
  const line = startFailure(error);
  const problems = error instanceof SettingsError ? error.problems : ['An error that its log has.'];
  const message = `The function cannot start: ${problems.join(' ')}`;
  // As every answer of a function has it, which tells it apart from the answers of Azure itself.
  const instance = uniqueId();
  return {
    async handle({ requestId }) {
      write(line, 'error');
      const document = {
        status: 'start-failed',
        ...facts,
        error: { code: 'start-failed', message, request_id: requestId },
      };
      return json(500, document, { 'x-coldgate-instance': instance });
    },
  };
}
