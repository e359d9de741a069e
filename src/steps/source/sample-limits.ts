import type { Config, ModelEntry } from '../../config/types.ts';
import type { Problem } from '../../errors.ts';
import type { CheckResult, WireSize } from '../../optimize/jobs.ts';
import { bytesText } from '../results.ts';
import { type Carrier, carriersOf } from './carriers.ts';

const highestPayloadKb = 1_048_576;

export interface LimitFindings {
  /** No form of the sample would be taken. */
  problems: Problem[];
  /** Only some form of it would be, or only another way to the function. */
  notes: string[];
}

const least = ({ json, binary }: WireSize): number => Math.min(json, binary);

/**
 * Checks the sample against every limit on such a request where the model is served. The readiness proof reads it from
 * the store whatever its size, so only a size that no caller could send or get is a problem.
 */
export function checkLimits(
  config: Config,
  entry: ModelEntry,
  ran: Pick<CheckResult, 'bytes' | 'runMs'>,
): LimitFindings {
  const { bytes, runMs = 0 } = ran;
  if (!bytes) return { problems: [], notes: [] };
  const { problems, notes } = checkPayload(entry, bytes.request);
  problems.push(...checkRunTime(entry, runMs));
  for (const carrier of carriersOf(config, entry)) {
    for (const kind of ['request', 'answer'] as const) {
      const found = checkCarried(entry, carrier, kind, bytes[kind]);
      problems.push(...found.problems);
      notes.push(...found.notes);
    }
  }
  return { problems, notes };
}

/** What one platform, with what is in front of it, makes of a request or an answer. */
function checkCarried(
  entry: ModelEntry,
  carrier: Carrier,
  kind: 'request' | 'answer',
  { json, binary }: WireSize,
): LimitFindings {
  const { most, carried } = carrier[kind];
  const size = { json: carried.text(json), binary: carried.bytes(binary) };
  if (size.json <= most) return { problems: [], notes: [] };
  const what = entry.sample ? 'sample' : 'smallest request';
  const where = `${carrier.words} (environment ${carrier.environment})`;
  const begin = `${where}, and the ${kind} of the ${what} of ${entry.name} is ${bytesText(size.json)} as JSON`;
  if (size.binary <= most) {
    const way = `send and ask for bytes (application/octet-stream), ${bytesText(size.binary)} there, or pack it (gzip)`;
    return { problems: [], notes: [`${begin}: ${way} (docs/handler.md).`] };
  }
  const no = `${begin} and ${bytesText(size.binary)} as bytes`;
  if (kind === 'request') return { problems: [], notes: [`${no}: ${carrier.wayOfRequests} (docs/handler.md).`] };
  if (carrier.wayOfAnswers === undefined) return { problems: [], notes: [`${no}: have callers upload requests.`] };
  const { path, expected, hint } = carrier.wayOfAnswers;
  return { problems: [{ path, message: `expected ${expected}: ${no}.`, hint }], notes: [] };
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
