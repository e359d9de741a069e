import { join } from 'node:path';
import { lacksPrograms } from './commands.ts';
import { npmFile } from './npm-file.ts';
import { folderOf, type Part } from './part.ts';

/** GitHub's own description of its REST API, as it publishes it. */
export const githubOpenapi: Part = {
  name: 'github-openapi',
  version: '23.0.2',
  from: 'npm',
  lacks: () => lacksPrograms('npm', 'tar'),
  install: (folder) => npmFile(folder, '@octokit/openapi@23.0.2', 'generated/api.github.com.json'),
};

export const githubOpenapiFile = (): string => join(folderOf(githubOpenapi), 'api.github.com.json');
