import { describe, expect } from 'vitest';
import { failingAfter, madeBytes, textOf } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import type { ContractUse } from './store.ts';

export function storeUpdates(use: ContractUse): void {
  const key = 'digits/current.json';

  describe('update', () => {
    use.it('takes the token of a create, then the token of each update', async () => {
      let token = await use.store().put(key, Buffer.from('0'), 'absent');
      for (const text of ['1', '22', '333']) {
        token = await use.store().put(key, Buffer.from(text), { unchanged: token });
        const object = await use.store().get(key);
        expect(object.info.token).toBe(token);
        expect(await textOf(object)).toBe(text);
      }
    });

    use.it('takes the token that a read answered', async () => {
      await use.store().put(key, Buffer.from('1'), 'absent');
      const object = await use.store().get(key);
      expect(await textOf(object)).toBe('1');
      await use.store().put(key, Buffer.from('2'), { unchanged: object.info.token });
      expect(await textOf(await use.store().get(key))).toBe('2');
    });

    use.it('refuses a stale token and leaves the object as it is', async () => {
      const first = await use.store().put(key, Buffer.from('1'), 'absent');
      const second = await use.store().put(key, Buffer.from('2'), { unchanged: first });
      expect(await errorCode(use.store().put(key, Buffer.from('3'), { unchanged: first }))).toBe('stale-token');
      const object = await use.store().get(key);
      expect(object.info.token).toBe(second);
      expect(await textOf(object)).toBe('2');
    });

    const equal = use.tokensOf === 'writes';
    use.it(`changes the token at every write${equal ? ', also of equal bytes' : ''} in quick succession`, async () => {
      const bytes = (write: number) => Buffer.from(equal ? 'same' : `write ${write}`);
      const tokens = [await use.store().put(key, bytes(0), 'absent')];
      for (let write = 1; write <= 20; write++) {
        tokens.push(await use.store().put(key, bytes(write), { unchanged: tokens.at(-1)! }));
      }
      expect(new Set(tokens).size).toBe(tokens.length);
      for (const stale of tokens.slice(0, -1)) {
        expect(await errorCode(use.store().put(key, Buffer.from('x'), { unchanged: stale }))).toBe('stale-token');
      }
    });

    use.it('refuses to update what is not there', async () => {
      const token = await use.store().put('other', Buffer.from('1'), 'absent');
      expect(await errorCode(use.store().put(key, Buffer.from('1'), { unchanged: token }))).toBe('stale-token');
      expect(await use.store().head(key)).toBeUndefined();
    });

    use.it('refuses the token of another key', async () => {
      const token = await use.store().put('other', Buffer.from('1'), 'absent');
      await use.store().put(key, Buffer.from(use.tokensOf === 'writes' ? '1' : 'its own'), 'absent');
      expect(await errorCode(use.store().put(key, Buffer.from('2'), { unchanged: token }))).toBe('stale-token');
    });

    use.it('refuses tokens of other stores and what is no token at all', async () => {
      const token = await use.store().put(key, Buffer.from('1'), 'absent');
      const bare = token.slice(token.indexOf(':') + 1);
      for (const foreign of [`elsewhere:${bare}`, bare, '', `${use.store().scheme}:`, '*', '"*"']) {
        expect(await errorCode(use.store().put(key, Buffer.from('2'), { unchanged: foreign }))).toBe('stale-token');
      }
      expect((await use.store().head(key))?.token).toBe(token);
    });

    use.it('replaces the metadata together with the bytes', async () => {
      const old = { contentType: 'application/json', cacheControl: 'no-cache' };
      const token = await use.store().put(key, Buffer.from('1'), 'absent', old);
      const meta = { contentType: 'text/plain; charset=utf-8', cacheControl: 'public, max-age=60' };
      await use.store().put(key, Buffer.from('2'), { unchanged: token }, meta);
      expect((await use.store().head(key))?.meta).toMatchObject(meta);
    });

    use.it('keeps the old object when the source of the new one fails', async () => {
      const token = await use.store().put(key, Buffer.from('old'), 'absent');
      const broken = new Error('the source broke');
      const source = failingAfter(madeBytes(1_500_000), broken);
      await expect(use.store().put(key, source, { unchanged: token })).rejects.toBe(broken);
      const object = await use.store().get(key);
      expect(object.info.token).toBe(token);
      expect(await textOf(object)).toBe('old');
      await use.store().put(key, Buffer.from('new'), { unchanged: token });
    });

    use.it('lets one of many updates in the same process win', async () => {
      const token = await use.store().put(key, Buffer.from('start'), 'absent');
      const writes = Array.from({ length: 10 }, (_, n) =>
        errorCode(use.store().put(key, Buffer.from(`w${n}`), { unchanged: token })),
      );
      const codes = await Promise.all(writes);
      expect(codes.filter((code) => code === 'did not throw')).toHaveLength(1);
      const expected = use.hidesLosses ? ['stale-token', 'store-unavailable'] : ['stale-token'];
      expect(codes.filter((code) => expected.includes(code))).toHaveLength(9);
      expect(await textOf(await use.store().get(key))).toBe(`w${codes.indexOf('did not throw')}`);
    });
  });
}
