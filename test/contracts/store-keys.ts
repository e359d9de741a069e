import { describe, expect, it } from 'vitest';
import { gathered, textOf } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import type { ContractUse } from './store.ts';

const hostile: [name: string, key: string][] = [
  ['an empty key', ''],
  ['an absolute key', '/a'],
  ['a key that climbs', '../a'],
  ['a key that climbs in the middle', 'a/../../b'],
  ['a key that climbs at the end', 'a/..'],
  ['a dot part', 'a/./b'],
  ['a single dot', '.'],
  ['an empty part', 'a//b'],
  ['a slash at the end', 'a/'],
  ['a backslash', 'a\\b'],
  ['a climbing backslash', '..\\..\\a'],
  ['a zero byte', 'a\0b'],
  ['a newline', 'a\nb'],
  ['an escape character', 'a\u001bb'],
  ['a delete character', 'a\u007f'],
  ['half a surrogate pair', 'a\ud800'],
  ['a name of the driver', '.coldgate-store/tmp/x'],
  ['a name of the driver deeper down', 'a/.coldgate-lock'],
  ['a name of the driver in capitals', '.COLDGATE-store/x'],
  ['a key longer than 1024 bytes', Array.from({ length: 11 }, () => 'a'.repeat(100)).join('/')],
  ['a part longer than 255 bytes', 'a'.repeat(256)],
  ['a part longer than 255 bytes in UTF-8', 'é'.repeat(128)],
];

const good = [
  'a',
  'digits/versions/1.0.0-rc.1/.tombstone',
  '.hidden',
  'a/...',
  'a/..b',
  'coldgate-store',
  'with space and ünïcode ✓',
  '%2e%2e/%2f',
  'quotes\'and"and$and&and;',
  'star*question?hash#plus+',
  'x'.repeat(255),
  Array.from({ length: 8 }, () => 'p'.repeat(100)).join('/'),
];

export function storeKeys(use: ContractUse): void {
  describe('keys', () => {
    it.each(hostile)('refuses %s', async (_name, key) => {
      const store = use.store();
      const token = `${store.scheme}:1`;
      expect(await errorCode(store.put(key, Buffer.from('x'), 'absent'))).toBe('bad-key');
      expect(await errorCode(store.put(key, Buffer.from('x'), { unchanged: token }))).toBe('bad-key');
      expect(await errorCode(store.get(key))).toBe('bad-key');
      expect(await errorCode(store.head(key))).toBe('bad-key');
      expect(await errorCode(store.remove(key, { unchanged: token }))).toBe('bad-key');
      expect(await gathered(store.list(''))).toEqual([]);
    });

    it.each(['/', '../', 'a/../', './', 'a//', '.coldgate-store/', 'a\0'])('refuses the prefix %j', async (prefix) => {
      expect(await errorCode(gathered(use.store().list(prefix)))).toBe('bad-key');
    });

    it.each(good)('takes %s', async (key) => {
      const token = await use.store().put(key, Buffer.from(key), 'absent');
      expect(await textOf(await use.store().get(key))).toBe(key);
      expect((await gathered(use.store().list(''))).map((info) => info.key)).toEqual([key]);
      await use.store().remove(key, { unchanged: token });
      expect(await use.store().head(key)).toBeUndefined();
    });
  });
}
