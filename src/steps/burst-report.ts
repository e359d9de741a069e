import type { Burst, Times, Wave } from '../measure/burst.ts';
import { type ModelResult, markdownTable } from './results.ts';

export interface BurstFacts {
  model: string;
  version: string;
  role: 'candidate' | 'live';
  url: string;
  found: Burst;
  /** Settings of the target that keep instances warm, and that limit them. */
  names: { warm: string; limit: string };
  /** Of the JSON file. */
  path: string;
  /** Of the k6 script, where one was written. */
  script: string | undefined;
}

const ms = (value: number | null): string => (value === null ? '-' : `${value.toFixed(1)} ms`);
const percent = (part: number, whole: number): string => `${whole === 0 ? 0 : Math.round((100 * part) / whole)} %`;
const timesText = ({ p50, p95, p99 }: Times): string => `p50 ${ms(p50)}, p95 ${ms(p95)}, p99 ${ms(p99)}`;

function rowOf(name: string, wave: Wave, cold: string): string[] {
  const { answered, throttled, failed, instances, times } = wave;
  const counts = [answered, throttled, failed, instances].map(String);
  return [name, ...counts, cold, ms(times.p50), ms(times.p95), ms(times.p99)];
}

/** The result of a burst: lines, outputs and the summary. */
export function burstReport({ model, version, role, url, found, names, path, script }: BurstFacts): ModelResult {
  const { requests, first, again, proposed } = found;
  const share = percent(first.cold, first.answered);
  const head = `${requests} requests at once to the ${role} of ${model} ${version}: ${share} cold (${first.cold} of ${first.answered}, on ${first.instances} instances), ${first.throttled} throttled, ${first.failed} failed; ${timesText(first.times)}.`;
  const cold = first.cold > 0 ? [`Cold ones alone: ${timesText(first.coldTimes)}.`] : [];
  const warm = `As many again: ${again.throttled} throttled, ${again.failed} failed; ${timesText(again.times)}.`;
  const advice = adviceOf(names.warm, found);
  const throttled = first.throttled + again.throttled;
  const limits = throttled > 0 ? [`The platform turned requests away: raise ${names.limit}.`] : [];
  const written = script === undefined ? [] : [`A longer load test: k6 run ${script}`];
  const lines = [head, ...cold, warm, ...advice, ...limits, ...written, `Everything: ${path}`];
  const columns = ['requests', 'answered', 'throttled', 'failed', 'instances', 'cold', 'p50', 'p95', 'p99'];
  const rows = [rowOf('at once', first, share), rowOf('as many again', again, '')];
  const numbers = {
    'cold-share': first.answered === 0 ? null : first.cold / first.answered,
    throttled,
    'burst-p50': first.times.p50,
    'burst-p95': first.times.p95,
    'burst-p99': first.times.p99,
    provisioned: proposed,
  };
  const texts = Object.entries(numbers).map(([name, value]) => [name, textOf(value)]);
  return {
    model,
    outputs: { ...Object.fromEntries(texts), 'report-path': path },
    document: { version, 'endpoint-url': url, ...numbers, burst: found, 'report-path': path, k6: script ?? null },
    lines,
    summary: [head, markdownTable(columns, rows), ...advice, ...limits].join('\n\n'),
  };
}

const textOf = (value: number | null): string =>
  value === null ? '' : Number.isInteger(value) ? String(value) : value.toFixed(4);

function adviceOf(name: string, { requests, atOnce, serviceMs, proposed }: Burst): string[] {
  if (serviceMs === null || proposed === null) return [];
  const rate = `${requests} requests a second of ${serviceMs.toFixed(1)} ms each`;
  return [
    `${name}: ${proposed} keeps ${rate} from cold starts (Little's law and a tenth more); ${Math.ceil(requests / atOnce)} would if all came in the same moment.`,
  ];
}
