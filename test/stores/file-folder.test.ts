import { mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileStore } from '../../src/stores/file.ts';
import type { Store } from '../../src/stores/store.ts';
import { failingAfter, gathered, madeBytes, textOf } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { type StoreFolder, temporaryStore } from '../fakes/stores/folder.ts';

const text = (value: string) => Buffer.from(value);

let folder: StoreFolder;
let store: Store;
beforeEach(async () => {
  folder = await temporaryStore();
  store = await openFileStore(folder.settings);
});
afterEach(() => folder.close());

const keys = async (prefix = '') => (await gathered(store.list(prefix))).map((info) => info.key);
const inRoot = (...parts: string[]) => join(folder.root, ...parts);
const systemError = (code: string) => Object.assign(new Error(code), { code, syscall: 'link' });

describe('the folder of a file store', () => {
  it('is not made by opening or reading', async () => {
    expect(await store.head('a')).toBeUndefined();
    expect(await keys()).toEqual([]);
    expect(await errorCode(stat(folder.root))).toBe('ENOENT');
  });

  it('holds the objects as plain files of exactly their bytes', async () => {
    await store.put('digits/versions/1.0.0/model.onnx', madeBytes(1_500_000), 'absent');
    const token = await store.put('digits/current.json', text('{}'), 'absent', { cacheControl: 'no-cache' });
    await store.put('digits/current.json', text('{"version":"1.0.0"}'), { unchanged: token });
    expect(await readFile(inRoot('digits/current.json'), 'utf8')).toBe('{"version":"1.0.0"}');
    expect((await readFile(inRoot('digits/versions/1.0.0/model.onnx'))).equals(madeBytes(1_500_000))).toBe(true);
    expect((await readdir(folder.root)).sort()).toEqual(['.coldgate-store', 'digits']);
    expect((await readdir(inRoot('digits'))).sort()).toEqual(['current.json', 'versions']);
    expect(await readdir(inRoot('.coldgate-store/tmp'))).toEqual([]);
  });

  it('may be reached through a symlink itself', async () => {
    await mkdir(folder.root);
    const alias = join(folder.around, 'alias');
    await symlink(folder.root, alias);
    const aliased = await openFileStore({ url: `file://${alias}` });
    const token = await aliased.put('a', text('1'), 'absent');
    expect((await store.head('a'))?.token).toBe(token);
  });

  it('serves a file that someone put there, and guards it from then on', async () => {
    await mkdir(inRoot('digits'), { recursive: true });
    await writeFile(inRoot('digits/current.json'), 'by hand');
    const { token } = (await store.head('digits/current.json'))!;
    expect(await errorCode(store.put('digits/current.json', text('x'), 'absent'))).toBe('already-exists');
    await store.put('digits/current.json', text('ours'), { unchanged: token });
    expect(await errorCode(store.put('digits/current.json', text('x'), { unchanged: token }))).toBe('stale-token');
    expect(await textOf(await store.get('digits/current.json'))).toBe('ours');
  });

  it('takes an object that someone edited in place for changed', async () => {
    const token = await store.put('a', text('ours'), 'absent');
    await writeFile(inRoot('a'), 'edited');
    expect(await errorCode(store.put('a', text('x'), { unchanged: token }))).toBe('stale-token');
    expect(await textOf(await store.get('a'))).toBe('edited');
  });

  it('forgets types and no bytes when the notes are lost or make no sense', async () => {
    const token = await store.put('a', text('1'), 'absent', { contentType: 'text/plain' });
    const [slot = ''] = await readdir(inRoot('.coldgate-store/notes'));
    const [name = ''] = await readdir(inRoot('.coldgate-store/notes', slot));
    for (const nonsense of ['', '{', 'null', '[]', '{"key":"a","entries":[null,{"id":"x"}]}']) {
      await writeFile(inRoot('.coldgate-store/notes', slot, name), nonsense);
      expect(await store.head('a')).toMatchObject({ size: 1, meta: {} });
      expect(await errorCode(store.remove('a', { unchanged: token }))).toBe('stale-token');
    }
    const read = (await store.head('a'))!.token;
    await store.put('a', text('2'), { unchanged: read }, { contentType: 'text/plain' });
    expect((await store.head('a'))?.meta).toEqual({ contentType: 'text/plain' });
  });

  it('says that an object was cut short while it was read', async () => {
    await store.put('a', madeBytes(5_000_000), 'absent');
    const object = await store.get('a');
    await truncate(inRoot('a'), 1_000_000);
    expect(await errorCode(textOf(object))).toBe('object-cut-short');
  });

  it('has no signed URLs', async () => {
    expect(await errorCode(store.signedUrl('a', 60))).toBe('unsupported');
  });
});

