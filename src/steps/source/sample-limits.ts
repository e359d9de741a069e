import type { Config, ModelEntry } from '../../config/types.ts';
import type { Problem } from '../../errors.ts';
import type { CheckResult, WireSize } from '../../optimize/jobs.ts';
import { bytesText } from '../results.ts';

/**
 * Largest event, and largest result, of one invocation of Lambda; function URLs and HTTP APIs (10 MB) cannot take more.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const lambdaBytes = 6 * 1024 * 1024;
/** Headers and the rest of an event beside its body. */
const eventBytes = 4096;
const highestPayloadKb = 1_048_576;

export interface LimitFindings {
  /** No form of the sample would be taken. */
  problems: Problem[];
  /** Only some form of it would be, or only another way to the function. */
  notes: string[];
}

/** In an event text is JSON once more, and bytes are base64. */
const inEvent = ({ json, binary }: WireSize): WireSize => ({
  json: Math.ceil(json * 1.02) + eventBytes,
  binary: Math.ceil(binary / 3) * 4 + eventBytes,
});

const least = ({ json, binary }: WireSize): number => Math.min(json, binary);

/** The environments of the configuration whose functions of this model run on Lambda. */
function onLambda({ environments }: Config, entry: ModelEntry): string[] {
  const all = Object.values(environments);
  return all.filter(({ target }) => (entry.target ?? target).provider === 'aws-lambda').map(({ name }) => name);
}

/**
 * Checks the sample against every limit on such a request where the model is served. The readiness proof reads it from
 * the store whatever its size, so only a size that no caller could send is a problem.
 */
export function checkLimits(
  config: Config,
  entry: ModelEntry,
  ran: Pick<CheckResult, 'bytes' | 'runMs'>,
): LimitFindings {
  const { bytes, runMs = 0 } = ran;
  if (!bytes) return { problems: [], notes: [] };
  const { request, answer } = bytes;
  const { problems, notes } = checkPayload(entry, request);
  problems.push(...checkRunTime(entry, runMs));
  const names = onLambda(config, entry);
  if (names.length === 0) return { problems, notes };
  const where = `Lambda takes and answers 6 MB (environment ${names.join(', ')})`;
  const what = entry.sample ? 'sample' : 'smallest request';
  for (const [kind, size] of [
    ['request', inEvent(request)],
    ['answer', inEvent(answer)],
  ] as const) {
    if (size.json <= lambdaBytes) continue;
    const begin = `${where}, and the ${kind} of the ${what} of ${entry.name} is ${bytesText(size.json)} as JSON`;
    const binary = `send and ask for bytes (application/octet-stream), ${bytesText(size.binary)} with base64`;
    const never = `no form fits: have callers send less, or upload requests to S3`;
    notes.push(`${begin}: ${least(size) <= lambdaBytes ? binary : never} (docs/handler.md).`);
  }
  return { problems, notes };
}

/** `handler.run-timeout-ms` at most; its range is checked with models.yaml. */
const maxRunMs = 900_000;

/** The function is proven by the same run, and answers its callers within the same time. */
function checkRunTime(entry: ModelEntry, runMs: number): Problem[] {
  const { name, sample, handler } = entry;
  const took = Math.ceil(runMs);
  if (took <= handler.runTimeoutMs) return [];
  const what = sample ? 'its sample' : 'a made-up request';
  const message = `expected more than the ${took} ms that ${name} runs ${what} for on this machine, got ${handler.runTimeoutMs}.`;
  const enough = Math.ceil((took * 2) / 1000) * 1000;
  const hint = enough <= maxRunMs ? `Set it to ${enough}, or use a smaller sample.` : 'Use a smaller sample.';
  return [{ path: `models.${name}.handler.run-timeout-ms`, message, hint }];
}

function checkPayload(entry: ModelEntry, request: WireSize): LimitFindings {
  const { maxPayloadKb } = entry.handler;
  const limit = maxPayloadKb * 1024;
  if (request.json <= limit) return { problems: [], notes: [] };
  const field = `models.${entry.name}.handler.max-payload-kb`;
  const [what, smaller] = entry.sample
    ? ['the sample', 'use a smaller sample']
    : ['a request of the declared shapes', 'export the model with smaller inputs'];
  const needed = (size: number) => Math.ceil(size / 1024);
  if (least(request) <= limit) {
    const json = `${entry.name}: ${what} is ${bytesText(request.json)} as a JSON request, more than ${field} (${maxPayloadKb}) takes`;
    const way = `callers have to send bytes (${bytesText(request.binary)}), unless you set it to ${needed(request.json)}`;
    return { problems: [], notes: [`${json}: ${way}. The function proves it from the store.`] };
  }
  const message = `expected room for ${what}, ${needed(least(request))} at least (${needed(request.json)} for JSON), got ${maxPayloadKb}.`;
  const fits = needed(request.json) <= highestPayloadKb;
  const enough = fits ? needed(request.json) : Math.min(needed(least(request)), highestPayloadKb);
  const hint = `Set it to ${enough}, or ${smaller}.`;
  return { problems: [{ path: field, message, hint }], notes: [] };
}
