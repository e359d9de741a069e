import { join } from 'node:path';
import { lacksPython, pipInstall } from '../../test/emulators/commands.ts';
import { folderOf, install, type Part } from '../../test/emulators/part.ts';

/** What stands beside the function where Python is there: boto3 and onnxruntime, as tutorials install them. */
export const pythonHandler: Part = {
  name: 'python-handler',
  version: '1.32.0',
  from: 'PyPI',
  lacks: lacksPython,
  install: (folder) => pipInstall(folder, join(import.meta.dirname, 'python.txt')),
};

/** Installs it unless it is there, and answers its Python. Throws where it cannot be had. */
export async function pythonOfHandler(): Promise<string> {
  await install(pythonHandler);
  return join(folderOf(pythonHandler), 'bin', 'python');
}