describe('names in a file store', () => {
  it('cannot be an object and a folder at once, whichever came first', async () => {
    await store.put('a/b', text('1'), 'absent');
    expect(await errorCode(store.put('a', text('2'), 'absent'))).toBe('key-conflict');
    await store.put('c', text('1'), 'absent');
    expect(await errorCode(store.put('c/d', text('2'), 'absent'))).toBe('key-conflict');
    expect(await errorCode(store.put('c/d/e', text('2'), 'absent'))).toBe('key-conflict');
    expect(await keys()).toEqual(['a/b', 'c']);
  });

  it('are free again when everything below them is removed', async () => {
    const token = await store.put('a/b/c', text('1'), 'absent');
    await store.remove('a/b/c', { unchanged: token });
    expect(await readdir(folder.root)).toEqual(['.coldgate-store']);
    await store.put('a', text('2'), 'absent');
    expect(await keys()).toEqual(['a']);
  });

  it('are not objects when they are symlinks, odd names or the driver’s own', async () => {
    await store.put('a/real', text('1'), 'absent');
    await writeFile(join(folder.around, 'outside'), 'secret');
    await symlink(join(folder.around, 'outside'), inRoot('a/file-link'));
    await symlink(folder.around, inRoot('a/folder-link'));
    await writeFile(inRoot('a/back\\slash'), 'x');
    await writeFile(inRoot('a/new\nline'), 'x');
    await writeFile(inRoot('a/.coldgate-left'), 'x');
    await writeFile(inRoot('.coldgate-store/tmp/deadbeef-1-00'), 'x');
    expect(await keys()).toEqual(['a/real']);
    expect(await keys('a/folder-link/')).toEqual([]);
  });
});

describe('symlinks in a file store', () => {
  const token = 'file:0123456789abcdef0123456789abcdef';

  it('are refused wherever they point, and what they point to stays as it is', async () => {
    await store.put('real/object', text('inside'), 'absent');
    await writeFile(join(folder.around, 'outside'), 'secret');
    await symlink(folder.around, inRoot('out'));
    await symlink(inRoot('real'), inRoot('in'));
    await symlink(join(folder.around, 'outside'), inRoot('real/file'));
    await symlink(join(folder.around, 'nowhere'), inRoot('real/dangling'));
    for (const key of ['out/outside', 'out/new', 'out/a/b', 'in/object', 'in/new', 'real/file', 'real/dangling']) {
      expect(await errorCode(store.put(key, text('x'), 'absent'))).toBe('bad-key');
      expect(await errorCode(store.put(key, text('x'), { unchanged: token }))).toBe('bad-key');
      expect(await errorCode(store.get(key))).toBe('bad-key');
      expect(await errorCode(store.head(key))).toBe('bad-key');
      expect(await errorCode(store.remove(key, { unchanged: token }))).toBe('bad-key');
    }
    expect((await readdir(folder.around)).sort()).toEqual(['models 100% #1', 'outside']);
    expect(await readFile(join(folder.around, 'outside'), 'utf8')).toBe('secret');
    expect(await keys()).toEqual(['real/object']);
  });

  it('are refused in place of the driver’s own folder', async () => {
    await mkdir(folder.root);
    await mkdir(join(folder.around, 'elsewhere'));
    await symlink(join(folder.around, 'elsewhere'), inRoot('.coldgate-store'));
    expect(await errorCode(store.put('a', text('1'), 'absent'))).toBe('bad-key');
    expect(await keys()).toEqual([]);
  });
});

describe('a file system', () => {
  it('without hard links still creates once', async () => {
    for (const code of ['EPERM', 'ENOTSUP', 'EMLINK']) {
      const link = async () => Promise.reject(systemError(code));
      const plain = await openFileStore(folder.settings, { link });
      await plain.put(`a/${code}`, text('1'), 'absent');
      const writes = Array.from({ length: 8 }, () => errorCode(plain.put(`b/${code}`, text('1'), 'absent')));
      const codes = (await Promise.all(writes)).toSorted();
      expect(codes).toEqual([...Array(7).fill('already-exists'), 'did not throw']);
    }
    expect(await keys('a/')).toEqual(['a/EMLINK', 'a/ENOTSUP', 'a/EPERM']);
  });

  it('is rid of the bytes of a source that failed', async () => {
    const source = failingAfter(madeBytes(2_500_000), new Error('the source broke'));
    expect(await errorCode(store.put('a', source, 'absent'))).toBe('Error: the source broke');
    expect(await readdir(inRoot('.coldgate-store/tmp'))).toEqual([]);
  });

  it('that is full leaves nothing behind, and the write works once there is room', async () => {
    const full = await openFileStore(folder.settings, { link: async () => Promise.reject(systemError('ENOSPC')) });
    expect(await errorCode(full.put('a', text('1'), 'absent'))).toBe('store-unavailable');
    expect(await keys()).toEqual([]);
    expect(await readdir(inRoot('.coldgate-store/tmp'))).toEqual([]);
    await store.put('a', text('1'), 'absent');
  });

  it('that has a file in the root’s place is named as the problem', async () => {
    await writeFile(folder.root, 'not a folder');
    expect(await errorCode(store.put('a', text('1'), 'absent'))).toBe('key-conflict');
    expect(await errorCode(store.get('a'))).toBe('key-conflict');
    expect(await errorCode(keys())).toBe('key-conflict');
  });
});
