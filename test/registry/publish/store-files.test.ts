import { expect, it } from 'vitest';
import { WatchedFile } from '../../../src/registry/publish/local-file.ts';
import { storeFiles } from '../../../src/registry/publish/store-files.ts';
import type { Store } from '../../../src/stores/store.ts';

const silent = { info() {}, warn() {}, debug() {}, progress() {} };

/** A folder that shows an object some turns after its body has ended, as a disk does; what happens, in order. */
function slowFolder(failing?: string) {
  const events: string[] = [];
  const store = {
    scheme: 'file',
    head: async () => undefined,
    put: async (key: string, body: AsyncIterable<Uint8Array>) => {
      const name = key.split('/').at(-1);
      for await (const chunk of body) events.push(`${name} has ${chunk.byteLength}`);
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (name === failing) throw new Error('disk full');
      events.push(`${name} is there`);
      return `file:${name}`;
    },
  } as unknown as Store;
  const io = {
    readFile: async function* (source: string) {
      events.push(`${source} is read`);
      yield Buffer.from(source);
    },
  };
  const files = ['a', 'b', 'c'].map((path) => new WatchedFile({ path, source: path }, io));
  const to = { store, model: 'm', version: '1.0.0', log: silent as never };
  return { events, publish: () => storeFiles(to, files, { objects: new Map() } as never, false) };
}

it('reads a file while the one before it goes to the disk, and shows them in their order', async () => {
  const { events, publish } = slowFolder();
  expect((await publish()).map(({ entry }) => entry.path)).toEqual(['a', 'b', 'c']);
  const at = (event: string) => events.indexOf(event);
  expect(events.filter((event) => event.endsWith('there'))).toEqual(['a is there', 'b is there', 'c is there']);
  expect(at('b is read')).toBeLessThan(at('a is there'));
  expect(at('c is read')).toBeGreaterThan(at('a is there'));
});

it('shows no file after one that could not be stored', async () => {
  const { events, publish } = slowFolder('a');
  await expect(publish()).rejects.toThrow('disk full');
  expect(events.some((event) => event.endsWith('there'))).toBe(false);
  expect(events).not.toContain('c is read');
});
