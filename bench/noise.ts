import { open } from 'node:fs/promises';

const chunk = 16 * 1024 * 1024;

/** Writes a file of pseudo-random bytes, so that nothing finds anything to compress. */
export async function writeNoise(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'w');
  const block = Buffer.alloc(chunk);
  let state = 0x9e3779b9;
  for (let at = 0; at < chunk; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    block.writeInt32LE(state, at);
  }
  for (let at = 0; at < bytes; at += chunk) {
    block.writeUInt32LE(at / chunk, 0);
    await file.write(block, 0, Math.min(chunk, bytes - at));
  }
  await file.sync();
  await file.close();
}
