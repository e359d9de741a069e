import { nearest } from '../inputs.ts';
import { checkGate } from './check-gate.ts';
import { checkQuality } from './check-quality.ts';
import type { Findings } from './findings.ts';
import type { Path } from './yaml-node.ts';

/** Rules between the fields of models: the gate's, the ONNX file among the files, functions that are shared. */
export function checkModels(findings: Findings): void {
  for (const name of findings.keys(['models'])) {
    checkGate(findings, ['models', name, 'gate']);
    checkQuality(findings, ['models', name, 'quality']);
    checkModelFile(findings, name);
  }
  checkSharing(findings);
}

/** The name of the ONNX file among the names of files, or why it cannot be determined. */
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
  if (findings.isEmptyMap(files)) {
    findings.add(files, 'expected at least the model file, got none.', 'For instance model.onnx: models/model.onnx');
  }
  if (names.length === 0) return;
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

/** A function serves one set of models, and a model runs in one function, so the lists that name it must be the same. */
function checkSharing(findings: Findings): void {
  const names = findings.keys(['models']);
  /** By member, the first model whose list names it, and that list. */
  const owners = new Map<string, { name: string; list: string }>();
  for (const name of names) {
    const path: Path = ['models', name, 'handler', 'models'];
    const group = findings.list(path)?.filter((other) => other !== undefined) ?? [];
    if (group.length === 0) continue;
    checkMembers(findings, path, name, names);
    const list = [...group].sort().join(' ');
    const torn = group.map((member) => owners.get(member)).find((owner) => owner && owner.list !== list);
    if (torn) {
      const hint = 'Write the same list in both, or in one of them only.';
      findings.add(path, `expected the list of ${torn.name}, since both name one model.`, hint);
    }
    for (const member of group) if (!owners.has(member)) owners.set(member, { name, list });
  }
}

function checkMembers(findings: Findings, path: Path, name: string, names: readonly string[]): void {
  const group = findings.list(path) ?? [];
  for (const [at, other] of group.entries()) {
    if (other === undefined || names.includes(other)) continue;
    const close = nearest(other, names);
    const hint = close ? `Did you mean ${close}?` : `Models here: ${names.join(', ')}.`;
    findings.add([...path, at], `expected a model of this file, got ${findings.written([...path, at])}.`, hint);
  }
  if (new Set(group).size < group.length) findings.add(path, 'expected each model once.', 'Remove the repetition.');
  if (!group.includes(name)) findings.add(path, `expected ${name} itself among them.`, `Add ${name} to the list.`);
}
