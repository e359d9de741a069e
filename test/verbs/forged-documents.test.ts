import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pointerFaults } from '../../src/registry/pointer/check.ts';
import { readPointer } from '../../src/registry/pointer/read-pointer.ts';
import { verifyVersion } from '../../src/registry/version/verify.ts';
import { inCopy, objectsIn, prepareStore, runInProcess, storeIn } from '../fakes/forged-store.ts';
import { model, recordingLogger } from '../fakes/registry-world.ts';
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

/** Documents of a store, by their keys. */
const documents = {
  pointer: `${model}/current.json`,
  'another pointer': `${model}/staging.json`,
  record: `${model}/history/0000000002.json`,
  'older record': `${model}/history/0000000001.json`,
  manifest: `${model}/versions/1.1.0/manifest.json`,
  'manifest of another version': `${model}/versions/1.0.0/manifest.json`,
  tombstone: `${model}/versions/1.1.0/.tombstone`,
  'tombstone of another version': `${model}/versions/1.0.0/.tombstone`,
  sample: `${model}/versions/1.1.0/sample.json`,
  pin: `${model}/leases/1.0.0/forged.json`,
  "doctor's record": '_coldgate/doctor.json',
};

function plant(folder: string, key: string, content: string): void {
  const file = join(folder, 'store', key);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** No file of a version was lost, and a pointer that moved names a version that is whole and what the pointer says. */
async function expectUnharmed(folder: string, before: Map<string, string>, what: string): Promise<void> {
  const after = objectsIn(folder);
  const ofVersions = [...before].filter(([key]) => key.includes('/versions/') && !key.endsWith('.tombstone'));
  expect(
    ofVersions.filter(([key, content]) => after.get(key) !== content).map(([key]) => key),
    what,
  ).toEqual([]);
  if (after.get(documents.pointer) === before.get(documents.pointer)) return;
  const store = await storeIn(folder);
  const now = (await readPointer(store, model))!.pointer;
  expect(await pointerFaults({ store, model, pointer: 'current.json' }, now), what).toEqual([]);
  await verifyVersion({ store, model, version: now.version, log: recordingLogger() });
}

/** Exit codes by verb. What only looks shares a copy of the store, and must leave it as it is. */
async function meet(what: string, forge: (folder: string) => void): Promise<Record<string, number>> {
  const exits: Record<string, number> = {};
  for (const verbs of [looking, ...[...moving, ...clearing].map((verb) => [verb])]) {
    await inCopy(project, async (folder) => {
      forge(folder);
      const before = objectsIn(folder);
      for (const verb of verbs) {
        const { exit, code, message } = await runInProcess(folder, verb.split(' '));
        const said = `${what}, ${verb}: ${code}: ${message}`;
        expect([exit, code], said).not.toEqual([1, 'unexpected']);
        await expectUnharmed(folder, before, said);
        exits[verb] = exit;
      }
      if (verbs === looking) expect(objectsIn(folder), what).toEqual(before);
    });
  }
  return exits;
}

describe('a document of the store that is garbage', () => {
  for (const [name, key] of Object.entries(documents)) {
    it(`harms nothing, and every verb says so or does without: ${name}`, async () => {
      for (const content of name === 'pointer' ? ['\u0000{', '{}'] : ['{}']) {
        const exits = await meet(`${name} is ${JSON.stringify(content)}`, (folder) => plant(folder, key, content));
        if (name === 'pointer')
          for (const verb of [...looking, ...moving]) expect([verb, exits[verb]]).toEqual([verb, 3]);
      }
    }, 180_000);
  }
});

const digest = '0'.repeat(64);
/** Well-formed, and untrue: each differs from the real document in what it says here. */
const untrue: [string, string, object][] = [
  ['a pointer with another digest of the model', documents.pointer, { sha256: digest }],
  ['a pointer with another digest of the manifest', documents.pointer, { manifest_sha256: digest }],
  ['a pointer with another file', documents.pointer, { file: 'sample.json' }],
  ['a pointer with another size', documents.pointer, { size: 3 }],
  ['a pointer to another version', documents.pointer, { version: '1.2.0' }],
  ['a pointer to a version that is not there', documents.pointer, { version: '9.9.9' }],
  ['a pointer with another way back', documents.pointer, { previous: { version: '1.2.0', sha256: digest } }],
  ['a pointer of another kind of move', documents.pointer, { kind: 'rollback' }],
  ['a record of another version', documents.record, { version: '1.2.0' }],
  ['a record of another move', documents.record, { promotion_id: 'other' }],
  ['a manifest of other files', documents.manifest, { created_at: '2020-01-01T00:00:00Z' }],
];

describe('a document of the store that is well-formed and untrue', () => {
  for (const [what, key, fields] of untrue) {
    it(`passes no verb, and moves and deletes nothing: ${what}`, async () => {
      const exits = await meet(what, (folder) => {
        const document = JSON.parse(readFileSync(join(folder, 'store', key), 'utf8'));
        plant(folder, key, JSON.stringify({ ...document, ...fields }));
      });
      const { 'history --check': _, 'history --repair': __, 'destroy --preview 8': ___, ...held } = exits;
      // Where the pointer names another version, nothing is wrong with the one that was asked for.
      if ('version' in fields) delete held['verify --version 1.1.0'];
      expect(held).toEqual(Object.fromEntries(Object.keys(held).map((verb) => [verb, 3])));
    }, 180_000);
  }
});
