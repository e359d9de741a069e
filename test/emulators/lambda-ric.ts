import { join } from 'node:path';
import { lacksPrograms, npmInstall } from './commands.ts';
import { folderOf, type Part } from './part.ts';

/** Lambda's own runtime interface client. It compiles a C++ library, which takes minutes. */
export const lambdaRic: Part = {
  name: 'aws-lambda-ric',
  version: '4.0.2',
  from: 'npm',
  slow: true,
  lacks: () => lacksPrograms('npm', 'cmake', 'g++', 'make', 'xz', 'python3'),
  install: (folder) => npmInstall(folder, ['aws-lambda-ric@4.0.2'], true),
};

/** Where its package is. */
export const ricFolder = (): string => join(folderOf(lambdaRic), 'node_modules', 'aws-lambda-ric');
