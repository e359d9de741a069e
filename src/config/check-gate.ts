import { gateDefaults } from '../gate/rule/options.ts';
import type { Findings } from './findings.ts';
import { fractionOf, isShare } from './schema/field-kinds.ts';
import type { Path } from './yaml-node.ts';

/** Rules between the fields of one `gate:`, its defaults counted in. */
export function checkGate(findings: Findings, gate: Path): void {
  checkZone(findings, gate);
  checkTimes(findings, gate);
}

/** Between tolerance and limit either verdict is right; without room between them no number of samples decides. */
function checkZone(findings: Findings, gate: Path): void {
  const [tolerance, limit] = [shareAt(findings, gate, 'tolerance'), shareAt(findings, gate, 'limit')];
  if (tolerance === undefined || limit === undefined || limit > tolerance) return;
  const field = findings.has([...gate, 'limit']) ? 'limit' : 'tolerance';
  const message = `expected limit above tolerance, got limit ${percent(limit)} and tolerance ${percent(tolerance)}.`;
  findings.add([...gate, field], message, 'Between the two either verdict is right; leave room.');
}

function shareAt(findings: Findings, gate: Path, field: 'tolerance' | 'limit'): number | undefined {
  if (!findings.has([...gate, field])) return gateDefaults[field];
  const value = findings.value([...gate, field]);
  return isShare(value) ? fractionOf(value) : undefined;
}

function checkTimes(findings: Findings, gate: Path): void {
  const longest = secondsAt(findings, [...gate, 'max-seconds'], gateDefaults.maxSeconds);
  const timeout = secondsAt(findings, [...gate, 'timeout-seconds'], gateDefaults.timeoutSeconds);
  if (timeout <= longest) return;
  const field = findings.has([...gate, 'timeout-seconds']) ? 'timeout-seconds' : 'max-seconds';
  const message = `expected timeout-seconds (${timeout}) within max-seconds (${longest}).`;
  findings.add([...gate, field], message, 'One start must be able to end in time.');
}

function secondsAt(findings: Findings, path: Path, other: number): number {
  const value = findings.value(path);
  return typeof value === 'number' ? value : other;
}

const percent = (fraction: number): string => `${Number((fraction * 100).toPrecision(6))}%`;
