import { join } from 'node:path';
import { lacksPython, pipInstall } from '../../emulators/commands.ts';
import { folderOf, type Part } from '../../emulators/part.ts';

/** Makes requests of an OpenAPI document, and holds what a server answers against it. */
export const schemathesis: Part = {
  name: 'schemathesis',
  version: '4.32.5',
  from: 'PyPI',
  lacks: lacksPython,
  install: (folder) => pipInstall(folder, join(import.meta.dirname, 'schemathesis.txt')),
};

/** Its program names the folder that it was installed in at first, so it is started by its module. */
export const schemathesisCommand = (): [program: string, ...first: string[]] => [
  join(folderOf(schemathesis), 'bin', 'python'),
  '-c',
  "import sys; sys.argv[0] = 'schemathesis'; from schemathesis.cli import schemathesis; schemathesis()",
];
