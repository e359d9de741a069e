import { join } from 'node:path';
import { lacksPrograms, run } from './commands.ts';
import { folderOf, type Part } from './part.ts';

/** Google's client for registries, which is a registry as well: what pulls and checks the images that are pushed here. */
export const crane: Part = {
  name: 'crane',
  version: '0.22.1',
  from: 'Go',
  lacks: () => lacksPrograms('go'),
  install: async (folder) => {
    const env = { ...process.env, GOBIN: folder };
    const timeoutMs = 15 * 60_000;
    await run('go', ['install', 'github.com/google/go-containerregistry/cmd/crane@v0.22.1'], { env, timeoutMs });
  },
};

export const craneCommand = (): string => join(folderOf(crane), 'crane');
