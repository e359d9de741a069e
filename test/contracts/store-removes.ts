import { describe, expect } from 'vitest';
import { gathered, textOf } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import type { ContractUse } from './store.ts';

export function storeRemoves(use: ContractUse): void {
  const key = 'digits/versions/1.0.0/model.onnx';

  describe('remove', () => {
    use.it('removes the object that has the token, and no other', async () => {
      const token = await use.store().put(key, Buffer.from('1'), 'absent');
      await use.store().put(`${key}x`, Buffer.from('2'), 'absent');
      await use.store().remove(key, { unchanged: token });
      expect(await use.store().head(key)).toBeUndefined();
      expect((await gathered(use.store().list(''))).map((info) => info.key)).toEqual([`${key}x`]);
    });

    use.it('refuses a stale token and keeps the object', async () => {
      const first = await use.store().put(key, Buffer.from('1'), 'absent');
      await use.store().put(key, Buffer.from('2'), { unchanged: first });
      expect(await errorCode(use.store().remove(key, { unchanged: first }))).toBe('stale-token');
      expect(await textOf(await use.store().get(key))).toBe('2');
    });

    use.it('refuses the token of another kind of store', async () => {
      await use.store().put(key, Buffer.from('1'), 'absent');
      expect(await errorCode(use.store().remove(key, { unchanged: 'elsewhere:1' }))).toBe('stale-token');
      expect(await textOf(await use.store().get(key))).toBe('1');
    });

    use.it('is content when the object is gone', async () => {
      const token = await use.store().put(key, Buffer.from('1'), 'absent');
      await use.store().remove(key, { unchanged: token });
      await use.store().remove(key, { unchanged: token });
      expect(await use.store().head(key)).toBeUndefined();
    });

    use.it('succeeds next door to another removal, also where they leave nothing behind', async () => {
      for (let round = 0; round < 10; round += 1) {
        const keys = Array.from({ length: 4 }, (_, at) => `digits/leases/1.0.${round}/${at}.json`);
        const tokens = await Promise.all(keys.map((k) => use.store().put(k, Buffer.from(k), 'absent')));
        await Promise.all(keys.map((k, at) => use.store().remove(k, { unchanged: tokens[at]! })));
      }
      expect(await gathered(use.store().list('digits/leases/'))).toEqual([]);
    });

    use.it('makes room for a new object, for which the old token is stale', async () => {
      const meta = { contentType: 'application/json', cacheControl: 'no-cache' };
      const old = await use.store().put(key, Buffer.from('same'), 'absent', meta);
      await use.store().remove(key, { unchanged: old });
      const bytes = Buffer.from(use.tokensOf === 'writes' ? 'same' : 'other');
      const fresh = await use.store().put(key, bytes, 'absent', { contentType: 'text/plain' });
      expect(fresh).not.toBe(old);
      expect(await errorCode(use.store().put(key, Buffer.from('x'), { unchanged: old }))).toBe('stale-token');
      expect(await errorCode(use.store().remove(key, { unchanged: old }))).toBe('stale-token');
      expect((await use.store().head(key))?.meta.contentType).toBe('text/plain');
    });
  });
}
