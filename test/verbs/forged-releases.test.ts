import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  change,
  documents,
  expectUnharmed,
  inCopy,
  objectsIn,
  plant,
  runInProcess,
  untrue,
} from '../fakes/registry/forged-store.ts';
import { Project } from '../fixtures/project.ts';

/** Verbs that publish, or make functions of what lies in a store, in the order in which a release runs them. */
const preview = 'preview --pull-request 7 --sha abcdef0';
const releasing = ['publish', 'deploy', 'warmup', 'ship', 'release'];
const planning = ['publish', 'publish --version 1.3.0', 'deploy', 'ship', 'release', preview].map(
  (verb) => `${verb} --dry-run`,
);

/** Documents that a release of 1.2.0 reads; what it finds decides what it makes, so it is met by real releases, too. */
const decisive = [
  ...['pointer', 'record', 'record of a move to come', 'manifest', 'manifest of the next version'],
  ...['tombstone of the next version', 'sample of the next version', 'form of the next version', 'lease'],
  ...['gate record', "preview's manifest", "preview's gate record"],
];

/** Well-formed measurements that do not say what they should. */
const untrueRecords: typeof untrue = [
  ['a gate record without samples', documents['gate record']!, { samples: [] }],
  ['a gate record without metrics', documents['gate record']!, { verdict: { metrics: [] } }],
  ['a gate record of another candidate', documents['gate record']!, { candidate: { version: '1.1.0' } }],
  ['a gate record of another target', documents['gate record']!, { target: 'aws', env: { memory: 'none' } }],
];

let project: Project;
const run = (folder: string, line: string) => runInProcess(folder, line.split(' '));

/** Two versions that were promoted, a third that was measured, a preview; and no function of any of them. */
beforeAll(async () => {
  project = new Project();
  const { folder } = project;
  const gate = 'max-samples: 7, discard: 0, min-effect-ms: 2000';
  const succeed = async (line: string) => expect(await run(folder, line)).toMatchObject({ exit: 0 });
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    project.release({ version, bias: Number(version[2]), gate, optimize: 'cold' });
    await succeed('publish');
    if (version !== '1.2.0') await succeed('promote --gate skip');
  }
  for (const line of ['deploy', 'warmup', preview]) await succeed(line);
  const store = join(folder, 'store');
  cpSync(store, join(folder, 'kept'), { recursive: true });
  for (const line of ['destroy', 'destroy --preview 7']) await succeed(line);
  cpSync(join(folder, 'kept'), store, { recursive: true });
});
afterAll(() => project?.remove());

async function meet(what: string, verbs: readonly string[], forge: (folder: string) => void): Promise<number[]> {
  return inCopy(project, async (folder) => {
    forge(folder);
    const before = objectsIn(folder);
    const exits: number[] = [];
    try {
      for (const verb of verbs) {
        const { exit, code, message } = await run(folder, verb);
        const report = `${what}, ${verb}: ${code}: ${message}`;
        expect([exit, code], report).not.toEqual([1, 'unexpected']);
        await expectUnharmed(folder, before, report);
        exits.push(exit);
      }
      if (verbs === planning) expect(objectsIn(folder), what).toEqual(before);
      return exits;
    } finally {
      await run(folder, 'destroy');
      await run(folder, 'destroy --preview 7');
    }
  });
}

describe('a forged document of the store', () => {
  it.each(Object.entries(documents))('that is garbage plans no release of anything untrue: %s', async (name, key) => {
    await meet(name, planning, (folder) => plant(folder, key, '{}'));
  });

  it.each(decisive)('that is garbage releases nothing untrue: %s', async (name) => {
    const verbs = name.startsWith('preview') ? [preview] : releasing;
    await meet(name, verbs, (folder) => plant(folder, documents[name]!, '{}'));
  });

  it.each(untrue)('that is well-formed and untrue is released by no verb: %s', async (what, key, fields) => {
    const [ship, release] = await meet(what, ['ship', 'release'], (folder) => change(folder, key, fields));
    expect([ship, release], what).toEqual([3, 3]);
  });

  it.each(untrueRecords)('that is a measurement is no more than evidence: %s', async (what, key, fields) => {
    await meet(what, ['deploy', 'warmup', 'release'], (folder) => change(folder, key, fields));
  });
});
