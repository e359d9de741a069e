import { afterEach, beforeEach, expect, it } from 'vitest';
import { openAzureStore } from '../../src/stores/azure.ts';
import { readAll, type Store } from '../../src/stores/store.ts';
import { describeWith } from '../emulators/servers.ts';
import { type AzuriteContainer, azuriteContainer, azuriteEnvironment } from '../fakes/stores/azurite.ts';
import { inChunks, madeBytes } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';

const key = 'digits/versions/1.0.0/model.onnx';
const limits = { blockBytes: 10_000 };
const size = 95_003;

describeWith('azurite', 'writers of one blob in blocks', () => {
  azuriteEnvironment();

  let container: AzuriteContainer;
  let store: Store;
  beforeEach(async () => {
    container = await azuriteContainer();
    store = await openAzureStore(container.settings, limits);
  });
  afterEach(() => container.remove());

  const stored = async () => Buffer.from(await readAll(await store.get(key)));

  it('do not mix their blocks when one commits while the other is in the middle', async () => {
    const [slow, quick] = [madeBytes(size, 1), madeBytes(size, 2)];
    const other = await openAzureStore(container.settings, limits);
    async function* interrupted(): AsyncGenerator<Uint8Array> {
      yield slow.slice(0, 50_000);
      await other.put(key, quick, 'absent');
      yield slow.slice(50_000);
    }
    expect(await errorCode(store.put(key, interrupted(), 'absent'))).toBe('already-exists');
    expect((await stored()).equals(quick)).toBe(true);
  });

  it('lose an update to one that came in between, whatever became of their blocks', async () => {
    const first = await store.put(key, madeBytes(size, 1), 'absent');
    const [slow, quick] = [madeBytes(size, 3), madeBytes(size, 4)];
    async function* interrupted(): AsyncGenerator<Uint8Array> {
      yield slow.slice(0, 50_000);
      await store.put(key, quick, { unchanged: first });
      yield slow.slice(50_000);
    }
    expect(await errorCode(store.put(key, interrupted(), { unchanged: first }))).toBe('stale-token');
    expect((await stored()).equals(quick)).toBe(true);
  });

  it('leave one whole object of one of them, in every order that they come in', async () => {
    for (let round = 1; round <= 10; round++) {
      const name = `${key}-${round}`;
      const bodies = Array.from({ length: 4 }, (_, n) => madeBytes(size, round * 10 + n));
      const codes = await Promise.all(
        bodies.map(async (body) => {
          const own = await openAzureStore(container.settings, limits);
          return errorCode(own.put(name, inChunks(body, [999, 4001, 10_007]), 'absent'));
        }),
      );
      const winners = codes.flatMap((code, n) => (code === 'did not throw' ? [n] : []));
      expect([round, codes.filter((code) => code === 'already-exists').length, winners.length]).toEqual([round, 3, 1]);
      const bytes = Buffer.from(await readAll(await store.get(name)));
      expect([round, bytes.equals(bodies[winners[0]!]!)]).toEqual([round, true]);
    }
  });

  it('are not disturbed by the blocks of the dead, of this tool or another', async () => {
    const blob = container.client.getBlockBlobClient(`models/${key}`);
    const id = (index: number) =>
      Buffer.from(`${crypto.randomUUID()}${String(index).padStart(12, '0')}`).toString('base64');
    for (const index of [0, 1, 2]) await blob.stageBlock(id(index), 'left behind', 11);
    const bytes = madeBytes(size, 5);
    await store.put(key, bytes, 'absent');
    expect((await stored()).equals(bytes)).toBe(true);
    expect((await blob.getBlockList('uncommitted')).uncommittedBlocks ?? []).toEqual([]);
  });

  it('keep the MD5 of the whole with the blob, in one request and in blocks', async () => {
    const { createHash } = await import('node:crypto');
    for (const bytes of [madeBytes(10, 6), madeBytes(size, 7)]) {
      const name = `${key}-${bytes.byteLength}`;
      await store.put(name, bytes, 'absent');
      const { contentMD5 } = await container.client.getBlockBlobClient(`models/${name}`).getProperties();
      expect(Buffer.from(contentMD5 ?? []).toString('hex')).toBe(createHash('md5').update(bytes).digest('hex'));
    }
  });
});
