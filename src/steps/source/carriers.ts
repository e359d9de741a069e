import type { Config, ModelEntry, StoreSettings, TargetSettings } from '../../config/types.ts';

/** Largest content of one direction, as it travels there. */
interface Lane {
  /** Bytes. */
  most: number;
  /** What text, and what bytes, become on their way, bytes. */
  carried: { text(size: number): number; bytes(size: number): number };
}

/** What carries requests to a function of one environment, and its answers back. */
export interface Carrier {
  environment: string;
  /** Its limit, for messages. */
  words: string;
  request: Lane;
  answer: Lane;
  /** How requests get there that it does not carry. */
  wayOfRequests: string;
  /** Where to change what, so that answers get back that it does not carry; undefined where results go to a bucket. */
  wayOfAnswers: { path: string; expected: string; hint: string } | undefined;
}

/** What carries the requests of a model, in each of its environments, where that has a limit. */
export function carriersOf({ environments }: Config, entry: ModelEntry): Carrier[] {
  return Object.values(environments).flatMap(({ name, store, target }) => {
    const path = entry.target ? `models.${entry.name}.target` : `environments.${name}.target`;
    const limits = limitsOf(entry.target ?? target, path, `models.${entry.name}.sample`);
    return limits ? [{ environment: name, wayOfRequests: wayOfRequests(store), ...limits }] : [];
  });
}

const mebibyte = 1024 * 1024;

/**
 * Of one invocation of Lambda, event or result; the 10 MB of an HTTP API are above it. And of what is streamed.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const lambda = { most: 6 * mebibyte, streamed: 200 * mebibyte };
/**
 * Over HTTP/1, and through API Gateway: https://docs.cloud.google.com/run/quotas,
 * https://docs.cloud.google.com/api-gateway/docs/quotas
 */
const cloudRun = 32 * mebibyte;
/**
 * API Management passes on what no policy of ours buffers, 1 GiB at least: learn api-management, gateway runtime limits.
 * https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#limits
 */
const azure = 100 * mebibyte;
/** Headers and the rest of an event beside its body. */
const eventBytes = 4096;

const asItIs: Lane['carried'] = { text: (size) => size, bytes: (size) => size };
/** In an event text is JSON once more, and bytes are base64. */
const inEvent: Lane['carried'] = {
  text: (size) => Math.ceil(size * 1.02) + eventBytes,
  bytes: (size) => Math.ceil(size / 3) * 4 + eventBytes,
};

/** A REST API that takes bytes of any kind passes on text as base64, too. */
const asBase64: Lane['carried'] = { text: inEvent.bytes, bytes: inEvent.bytes };

type Limits = Omit<Carrier, 'environment' | 'wayOfRequests'>;

function limitsOf(target: TargetSettings, path: string, samplePath: string): Limits | undefined {
  const smaller = {
    path: samplePath,
    expected: 'one with a smaller answer',
    hint: 'Use a smaller sample, and have callers ask for fewer outputs at a time.',
  };
  switch (target.provider) {
    case 'aws-lambda':
      return limitsOfLambda(target, path, smaller);
    case 'google-cloud-run': {
      const lane = { most: cloudRun, carried: asItIs };
      const wayOfAnswers = target.batch ? undefined : smaller;
      return { words: 'Cloud Run takes and answers 32 MB', request: lane, answer: lane, wayOfAnswers };
    }
    case 'azure-functions': {
      const request = { most: azure, carried: asItIs };
      const answer = { most: Number.POSITIVE_INFINITY, carried: asItIs };
      return { words: 'Azure Functions takes 100 MB', request, answer, wayOfAnswers: undefined };
    }
    default:
      return undefined;
  }
}

function limitsOfLambda(
  target: Extract<TargetSettings, { provider: 'aws-lambda' }>,
  path: string,
  smaller: NonNullable<Carrier['wayOfAnswers']>,
): Limits {
  const event = { most: lambda.most, carried: inEvent };
  if (target.responseStream) {
    const answer = { most: lambda.streamed, carried: asItIs };
    return { words: 'Lambda takes 6 MB and streams 200', request: event, answer, wayOfAnswers: smaller };
  }
  const way =
    target.endpoint === 'function-url'
      ? { path: `${path}.response-stream`, expected: 'true', hint: 'Set it to true.' }
      : {
          path: `${path}.endpoint`,
          expected: 'function-url with response-stream: true',
          hint: 'Set both, or use a smaller sample.',
        };
  const wayOfAnswers = target.batch ? undefined : way;
  const isRest = target.endpoint === 'rest-api';
  const request = isRest ? { ...event, carried: asBase64 } : event;
  const words = isRest ? 'Lambda takes and answers 6 MB, base64 included' : 'Lambda takes and answers 6 MB';
  return { words, request, answer: event, wayOfAnswers };
}

const wayOfRequests = ({ url }: StoreSettings): string =>
  url.startsWith('file:')
    ? 'no form fits: have callers send less'
    : 'no form fits: have callers upload it below the prefix of the store and send its signed URL';
