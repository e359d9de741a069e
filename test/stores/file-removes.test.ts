import { existsSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { openFileStore } from '../../src/stores/file.ts';
import { temporaryStore } from '../fakes/stores/folder.ts';

it('a removal succeeds where one next door has taken their folder away before its names were made durable', async () => {
  const { settings, root, close } = await temporaryStore();
  try {
    const key = 'digits/leases/1.0.0/a.json';
    const folder = dirname(join(root, key));
    let taken = false;
    const store = await openFileStore(settings, {
      onStep: (step) => {
        if (step !== 'note-removed') return;
        rmdirSync(folder);
        taken = true;
      },
    });
    const token = await store.put(key, Buffer.from('1'), 'absent');
    await store.remove(key, { unchanged: token });
    expect([taken, await store.head(key), existsSync(folder)]).toEqual([true, undefined, false]);
    expect(existsSync(join(root, 'digits'))).toBe(false);
  } finally {
    await close();
  }
});
