import { describe, expect } from 'vitest';
import { digestOf, LargeSource, madeBytes, textOf } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import type { ContractUse } from './store.ts';

export function storeReads(use: ContractUse): void {
  const key = 'digits/versions/1.0.0/model.onnx';

  describe('read', () => {
    use.it('says that there is no such object', async () => {
      expect(await errorCode(use.store().get(key))).toBe('not-found');
      expect(await errorCode(use.store().get(key, { ifChanged: `${use.store().scheme}:1` }))).toBe('not-found');
      expect(await use.store().head(key)).toBeUndefined();
    });

    use.it('does not take the beginning of other keys, or what would lie below one, for an object', async () => {
      await use.store().put(key, Buffer.from('1'), 'absent');
      for (const other of ['digits', 'digits/versions', `${key}/below`, `${key}x`, key.slice(0, -1)]) {
        expect(await errorCode(use.store().get(other))).toBe('not-found');
        expect(await use.store().head(other)).toBeUndefined();
      }
    });

    use.it('describes the object without its bytes', async () => {
      const meta = { contentType: 'application/octet-stream', cacheControl: 'public, max-age=31536000, immutable' };
      const token = await use.store().put(key, madeBytes(1234), 'absent', meta);
      const info = await use.store().head(key);
      expect(info).toMatchObject({ key, size: 1234, token, meta });
      expect(info?.modified).toBeInstanceOf(Date);
      expect(Math.abs(Date.now() - info!.modified.getTime())).toBeLessThan(24 * 60 * 60 * 1000);
    });

    use.it('answers "unchanged" for the current token and the object for any other', async () => {
      const first = await use.store().put(key, Buffer.from('1'), 'absent');
      expect(await use.store().get(key, { ifChanged: first })).toBe('unchanged');
      const second = await use.store().put(key, Buffer.from('2'), { unchanged: first });
      expect(await use.store().get(key, { ifChanged: second })).toBe('unchanged');
      for (const other of [first, 'elsewhere:1']) {
        const object = await use.store().get(key, { ifChanged: other });
        if (object === 'unchanged') throw new Error('took an old or foreign token for the current one');
        expect(object.info.token).toBe(second);
        expect(await textOf(object)).toBe('2');
      }
    });

    use.it('reads the object it opened to the end while it is replaced', async () => {
      const source = new LargeSource(5_000_000);
      const token = await use.store().put(key, source.stream(), 'absent');
      const object = await use.store().get(key);
      await use.store().put(key, Buffer.from('new'), { unchanged: token });
      expect(object.info.token).toBe(token);
      // A store that cannot hold on to the old bytes must fail; it may not mix them with the new ones.
      const read = await digestOf(object).catch(() => 'failed');
      if (read !== 'failed') expect(read).toEqual({ sha256: source.digest(), size: source.size });
      expect(await textOf(await use.store().get(key))).toBe('new');
    });

    use.it('lets a reader stop early, before the first chunk and after it', async () => {
      await use.store().put(key, madeBytes(3_000_000), 'absent');
      for await (const chunk of (await use.store().get(key)).body) {
        expect(chunk.byteLength).toBeGreaterThan(0);
        break;
      }
      await (await use.store().get(key)).body[Symbol.asyncIterator]().return?.();
      expect((await use.store().head(key))?.size).toBe(3_000_000);
    });

    use.it('gives a reader bytes that it may change', async () => {
      await use.store().put(key, Buffer.from('stored'), 'absent');
      for await (const chunk of (await use.store().get(key)).body) chunk.fill(0);
      expect(await textOf(await use.store().get(key))).toBe('stored');
    });
  });
}
