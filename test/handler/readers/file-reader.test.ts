import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileReader } from '../../../src/handler/readers/file.ts';
import type { ReadObject } from '../../../src/handler/readers/reader.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coldgate-reader-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const bytesOf = async ({ body }: ReadObject): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
};
const replace = (name: string, bytes: Uint8Array): void => {
  writeFileSync(join(root, 'new'), bytes);
  renameSync(join(root, 'new'), join(root, name));
};

describe('the file reader', () => {
  it.each([0, 1, 1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1, 5 * 1024 * 1024 + 7])(
    'streams exactly the %i stored bytes',
    async (size) => {
      const stored = Buffer.alloc(size, 'coldgate');
      for (let i = 0; i < size; i += 4096) stored[i] = (i / 4096) % 251;
      writeFileSync(join(root, 'a'), stored);
      const object = await openFileReader(root).read('a');
      expect(object.size).toBe(size);
      expect((await bytesOf(object)).equals(stored)).toBe(true);
    },
  );

  it('answers unchanged for the token it gave, and new bytes once the file is replaced', async () => {
    replace('a', Buffer.from('one'));
    const reader = openFileReader(root);
    const first = await reader.read('a');
    await bytesOf(first);
    expect(await reader.read('a', { ifChanged: first.token })).toBe('unchanged');
    replace('a', Buffer.from('two'));
    const second = (await reader.read('a', { ifChanged: first.token })) as ReadObject;
    expect((await bytesOf(second)).toString()).toBe('two');
    expect(second.token).not.toBe(first.token);
  });

  it('ends well when the consumer stops early', async () => {
    writeFileSync(join(root, 'a'), Buffer.alloc(4 * 1024 * 1024));
    const reader = openFileReader(root);
    for (let i = 0; i < 20; i++) {
      for await (const _ of (await reader.read('a')).body) break;
    }
    expect((await bytesOf(await reader.read('a'))).byteLength).toBe(4 * 1024 * 1024);
  });

  it.each(['missing', 'a/b', 'folder', '../outside', 'x/../../outside'])('has no object %s', async (key) => {
    writeFileSync(join(root, 'a'), 'x');
    mkdirSync(join(root, 'folder'));
    await expect(openFileReader(root).read(key)).rejects.toMatchObject({ code: 'model-not-found' });
  });
});
