import { Buffer } from 'node:buffer';
import type { PlatformReport } from '../../gate/rule/sample.ts';

interface JsonReport {
  type?: string;
  record?: { metrics?: Record<string, unknown> };
}

const number = (value: unknown): number | undefined =>
  (typeof value === 'number' || (typeof value === 'string' && value !== '')) && Number.isFinite(Number(value))
    ? Number(value)
    : undefined;

/**
 * Lambda's own measures of an invocation, from the end of its log: `platform.report` where the log format is JSON, the
 * REPORT line where it is text (docs/facts.md P20). Undefined where the 4 KB hold neither.
 */
export function readReport(logResult: string | undefined): PlatformReport | undefined {
  if (!logResult) return undefined;
  const lines = Buffer.from(logResult, 'base64').toString('utf8').split('\n').reverse();
  for (const line of lines) {
    const found = line.startsWith('REPORT ') ? fromText(line) : line.startsWith('{') ? fromJson(line) : undefined;
    if (found) return found;
  }
  return undefined;
}

function fromJson(line: string): PlatformReport | undefined {
  try {
    const { type, record } = JSON.parse(line) as JsonReport;
    const metrics = record?.metrics;
    if (type !== 'platform.report' || !metrics) return undefined;
    return reportOf({
      init_ms: metrics['initDurationMs'],
      duration_ms: metrics['durationMs'],
      billed_ms: metrics['billedDurationMs'],
      memory_mb: metrics['memorySizeMB'],
      max_memory_mb: metrics['maxMemoryUsedMB'],
    });
  } catch {
    return undefined;
  }
}

function fromText(line: string): PlatformReport {
  const field = (name: string): string | undefined => new RegExp(`\\t${name}: ([\\d.]+) `).exec(line)?.[1];
  return reportOf({
    init_ms: field('Init Duration'),
    duration_ms: field('Duration'),
    billed_ms: field('Billed Duration'),
    memory_mb: field('Memory Size'),
    max_memory_mb: field('Max Memory Used'),
  });
}

function reportOf(found: Record<keyof PlatformReport, unknown>): PlatformReport {
  const pairs = Object.entries(found).map(([name, value]) => [name, number(value)] as const);
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
}
