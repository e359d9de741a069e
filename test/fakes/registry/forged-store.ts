import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import { findVerb } from '../../../src/catalog.ts';
import { toColdgateError } from '../../../src/errors.ts';
import { readInputs } from '../../../src/inputs.ts';
import * as layout from '../../../src/model/layout.ts';
import { pointerFaults } from '../../../src/registry/pointer/check.ts';
import { readPointer } from '../../../src/registry/pointer/read-pointer.ts';
import { verifyVersion } from '../../../src/registry/version/verify.ts';
import type { Context } from '../../../src/steps/verb.ts';
import { openFileStore } from '../../../src/stores/file.ts';
import { commandInputs, readArguments } from '../../../src/terminal/argv.ts';
import { Project } from '../../fixtures/project.ts';
import { testCache } from '../processes/runner.ts';
import { model, recordingLogger, Simulation } from './simulation.ts';

/** How a verb ended, as the command line would say it. */
export interface Ended {
  exit: number;
  code: string;
  message: string;
  hint: string;
  /** What `--json` prints. */
  document: unknown;
}

const contextIn = (cwd: string, dryRun: boolean, env: Context['env']): Context => ({
  log: recordingLogger(),
  env,
  cwd,
  cacheDir: env['COLDGATE_CACHE'] ?? testCache,
  handlerDir: join(import.meta.dirname, '..', '..', '..', 'dist', 'handler'),
  now: () => new Date(),
  actor: 'ann',
  runUrl: undefined,
  source: async () => ({}),
  dryRun,
  signal: new AbortController().signal,
});

/** Runs a command line in this process: a table of hundreds would take minutes otherwise. */
export async function runInProcess(
  cwd: string,
  [name = '', ...args]: readonly string[],
  env: Context['env'] = {},
): Promise<Ended> {
  try {
    const verb = findVerb(name)!;
    const values = readInputs(commandInputs(verb), readArguments(verb, args), (flag) => `--${flag}`);
    const { failure, document } = await verb.run(values, contextIn(cwd, args.includes('--dry-run'), env));
    if (failure) throw failure;
    return { exit: 0, code: 'done', message: '', hint: '', document };
  } catch (thrown) {
    const { exit, code, message, hint = '' } = toColdgateError(thrown);
    return { exit, code, message, hint, document: undefined };
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

const preview = '1.2.0-pr.7.abcdef0';
const target = `local-${process.platform}-${process.arch}`;

/** Documents of a store by their keys, below the name of what src/model/layout.ts spells the keys with. */
export const kinds: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pointerKey: { pointer: layout.pointerKey(model), 'another pointer': layout.pointerKey(model, 'staging.json') },
  historyKey: {
    record: layout.historyKey(model, 2),
    'older record': layout.historyKey(model, 1),
    'record of a move to come': layout.historyKey(model, 3),
    'record of another pointer': layout.historyKey(model, 1, 'staging.json'),
  },
  manifestKey: {
    manifest: layout.manifestKey(model, '1.1.0'),
    'manifest of another version': layout.manifestKey(model, '1.0.0'),
    'manifest of the next version': layout.manifestKey(model, '1.2.0'),
    "preview's manifest": layout.manifestKey(model, preview),
  },
  tombstoneKey: {
    tombstone: layout.tombstoneKey(model, '1.1.0'),
    'tombstone of another version': layout.tombstoneKey(model, '1.0.0'),
    'tombstone of the next version': layout.tombstoneKey(model, '1.2.0'),
    "preview's tombstone": layout.tombstoneKey(model, preview),
  },
  fileKey: {
    model: layout.fileKey(model, '1.1.0', 'model.onnx'),
    'model of the next version': layout.fileKey(model, '1.2.0', 'model.onnx'),
    sample: layout.fileKey(model, '1.1.0', 'sample.json'),
    'sample of the next version': layout.fileKey(model, '1.2.0', 'sample.json'),
    "preview's sample": layout.fileKey(model, preview, 'sample.json'),
    form: layout.fileKey(model, '1.1.0', 'artifacts/cold-1.30.0.ort'),
    'form of the next version': layout.fileKey(model, '1.2.0', 'artifacts/cold-1.30.0.ort'),
    'file that no manifest names': layout.fileKey(model, '1.1.0', 'stray.json'),
    'file of a version that is not published': layout.fileKey(model, '1.3.0', 'sample.json'),
  },
  leaseKey: {
    lease: layout.leaseKey(model, '1.0.0', 'forged'),
    "preview's lease": layout.leaseKey(model, preview, 'forged'),
  },
  claimKey: {
    claim: layout.claimKey(model, '1.0.0'),
    'claim of the next version': layout.claimKey(model, '1.3.0'),
  },
  baselineKey: {
    'gate record': layout.baselineKey(model, target, '1.2.0'),
    'gate record of what is live': layout.baselineKey(model, target, '1.1.0'),
    "preview's gate record": layout.baselineKey(model, target, preview),
  },
  doctorRecordKey: {
    "doctor's record": layout.doctorRecordKey,
    "doctor's leftover": `${layout.doctorPrefix('forged')}race`,
  },
};

/** Keys by what the document is. */
export const documents: Readonly<Record<string, string>> = Object.assign({}, ...Object.values(kinds));

export function plant(folder: string, key: string, content: string): void {
  const file = join(folder, 'store', key);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** No file of a version was lost, and a pointer that moved names a version that is whole and what the pointer says. */
export async function expectUnharmed(folder: string, before: Map<string, string>, what: string): Promise<void> {
  const after = objectsIn(folder);
  const ofVersions = [...before].filter(([key]) => key.includes('/versions/') && !key.endsWith('.tombstone'));
  expect(
    ofVersions.filter(([key, content]) => after.get(key) !== content).map(([key]) => key),
    what,
  ).toEqual([]);
  const pointer = layout.pointerKey(model);
  if (after.get(pointer) === before.get(pointer)) return;
  const store = await storeIn(folder);
  const now = (await readPointer(store, model))!.pointer;
  expect(await pointerFaults({ store, model, pointer: 'current.json' }, now), what).toEqual([]);
  await verifyVersion({ store, model, version: now.version, log: recordingLogger() });
}

const digest = '0'.repeat(64);
/** Well-formed, and untrue: each differs from the real document in what it says here. */
export const untrue: [what: string, key: string, fields: object][] = [
  ['a pointer with another digest of the model', documents['pointer']!, { sha256: digest }],
  ['a pointer with another digest of the manifest', documents['pointer']!, { manifest_sha256: digest }],
  ['a pointer with another file', documents['pointer']!, { file: 'sample.json' }],
  ['a pointer with another size', documents['pointer']!, { size: 3 }],
  ['a pointer to another version', documents['pointer']!, { version: '1.2.0' }],
  ['a pointer to a version that is not there', documents['pointer']!, { version: '9.9.9' }],
  ['a pointer with another way back', documents['pointer']!, { previous: { version: '1.2.0', sha256: digest } }],
  ['a pointer of another kind of move', documents['pointer']!, { kind: 'rollback' }],
  ['a record of another version', documents['record']!, { version: '1.2.0' }],
  ['a record of another move', documents['record']!, { promotion_id: 'other' }],
  ['a manifest of other files', documents['manifest']!, { created_at: '2020-01-01T00:00:00Z' }],
];

/** Changes fields of a document that is there. */
export function change(folder: string, key: string, fields: object): void {
  const document = JSON.parse(readFileSync(join(folder, 'store', key), 'utf8'));
  plant(folder, key, JSON.stringify({ ...document, ...fields }));
}
