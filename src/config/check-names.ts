import { isEnvironmentName, isFilePath, isModelName, isReservedPath, nameRules } from '../model/names.ts';
import type { Findings } from './findings.ts';
import type { Path } from './yaml-node.ts';

/** Names of environments, models and files: closed alphabets, and nothing that two file systems would take for one. */
export function checkNames(findings: Findings): void {
  checkKeys(findings, ['environments'], isEnvironmentName, nameRules.environment, 'environment');
  checkKeys(findings, ['models'], isModelName, nameRules.model, 'model');
  for (const model of findings.keys(['models'])) checkFileNames(findings, ['models', model, 'files']);
}

function checkKeys(
  findings: Findings,
  path: Path,
  isName: (text: string) => boolean,
  rule: string,
  what: string,
): void {
  if (findings.isEmptyMap(path)) findings.add(path, `expected at least one ${what}, got none.`);
  for (const name of findings.keys(path).filter((n) => !isName(n))) {
    findings.add([...path, name], `expected a name of ${rule}, got ${JSON.stringify(name)}.`, 'Rename it.');
  }
}

function checkFileNames(findings: Findings, path: Path): void {
  const names = findings.keys(path);
  /** Lower-cased names and the folders above them, to the name that took them first. */
  const files = new Map<string, string>();
  const folders = new Map<string, string>();
  for (const name of names) {
    const lower = name.toLowerCase();
    if (isReservedPath(name)) {
      findings.add([...path, name], 'expected another name: Coldgate itself writes this one.', 'Rename it.');
    } else if (!isFilePath(name)) {
      findings.add([...path, name], `expected ${nameRules.file}, got ${JSON.stringify(name)}.`, 'Rename it.');
    }
    const parents = lower
      .split('/')
      .map((_part, at, parts) => parts.slice(0, at).join('/'))
      .slice(1);
    const other = files.get(lower) ?? folders.get(lower) ?? parents.map((p) => files.get(p)).find(Boolean);
    if (other !== undefined) {
      const why = files.has(lower) ? 'differ in case alone' : 'are a file and a folder of one name';
      const hint = 'Some stores and file systems cannot keep both.';
      findings.add([...path, name], `expected a unique name; it and ${JSON.stringify(other)} ${why}.`, hint);
    }
    files.set(lower, name);
    for (const parent of parents) folders.set(parent, name);
  }
}
