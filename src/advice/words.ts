import type { Finding, Remedy } from './rule.ts';

/** What to type, as a sentence; empty where there is nothing to do. */
export function remedyText({ set = [], run }: Remedy): string {
  const fields = set.map(([path, value]) => (value === '' ? `remove ${path}` : `set ${path} to ${value}`));
  const [first, ...more] = [...fields, ...(run === undefined ? [] : [`run: ${run}`])];
  if (first === undefined) return '';
  return `${first[0]?.toUpperCase()}${[first, ...more].join(', then ').slice(1)}`;
}

/** One line: what was found, why, and what to type. */
export function findingText(finding: Finding): string {
  const remedy = finding.verdict === 'yes' ? '' : remedyText(finding);
  return remedy === '' ? finding.why : `${finding.why} ${remedy}`;
}

/** 1234 -> `1.2 s`, 45 -> `45 ms`. */
export const msText = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** 0.0021 -> `0.0021 USD`, 19.44 -> `19 USD`, 0.00000002 -> `less than 0.0001 USD`. */
export function usdText(usd: number): string {
  if (usd > 0 && usd < 0.0001) return 'less than 0.0001 USD';
  return usd >= 10 ? `${Math.round(usd)} USD` : `${Number(usd.toPrecision(2))} USD`;
}

/** Bytes in the units that stores bill. */
export const sizeText = (bytes: number): string =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
