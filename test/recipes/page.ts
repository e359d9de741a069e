import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type CloudName = 'AWS' | 'Google Cloud' | 'Azure';

/** One thing to set out to do, on one cloud, as docs/recipes.md has it. */
export interface Recipe {
  /** Its heading: `1, AWS`. */
  name: string;
  cloud: CloudName;
  /** The whole models.yaml. */
  yaml: string;
  /** Lines of its shell block. */
  commands: string[];
}

export const root = join(import.meta.dirname, '..', '..');
const text = readFileSync(join(root, 'docs/recipes.md'), 'utf8');

/** Lines of a shell block. */
const linesOf = (block: string): string[] => block.trim().split('\n');

export const recipes: Recipe[] = text
  .split(/^### /m)
  .slice(1)
  .map((part) => {
    const name = part.split('\n', 1)[0] ?? '';
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(part) ?? [];
    const [, shell = ''] = /```sh\n([\s\S]*?)```/.exec(part) ?? [];
    return { name, cloud: name.split(', ')[1] as CloudName, yaml, commands: linesOf(shell) };
  });

/** Every line of every shell block, of those that belong to no cloud, too. */
export const allCommands: string[] = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
  linesOf(block),
);

/** The table of contents: one row for each of the eight. */
export const rows: string[] = [...text.matchAll(/^\| \[\d\. [^\]]+\]\(#([^)]+)\) \|/gm)].map(
  ([, anchor = '']) => anchor,
);
export const headings: string[] = [...text.matchAll(/^## (\d\. .+)$/gm)].map(([, heading = '']) => heading);
