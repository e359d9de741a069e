import { gateDefaults } from '../gate/options.ts';
import { nearest } from '../inputs.ts';
import type { Findings } from './findings.ts';
import { fractionOf, isShare } from './schema/field-kinds.ts';
import type { Path } from './yaml-node.ts';

/** Rules between the fields of models: the gate's bounds, the ONNX file among the files, functions that are shared. */
export function checkModels(findings: Findings): void {
  for (const name of findings.keys(['models'])) {
    checkGate(findings, ['models', name, 'gate']);
    checkModelFile(findings, name);
  }
  checkSharing(findings);
}

function checkGate(findings: Findings, gate: Path): void {
  const share = (field: 'tolerance' | 'limit'): number | undefined => {
    if (!findings.has([...gate, field])) return gateDefaults[field];
    const value = findings.value([...gate, field]);
    return isShare(value) ? fractionOf(value) : undefined;
  };
  const [tolerance, limit] = [share('tolerance'), share('limit')];
  if (tolerance !== undefined && limit !== undefined && limit <= tolerance) {
    const percent = (fraction: number): string => `${Number((fraction * 100).toPrecision(6))}%`;
    const field = findings.has([...gate, 'limit']) ? 'limit' : 'tolerance';
    const message = `expected limit above tolerance, got limit ${percent(limit)} and tolerance ${percent(tolerance)}.`;
    findings.add([...gate, field], message, 'Between the two either verdict is right; leave room.');
  }
  const seconds = (field: string, other: number): number => {
    const value = findings.value([...gate, field]);
    return typeof value === 'number' ? value : other;
  };
  const longest = seconds('max-seconds', gateDefaults.maxSeconds);
  const timeout = seconds('timeout-seconds', gateDefaults.timeoutSeconds);
  if (timeout > longest) {
    const field = findings.has([...gate, 'timeout-seconds']) ? 'timeout-seconds' : 'max-seconds';
    findings.add([...gate, field], `expected timeout-seconds (${timeout}) within max-seconds (${longest}).`);
  }
}

/** The name of the ONNX file among the names of files, or why there is no telling. */
export function chooseModelFile(
  names: readonly string[],
  given: string | undefined,
): { name: string } | { why: string } {
  if (given !== undefined) {
    return names.includes(given) ? { name: given } : { why: `expected one of ${names.join(', ') || 'files'}` };
  }
  const models = names.filter((name) => name.toLowerCase().endsWith('.onnx'));
  const [only] = models.length === 1 ? models : names.length === 1 ? names : [];
  if (only !== undefined) return { name: only };
  return {
    why: `expected one file that ends in .onnx, got ${models.length === 0 ? 'none' : models.join(' and ')}`,
  };
}

function checkModelFile(findings: Findings, name: string): void {
  const files: Path = ['models', name, 'files'];
  const field: Path = ['models', name, 'model'];
  const names = findings.keys(files);
  const given = findings.text(field);
  if (names.length === 0) {
    if (findings.has(files) && findings.value(files) === undefined && findings.list(files) === undefined) {
      findings.add(files, 'expected at least the model file, got none.', 'For instance model.onnx: models/model.onnx');
    }
    return;
  }
  if (given === undefined && findings.has(field)) return;
  const chosen = chooseModelFile(names, given);
  if ('name' in chosen) return;
  if (given === undefined) {
    findings.add(files, `${chosen.why}.`, 'Say which one is the model, with model: and its name.');
    return;
  }
  const close = nearest(given, names);
  findings.add(field, `${chosen.why}, got ${findings.written(field)}.`, close && `Did you mean ${close}?`);
}

/** The models that a model's function serves, as its entry says, or nothing where it says nothing. */
const listed = (findings: Findings, name: string): string[] | undefined =>
  findings.list(['models', name, 'handler', 'models'])?.filter((other) => other !== undefined);

function checkSharing(findings: Findings): void {
  const names = findings.keys(['models']);
  for (const name of names) {
    const path: Path = ['models', name, 'handler', 'models'];
    const group = listed(findings, name);
    if (!group || group.length === 0) continue;
    for (const [at, other] of group.entries()) {
      if (names.includes(other)) continue;
      const close = nearest(other, names);
      const hint = close ? `Did you mean ${close}?` : `Models here: ${names.join(', ')}.`;
      findings.add([...path, at], `expected a model of this file, got ${JSON.stringify(other)}.`, hint);
    }
    if (new Set(group).size < group.length) findings.add(path, 'expected each model once.', 'Remove the repetition.');
    if (!group.includes(name)) findings.add(path, `expected ${name} itself among them.`, `Add ${name} to the list.`);
    const same = (other: string): boolean => sorted(listed(findings, other) ?? group) === sorted(group);
    const torn = group.find((other) => names.includes(other) && !same(other));
    if (torn !== undefined && names.indexOf(torn) < names.indexOf(name)) {
      const hint = 'Write the same list in both, or in one of them only.';
      findings.add(path, `expected the list of ${torn}, since both name the same function.`, hint);
    }
  }
}

const sorted = (names: readonly string[]): string => [...names].sort().join(' ');
