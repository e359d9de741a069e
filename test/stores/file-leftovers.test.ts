import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostTag } from '../../src/stores/file/temporary.ts';
import { openFileStore } from '../../src/stores/file.ts';
import { type StoreFolder, temporaryStore } from '../fakes/stores/folder.ts';

let folder: StoreFolder;
let temporaries: string;
let deadPid: number;
beforeEach(async () => {
  folder = await temporaryStore();
  temporaries = join(folder.root, '.coldgate-store', 'tmp');
  await mkdir(temporaries, { recursive: true });
  const child = spawn(process.execPath, ['--version']);
  await once(child, 'close');
  deadPid = child.pid ?? 0;
});
afterEach(() => folder.close());

async function leave(name: string, hoursOld: number): Promise<void> {
  await writeFile(join(temporaries, name), 'half');
  const then = new Date(Date.now() - hoursOld * 60 * 60 * 1000);
  await utimes(join(temporaries, name), then, then);
}

describe('temporaries that writers left', () => {
  it('are removed by a later write once they are a day old and their writer is dead', async () => {
    const dead = `${hostTag()}-${deadPid}-0a`;
    const live = `${hostTag()}-${process.pid}-0b`;
    const recent = `${hostTag()}-${deadPid}-0c`;
    const elsewhere = 'ffffffff-1-0d';
    const elsewhereRecent = 'ffffffff-1-0e';
    for (const name of [dead, live, elsewhere]) await leave(name, 25);
    for (const name of [recent, elsewhereRecent]) await leave(name, 23);

    const store = await openFileStore(folder.settings);
    await store.put('a', Buffer.from('1'), 'absent');
    expect((await readdir(temporaries)).sort()).toEqual([live, recent, elsewhereRecent].sort());
  });
});
