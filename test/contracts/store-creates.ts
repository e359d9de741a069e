import { describe, expect } from 'vitest';
import type { Precondition } from '../../src/stores/store.ts';
import {
  digestOf,
  failingAfter,
  gathered,
  inChunks,
  LargeSource,
  madeBytes,
  noChunks,
  OpenSource,
  textOf,
} from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import type { ContractUse } from './store.ts';

export function storeCreates(use: ContractUse): void {
  describe('create', () => {
    use.it('stores bytes and metadata and hands both back', async () => {
      const meta = { contentType: 'application/json', cacheControl: 'no-cache' };
      await use.store().put('digits/current.json', Buffer.from('{"a":1}'), 'absent', meta);
      const object = await use.store().get('digits/current.json');
      expect(object.info).toMatchObject({ key: 'digits/current.json', size: 7, meta });
      expect(await textOf(object)).toBe('{"a":1}');
    });

    use.it('answers a token that carries the scheme and is the object’s', async () => {
      const token = await use.store().put('a/b', Buffer.from('x'), 'absent');
      expect(token.startsWith(`${use.store().scheme}:`)).toBe(true);
      expect((await use.store().head('a/b'))?.token).toBe(token);
    });

    use.it('refuses to create what exists and leaves it as it is', async () => {
      const token = await use.store().put('a/b', Buffer.from('first'), 'absent');
      expect(await errorCode(use.store().put('a/b', Buffer.from('second'), 'absent'))).toBe('already-exists');
      expect(await errorCode(use.store().put('a/b', Buffer.from('first'), 'absent'))).toBe('already-exists');
      const object = await use.store().get('a/b');
      expect(object.info.token).toBe(token);
      expect(await textOf(object)).toBe('first');
    });

    use.it('stores an empty object from bytes and from a stream', async () => {
      await use.store().put('empty/bytes', new Uint8Array(0), 'absent');
      await use.store().put('empty/stream', noChunks(), 'absent');
      for (const key of ['empty/bytes', 'empty/stream']) {
        const object = await use.store().get(key);
        expect(object.info.size).toBe(0);
        expect(await textOf(object)).toBe('');
      }
    });

    use.it('puts chunks of any size together', async () => {
      const bytes = madeBytes(3 * 1024 * 1024 + 17);
      const sizes = [1, 65_537, 3, 1_048_577, 1_048_576, 999, 2_000_000];
      await use.store().put('odd', inChunks(bytes, sizes), 'absent');
      const chunks = await gathered((await use.store().get('odd')).body);
      expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    });

    use.it('takes bytes out of a larger buffer as they are and leaves the caller’s memory alone', async () => {
      const memory = madeBytes(100);
      const before = Buffer.from(memory);
      await use.store().put('part', memory.subarray(10, 20), 'absent');
      expect(Buffer.from(memory).equals(before)).toBe(true);
      const [chunk] = await gathered((await use.store().get('part')).body);
      expect(Buffer.from(chunk!).equals(before.subarray(10, 20))).toBe(true);
    });

    use.it('streams a large object in and out', async () => {
      const source = new LargeSource(use.largeBytes);
      await use.store().put('large', source.stream(), 'absent');
      const object = await use.store().get('large');
      expect(object.info.size).toBe(source.size);
      expect(await digestOf(object)).toEqual({ sha256: source.digest(), size: source.size });
    });

    use.it('closes the source of what it refuses and of what it stores', async () => {
      const token = await use.store().put('there', Buffer.from('x'), 'absent');
      await use.store().put('there', Buffer.from('y'), { unchanged: token });
      const puts: [code: string, key: string, when: Precondition][] = [
        ['already-exists', 'there', 'absent'],
        ['stale-token', 'there', { unchanged: token }],
        ['stale-token', 'missing', { unchanged: token }],
        ['bad-key', '../a', 'absent'],
        ['did not throw', 'fresh', 'absent'],
      ];
      for (const [code, key, when] of puts) {
        const source = new OpenSource();
        expect(await errorCode(use.store().put(key, source, when))).toBe(code);
        expect(source.isOpen).toBe(false);
      }
    });

    use.it('leaves nothing behind when the source fails midway, and passes the failure on', async () => {
      const broken = new Error('the source broke');
      const source = failingAfter(madeBytes(2_500_000), broken);
      await expect(use.store().put('broken/file', source, 'absent')).rejects.toBe(broken);
      expect(await use.store().head('broken/file')).toBeUndefined();
      expect(await gathered(use.store().list(''))).toEqual([]);
      await use.store().put('broken/file', Buffer.from('whole'), 'absent');
      expect(await textOf(await use.store().get('broken/file'))).toBe('whole');
    });
  });
}
