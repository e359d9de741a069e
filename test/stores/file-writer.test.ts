import { describe, expect, it } from 'vitest';
import { type Output, writeBody } from '../../src/stores/file/writer.ts';
import { inChunks, madeBytes } from '../fakes/stores/bodies.ts';

const mebibyte = 1024 * 1024;
const passing = (work: () => Promise<void>) => work();

/** A disk in memory that writes at most `most` bytes at once, yields in between, and can fail at a position. */
class SlowDisk implements Output {
  readonly bytes: Buffer;
  readonly sizes: number[] = [];
  synced = 0;
  busy = 0;
  busiest = 0;
  readonly #most: number;
  readonly #failAt: number;

  constructor(size: number, most = Number.POSITIVE_INFINITY, failAt = Number.POSITIVE_INFINITY) {
    this.bytes = Buffer.alloc(size);
    this.#most = most;
    this.#failAt = failAt;
  }

  async write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }> {
    this.busiest = Math.max(this.busiest, ++this.busy);
    await new Promise(setImmediate);
    this.busy--;
    if (position + length > this.#failAt)
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' });
    const bytesWritten = Math.min(length, this.#most);
    this.bytes.set(bytes.subarray(offset, offset + bytesWritten), position);
    this.sizes.push(bytesWritten);
    return { bytesWritten };
  }

  async datasync(): Promise<void> {
    this.synced++;
  }
}

describe('writing a body', () => {
  const bytes = madeBytes(5 * mebibyte + 321);

  it('gathers small chunks into large writes, one at a time', async () => {
    const disk = new SlowDisk(bytes.byteLength);
    await writeBody(disk, inChunks(bytes, [10_007, 3, 300_000]), passing);
    expect(disk.bytes.equals(bytes)).toBe(true);
    expect(disk.sizes).toEqual([...Array(5).fill(mebibyte), 321]);
    expect(disk.busiest).toBe(1);
  });

  it('goes on where a write stopped short', async () => {
    const disk = new SlowDisk(bytes.byteLength, 700_001);
    await writeBody(disk, inChunks(bytes, [2_000_000]), passing);
    expect(disk.bytes.equals(bytes)).toBe(true);
    const whole = new SlowDisk(bytes.byteLength, 700_001);
    await writeBody(whole, bytes, passing);
    expect(whole.bytes.equals(bytes)).toBe(true);
  });

  it('reads its source one chunk ahead of the disk and no further', async () => {
    const disk = new SlowDisk(8 * mebibyte);
    let ahead = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let made = 1; made <= 8; made++) {
        yield Buffer.alloc(mebibyte, made);
        ahead = Math.max(ahead, made - disk.sizes.length);
      }
    }
    await writeBody(disk, source(), passing);
    expect(disk.sizes).toHaveLength(8);
    expect(ahead).toBe(1);
  });

  it('stops at a disk that is full, returns its source and leaves no write running', async () => {
    const disk = new SlowDisk(8 * mebibyte, Number.POSITIVE_INFINITY, 3 * mebibyte);
    let returned = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (let made = 0; made < 64; made++) yield Buffer.alloc(mebibyte);
      } finally {
        returned = true;
      }
    }
    await expect(writeBody(disk, source(), passing)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(returned).toBe(true);
    expect(disk.busy).toBe(0);
    expect(disk.sizes).toHaveLength(3);
  });

  it('waits for the running write before it passes on the failure of its source', async () => {
    const disk = new SlowDisk(2 * mebibyte);
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(mebibyte);
      throw new Error('the source broke');
    }
    await expect(writeBody(disk, source(), passing)).rejects.toThrow('the source broke');
    expect(disk.busy).toBe(0);
  });

  it('lets the disk begin early with a large body', async () => {
    const disk = new SlowDisk(0);
    disk.bytes.set = () => {};
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let made = 0; made < 200; made++) yield new Uint8Array(mebibyte);
    }
    await writeBody(disk, source(), passing);
    expect(disk.synced).toBe(3);
  });
});
