import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { explain } from '../../src/stores/file/fault.ts';
import { DeniedError } from '../../src/stores/store.ts';
import { asOtherUser } from '../fakes/processes/other-user.ts';
import { temporaryStore } from '../fakes/stores/folder.ts';

const isRoot = process.getuid?.() === 0;

it('names both users where a folder belongs to another one, and how they can share it', async () => {
  const { around, close } = await temporaryStore();
  try {
    // Only root can give a folder away; for anyone else the root folder is one of another user.
    if (isRoot) chownSync(around, 65534, 65534);
    const path = isRoot ? join(around, 'not-there', 'file') : '/not-there/file';
    const refusal = Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'open', path });
    const error = explain(refusal, 'write', { store: 'file:///store', key: 'a' }) as DeniedError;
    expect(error).toBeInstanceOf(DeniedError);
    expect(error.exit).toBe(8);
    expect(error.hint).toMatch(/belongs to user \d+, and this is user \d+\..*chown -R.*umask 002/s);
  } finally {
    await close();
  }
});

it('refuses the first write where a lock of any other key cannot be taken', async () => {
  const { settings, root, close } = await temporaryStore();
  try {
    const locks = join(root, '.coldgate-store', 'locks');
    mkdirSync(locks, { recursive: true });
    for (let slot = 0; slot < 256; slot += 1) {
      const lock = join(locks, slot.toString(16).padStart(2, '0'));
      writeFileSync(lock, '');
      chmodSync(lock, slot % 2 ? 0o444 : 0o666);
    }
    for (const folder of [dirname(root), root, dirname(locks), locks]) chmodSync(folder, 0o777);
    const module = join(import.meta.dirname, '../../src/stores/file.ts');
    const output = asOtherUser(`
      const { openFileStore } = await import(${JSON.stringify(module)});
      const store = await openFileStore(${JSON.stringify(settings)});
      const put = (key) => store.put(key, Buffer.from('1'), 'absent').then(() => 0, ({ exit }) => exit);
      const exits = [];
      for (const key of ['a', 'b', 'c', 'd']) exits.push(await put(key));
      console.log(JSON.stringify(exits));
    `);
    if (output !== undefined) expect(JSON.parse(output)).toEqual([8, 8, 8, 8]);
  } finally {
    await close();
  }
});
