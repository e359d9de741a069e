import { join } from 'node:path';
import { lacksPrograms, run } from './commands.ts';
import { folderOf, type Part } from './part.ts';

/** Checks workflow files: syntax, contexts, inputs of actions and of called workflows, labels of runners. */
export const actionlint: Part = {
  name: 'actionlint',
  version: '1.7.12',
  from: 'Go',
  lacks: () => lacksPrograms('go'),
  install: async (folder) => {
    const env = { ...process.env, GOBIN: folder };
    await run('go', ['install', 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'], { env });
  },
};

export const actionlintCommand = (): string => join(folderOf(actionlint), 'actionlint');
