import { join } from 'node:path';
import { lacksPrograms } from './commands.ts';
import { npmFile } from './npm-file.ts';
import { folderOf, type Part } from './part.ts';

/** What GitHub draws mermaid blocks with, as one script for a page. */
export const mermaid: Part = {
  name: 'mermaid',
  version: '12.3.0',
  from: 'npm',
  lacks: () => lacksPrograms('npm', 'tar'),
  install: (folder) => npmFile(folder, 'mermaid@12.3.0', 'dist/mermaid.min.js'),
};

export const mermaidFile = (): string => join(folderOf(mermaid), 'mermaid.min.js');
