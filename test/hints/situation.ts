import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { documents } from '../fakes/registry/forged-store.ts';
import type { Project } from '../fixtures/project.ts';

/** One run of the command line in the project's folder. */
export interface Run {
  line: string;
  env: Record<string, string>;
}

/** The run that is repeated, or a command line that is run before it is. */
export type Next = Run | { before: string };

/** A situation in which a verb gives a hint, and how a person follows it. */
export interface Situation {
  name: string;
  line: string;
  /** `<folder>` stands for that of the project. */
  env?: Record<string, string>;
  /** Makes the problem; before it nothing is wrong with the project and its store. */
  spoil?(project: Project): void;
  /** What the verb says to do, from the words of which the cure is made. */
  hint: RegExp;
  /** Does it: on files, by another command line first (`before`), or by changing the run that is then repeated. */
  follow(project: Project, found: RegExpExecArray, run: Run): Next | Promise<Next>;
}

export const inStore = (project: Project, key: string): string => project.path('store', key);
export const pointer = (project: Project): string => inStore(project, documents['pointer']!);
export const models = (project: Project): string => project.path('models.yaml');

/** Writes a file, and the folders that it is in. */
export function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Writes the file as the function makes it of what it was. */
export const change = (path: string, edit: (text: string) => string): void =>
  writeFileSync(path, edit(readFileSync(path, 'utf8')));

export const changeJson = (path: string, fields: object): void =>
  change(path, (text) => JSON.stringify({ ...JSON.parse(text), ...fields }));

/** Another environment in models.yaml. */
export const addEnvironment = (project: Project, line: string): void =>
  change(models(project), (text) => text.replace('\nmodels:', `\n  ${line}\nmodels:`));

/** Follows the hint by the command line that it names. */
export const command: Situation['follow'] = (_project, [, line = '']) => ({ before: line });
