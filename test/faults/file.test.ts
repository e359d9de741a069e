import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileStore } from '../../src/stores/file.ts';
import { type Fault, FaultyStore } from '../fakes/registry/faulty-store.ts';
import { prepareVerb, provesTruth, severalAtATime } from './truth.ts';
import { verbsInFolder } from './verbs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coldgate-faults-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A folder has no requests that could be cut, so what fails are the calls of the driver. */
const faults: [title: string, fault: Fault, forEver: boolean][] = [
  ['it fails and has not acted', 'before', false],
  ['it acts and fails', 'after', false],
  ['it acts, and says that it found it done', 'refused-after', false],
  ['it fails in the middle of the bytes', 'body', false],
  ['from then on it acts and fails', 'after', true],
];

describe.each(Object.entries(verbsInFolder))('%s in a folder that fails at any call', (_name, verb) => {
  it.each(faults)('tells the truth and converges: %s', async (_title, fault, forEver) => {
    const prepared = await prepareVerb(verb);
    const attempt = async (at: number): Promise<FaultyStore> => {
      const url = `file://${folder}/${at}`;
      const faulty = new FaultyStore(await openFileStore({ url }), fault, at, forEver);
      const where = () => `${fault} at ${at}: ${faulty.failed?.operation} ${faulty.failed?.key}`;
      await provesTruth(prepared, await openFileStore({ url }), faulty, where);
      return faulty;
    };
    const { count } = await attempt(Number.POSITIVE_INFINITY);
    const met = await severalAtATime(Array.from({ length: count }, (_, at) => () => attempt(at)));
    expect(met.map(({ failed }) => failed !== undefined)).toEqual(Array(count).fill(true));
  });
});
