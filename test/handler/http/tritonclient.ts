import { join } from 'node:path';
import { lacksPython, pipInstall } from '../../emulators/commands.ts';
import { folderOf, type Part } from '../../emulators/part.ts';

/** What users of the Open Inference Protocol have: NVIDIA's own client. */
export const tritonclient: Part = {
  name: 'tritonclient',
  version: '2.73.0',
  from: 'PyPI',
  lacks: lacksPython,
  install: (folder) => pipInstall(folder, join(import.meta.dirname, 'tritonclient.txt')),
};

export const tritonPython = (): string => join(folderOf(tritonclient), 'bin', 'python');
