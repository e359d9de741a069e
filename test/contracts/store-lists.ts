import { describe, expect } from 'vitest';
import type { Store } from '../../src/stores/store.ts';
import { gathered } from '../fakes/stores/bodies.ts';
import type { ContractUse } from './store.ts';

/** In the order of their bytes in UTF-8: "-" before "." before "/" before digits before capitals before "_" before letters. */
const sorted = [
  'a-b/file',
  'a.b/file',
  'a.json',
  'a/0',
  'a/B',
  'a/_',
  'a/b-c',
  'a/b.c',
  'a/b/c',
  'a/b/d/e',
  'a/b0',
  'a/é',
  'a0/file',
  'b/.tombstone',
  'b/manifest.json',
  'c/～',
  'c/𝒳',
];

const keysOf = async (store: Store, prefix: string): Promise<string[]> =>
  (await gathered(store.list(prefix))).map((info) => info.key);

export function storeLists(use: ContractUse): void {
  describe('list', () => {
    const fill = async () => {
      for (const key of sorted.toReversed()) await use.store().put(key, Buffer.from(key), 'absent');
    };

    use.it('is empty for an empty store', async () => {
      expect(await keysOf(use.store(), '')).toEqual([]);
      expect(await keysOf(use.store(), 'a/')).toEqual([]);
    });

    use.it('is in the order of the keys’ bytes, across folders too, and shows nothing but objects', async () => {
      await fill();
      expect(await keysOf(use.store(), '')).toEqual(sorted);
    });

    use.it('takes prefixes that end anywhere', async () => {
      await fill();
      for (const prefix of ['a', 'a/', 'a/b', 'a/b/', 'a/b/c', 'a/b/d/e', 'b/.t', 'c', 'a/b/cc', 'a.json/']) {
        expect(await keysOf(use.store(), prefix)).toEqual(sorted.filter((key) => key.startsWith(prefix)));
      }
    });

    use.it('describes each object as head does', async () => {
      await use.store().put('a/1', Buffer.from('1'), 'absent', { contentType: 'text/plain' });
      await use.store().put('a/2', Buffer.from('22'), 'absent', { cacheControl: 'no-cache' });
      for await (const info of use.store().list('a/')) {
        const { key, size, token } = (await use.store().head(info.key))!;
        expect(info).toMatchObject({ key, size, token });
      }
    });

    use.it('shows no write that is still on its way', async () => {
      await use.store().put('a/1', Buffer.from('1'), 'absent');
      const during: string[][] = [];
      async function* slowly(): AsyncGenerator<Uint8Array> {
        yield Buffer.alloc(1_100_000);
        during.push(await keysOf(use.store(), ''));
        yield Buffer.from('end');
      }
      await use.store().put('a/2', slowly(), 'absent');
      expect(during).toEqual([['a/1']]);
      expect(await keysOf(use.store(), '')).toEqual(['a/1', 'a/2']);
    });

    use.it('lists more objects than one page of a cloud store would hold', async () => {
      const keys = Array.from({ length: 120 }, (_, n) => `many/${String(n).padStart(4, '0')}`);
      for (const key of keys) await use.store().put(key, new Uint8Array(0), 'absent');
      expect(await keysOf(use.store(), 'many/')).toEqual(keys);
    });
  });
}
