import { randomUUID } from 'node:crypto';
import { StreamedReply } from '../fakes/handler/runtime-api.ts';
import type { Environment, Invoked, StartEnvironment } from './environment.ts';
import { reportOf } from './report.ts';
import type { Fields, FunctionVersion } from './state.ts';

/** What versions of a model a function can find, and which one the pointer names. */
export interface StoreGroup {
  /** sha256 of the model by version. */
  models: Map<string, string>;
  pointer: string;
  /** Versions of the function that fail every event, by number. */
  broken: Set<string>;
}

/**
 * Answers as the handler does, in this process and at once: for tests of the control plane, in which what runs does not
 * matter. Those of the data plane have the real handler in the real runtime client.
 */
export const quickFunctions =
  (group: StoreGroup): StartEnvironment =>
  async (version) => {
    const instance = randomUUID();
    let cold = true;
    const one: Environment = {
      ended: false,
      invoke: async (event) => {
        const [answer, error] = answerTo(group, version, instance, cold);
        const payload = error ? answer : streamedWhereAsked(version, event, answer);
        const log = reportOf(version, { ms: 1, initMs: cold ? 1 : undefined });
        cold = false;
        return { payload, error, log };
      },
      stop: async () => {},
    };
    return one;
  };

const variablesOf = ({ configuration }: FunctionVersion): Record<string, string> =>
  ((configuration['Environment'] as Fields)['Variables'] ?? {}) as Record<string, string>;

/** What comes over a URL is streamed by versions that are told to. */
function streamedWhereAsked(version: FunctionVersion, event: unknown, answer: unknown): unknown {
  const { requestContext } = event as { requestContext?: { domainName?: string } };
  if (variablesOf(version)['COLDGATE_RESPONSE_STREAM'] !== 'true' || !requestContext?.domainName) return answer;
  const { body, ...head } = answer as { body: string };
  return new StreamedReply(Buffer.concat([Buffer.from(JSON.stringify(head)), Buffer.alloc(8), Buffer.from(body)]));
}

function answerTo(
  group: StoreGroup,
  called: FunctionVersion,
  instance: string,
  cold: boolean,
): [unknown, Invoked['error']] {
  const { configuration } = called;
  if (group.broken.has(String(configuration['Version']))) {
    return [{ errorType: 'Broken', errorMessage: 'it does not work' }, 'Unhandled'];
  }
  const variables = variablesOf(called);
  const version = variables['MODEL_VERSION'] ?? group.pointer;
  const sha256 = group.models.get(version) ?? '';
  const model = { version, sha256 };
  const body = {
    revision: variables['COLDGATE_REVISION'],
    ...{ model, instance_id: instance, cold_start: cold, timings: { model_loaded_ms: 1 }, sample: 'match' },
    outputs: { y: [[1]] },
  };
  const headers = {
    'content-type': 'application/json',
    'x-coldgate-version': version,
    'x-coldgate-sha256': sha256,
    'x-served-by': String(configuration['Version']),
  };
  return [{ statusCode: 200, headers, body: JSON.stringify(body), isBase64Encoded: false }, undefined];
}
