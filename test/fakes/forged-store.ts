import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findVerb } from '../../src/catalog.ts';
import { toColdgateError } from '../../src/errors.ts';
import { readInputs } from '../../src/inputs.ts';
import type { Context } from '../../src/steps/verb.ts';
import { openFileStore } from '../../src/stores/file.ts';
import { commandInputs, readArguments } from '../../src/terminal/argv.ts';
import { Project } from '../fixtures/project.ts';
import { recordingLogger, Simulation } from './registry-world.ts';

/** How a verb ended, as the command line would say it. */
export interface Ended {
  exit: number;
  code: string;
  message: string;
}

const contextIn = (cwd: string): Context => ({
  log: recordingLogger(),
  env: {},
  cwd,
  cacheDir: join(cwd, '.cache'),
  handlerDir: join(import.meta.dirname, '..', '..', 'dist', 'handler'),
  now: () => new Date(),
  actor: 'ann',
  runUrl: undefined,
  source: async () => ({}),
  dryRun: false,
  signal: new AbortController().signal,
});

/** Runs a command line in this process: a table of hundreds would take minutes otherwise. */
export async function runInProcess(cwd: string, [name = '', ...args]: readonly string[]): Promise<Ended> {
  try {
    const verb = findVerb(name)!;
    const values = readInputs(commandInputs(verb), readArguments(verb, args), (flag) => `--${flag}`);
    const { failure } = await verb.run(values, contextIn(cwd));
    if (failure) throw failure;
    return { exit: 0, code: 'done', message: '' };
  } catch (thrown) {
    const { exit, code, message } = toColdgateError(thrown);
    return { exit, code, message };
  }
}

export const storeIn = (folder: string) => openFileStore({ url: pathToFileURL(join(folder, 'store')).href });

/** A project whose store has two promoted versions, a newer one and a preview; nothing in it may be pruned. */
export async function prepareStore(): Promise<Project> {
  const project = new Project();
  const simulation = new Simulation(await storeIn(project.folder));
  simulation.clock = new Date();
  for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.2.0-pr.7.abcdef0']) {
    const sample = JSON.stringify({ inputs: { x: [[1, 2, 3, 4]] } });
    await simulation.publish(version, { 'model.onnx': `model ${version}`, 'sample.json': sample });
    if (version < '1.2') await simulation.promote(version);
  }
  project.release({ version: '1.2.0' });
  return project;
}

/** Does the work in a copy of the project, which it may spoil. */
export async function inCopy<T>(project: Project, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'coldgate-forged-'));
  try {
    cpSync(project.folder, folder, { recursive: true, preserveTimestamps: true });
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Content by path of every object in the project's store. */
export function objectsIn(folder: string): Map<string, string> {
  const store = join(folder, 'store');
  const paths = readdirSync(store, { recursive: true, encoding: 'utf8' }).map((name) => join(store, name));
  const files = paths.filter((path) => !path.includes('.coldgate-store') && statSync(path).isFile());
  return new Map(files.map((path) => [relative(store, path), readFileSync(path, 'latin1')]));
}
