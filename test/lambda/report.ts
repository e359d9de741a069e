import { randomUUID } from 'node:crypto';
import type { Fields, FunctionVersion } from './state.ts';

/** What the platform measures of an event; `initMs` of a cold one. */
export interface Measured {
  ms: number;
  initMs?: number | undefined;
  maxMemoryMb?: number;
}

/** The platform's last line of an event, in the function's log format. */
export function reportOf({ configuration }: FunctionVersion, { ms, initMs, maxMemoryMb = 99 }: Measured): string {
  const memory = Number(configuration['MemorySize']);
  // Initialisation is billed for every package since August 2025.
  const billed = Math.ceil(ms + (initMs ?? 0));
  const requestId = randomUUID();
  if ((configuration['LoggingConfig'] as Fields | undefined)?.['LogFormat'] === 'JSON') {
    const init = initMs === undefined ? {} : { initDurationMs: initMs };
    const sizes = { memorySizeMB: memory, maxMemoryUsedMB: maxMemoryMb };
    const metrics = { durationMs: ms, billedDurationMs: billed, ...sizes, ...init };
    return JSON.stringify({ type: 'platform.report', record: { requestId, metrics, status: 'success' } });
  }
  const init = initMs === undefined ? '' : `\tInit Duration: ${initMs.toFixed(2)} ms`;
  const sizes = `Memory Size: ${memory} MB\tMax Memory Used: ${maxMemoryMb} MB`;
  return `REPORT RequestId: ${requestId}\tDuration: ${ms.toFixed(2)} ms\tBilled Duration: ${billed} ms\t${sizes}${init}\t`;
}
