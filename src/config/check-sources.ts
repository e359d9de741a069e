import { basename, normalize } from 'node:path';
import { isFilePath, isReservedPath, nameRules } from '../model/names.ts';
import type { Findings } from './findings.ts';
import { fileFault, pathFault } from './source-path.ts';
import type { Path } from './yaml-node.ts';

/** The files and samples of all models: their paths, and with `checkFiles` the files themselves. */
export async function checkSources(findings: Findings, root: string, checkFiles: boolean): Promise<void> {
  for (const name of findings.keys(['models'])) {
    const files: Path = ['models', name, 'files'];
    const sample: Path = ['models', name, 'sample'];
    checkSampleName(findings, files, sample);
    const data: Path = ['models', name, 'quality', 'data'];
    for (const path of [...findings.keys(files).map((file) => [...files, file]), sample, data]) {
      const text = findings.text(path);
      if (text === undefined || text === '') continue;
      const written = findings.written(path);
      const fault = pathFault(text, written) ?? (checkFiles ? await fileFault(text, written, root) : undefined);
      if (fault) findings.add(path, fault.message, fault.hint);
    }
  }
}

/** The name that the sample gets inside the version: that of the same source among files, else its own. */
export function sampleName(sample: string, files: readonly (readonly [name: string, source: string])[]): string {
  const same = files.find(([, source]) => normalize(source) === normalize(sample));
  return same?.[0] ?? basename(sample);
}

function checkSampleName(findings: Findings, files: Path, sample: Path): void {
  const text = findings.text(sample);
  if (text === undefined || text === '') return;
  const entries = findings.keys(files).map((name) => [name, findings.text([...files, name]) ?? ''] as const);
  const name = sampleName(text, entries);
  const taken = entries.find(([file]) => file.toLowerCase() === name.toLowerCase());
  if (taken && normalize(taken[1]) === normalize(text)) return;
  if (taken) {
    const message = `expected a file name that files does not have already, got ${findings.written(sample)}.`;
    findings.add(sample, message, 'Rename one of the two.');
  } else if (!isFilePath(name) || isReservedPath(name)) {
    findings.add(sample, `expected a file name of ${nameRules.file}, got ${findings.written(sample)}.`, 'Rename it.');
  } else if (!name.toLowerCase().endsWith('.json')) {
    findings.add(sample, `expected a JSON file (.json), got ${findings.written(sample)}.`);
  }
}
