import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as layout from '../../src/model/layout.ts';
import {
  change,
  documents,
  expectUnharmed,
  inCopy,
  kinds,
  objectsIn,
  plant,
  prepareStore,
  runInProcess,
  untrue,
} from '../fakes/registry/forged-store.ts';
import type { Project } from '../fixtures/project.ts';

let project: Project;
beforeAll(async () => {
  project = await prepareStore();
});
afterAll(() => project?.remove());

/** Every verb that works on what lies in a store; functions that meet it have tests of their own. */
const looking = ['status', 'history', 'history --check', 'verify --version 1.1.0'];
const moving = [
  'promote --version 1.1.0',
  'promote --version 1.2.0 --gate skip',
  'rollback',
  'rollback --to 1.0.0',
  'prune --retain 1',
  'sweep --open none',
];
const clearing = ['history --repair', 'destroy --preview 8'];

/** Exit codes by verb. What only looks shares a copy of the store, and must leave it as it is. */
async function meet(what: string, forge: (folder: string) => void): Promise<Record<string, number>> {
  const exits: Record<string, number> = {};
  for (const verbs of [looking, ...[...moving, ...clearing].map((verb) => [verb])]) {
    await inCopy(project, async (folder) => {
      forge(folder);
      const before = objectsIn(folder);
      for (const verb of verbs) {
        const { exit, code, message } = await runInProcess(folder, verb.split(' '));
        const report = `${what}, ${verb}: ${code}: ${message}`;
        expect([exit, code], report).not.toEqual([1, 'unexpected']);
        await expectUnharmed(folder, before, report);
        exits[verb] = exit;
      }
      if (verbs === looking) expect(objectsIn(folder), what).toEqual(before);
    });
  }
  return exits;
}

it('there is a forgery of every kind of document', () => {
  expect(Object.keys(kinds).sort()).toEqual(
    Object.keys(layout)
      .filter((name) => name.endsWith('Key'))
      .sort(),
  );
});

describe('a document of the store that is garbage', () => {
  for (const [name, key] of Object.entries(documents)) {
    it(`harms nothing, and every verb says so or does without: ${name}`, async () => {
      for (const content of name === 'pointer' ? ['\u0000{', '{}'] : ['{}']) {
        const exits = await meet(`${name} is ${JSON.stringify(content)}`, (folder) => plant(folder, key, content));
        if (name === 'pointer')
          for (const verb of [...looking, ...moving]) expect([verb, exits[verb]]).toEqual([verb, 3]);
      }
    });
  }
});

describe('a document of the store that is well-formed and untrue', () => {
  for (const [what, key, fields] of untrue) {
    it(`passes no verb, and moves and deletes nothing: ${what}`, async () => {
      const exits = await meet(what, (folder) => change(folder, key, fields));
      const { 'history --check': _, 'history --repair': __, 'destroy --preview 8': ___, ...held } = exits;
      // Where the pointer names another version, nothing is wrong with the one that was asked for.
      if ('version' in fields) delete held['verify --version 1.1.0'];
      expect(held).toEqual(Object.fromEntries(Object.keys(held).map((verb) => [verb, 3])));
    });
  }
});
