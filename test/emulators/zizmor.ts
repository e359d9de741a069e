import { join } from 'node:path';
import { lacksPython, pipInstall } from './commands.ts';
import { folderOf, type Part } from './part.ts';

/** Audits workflows and actions for what attackers look for in them. */
export const zizmor: Part = {
  name: 'zizmor',
  version: '1.32.0',
  from: 'PyPI',
  lacks: lacksPython,
  install: (folder) => pipInstall(folder, join(import.meta.dirname, 'zizmor.txt')),
};

export const zizmorCommand = (): string => join(folderOf(zizmor), 'bin', 'zizmor');
