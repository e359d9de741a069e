import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CompileCache } from '../../../src/handler/session/compile-cache.ts';
import { FunctionProcess } from '../function-process.ts';
import { openAdapterBed } from '../platforms/adapter-bed.ts';

const { bundle, store, remove } = await openAdapterBed();
afterAll(remove);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coldgate-code-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const onlyFile = (): string => join(folder, readdirSync(folder)[0] as string);

describe('kept code', () => {
  const digest = 'a'.repeat(64);
  const code = Buffer.from('what V8 compiled');

  it('is what was written, for the same source alone', () => {
    const kept = new CompileCache(join(folder, 'made', 'for it'), digest);
    expect(kept.read()).toBeUndefined();
    kept.write(code);
    expect(kept.read()).toEqual(code);
    expect(new CompileCache(join(folder, 'made', 'for it'), 'b'.repeat(64)).read()).toBeUndefined();
  });

  const damages: [string, () => void][] = [
    ['cut short', () => truncateSync(onlyFile(), code.byteLength)],
    ['of odd length', () => truncateSync(onlyFile(), code.byteLength * 2 - 1)],
    ['empty', () => truncateSync(onlyFile(), 0)],
    [
      'changed in one bit',
      () => {
        const bytes = readFileSync(onlyFile());
        bytes[3] = (bytes[3] as number) ^ 1;
        writeFileSync(onlyFile(), bytes);
      },
    ],
    ['for others to write', () => chmodSync(onlyFile(), 0o622)],
    ['in a folder that others may write to', () => chmodSync(folder, 0o777)],
  ];
  it.each(damages)('is not taken when %s', (_how, damage) => {
    const kept = new CompileCache(folder, digest);
    kept.write(code);
    damage();
    expect(kept.read()).toBeUndefined();
  });

  it('leaves nothing and throws nothing where it cannot be written', () => {
    writeFileSync(join(folder, 'file'), '');
    new CompileCache(join(folder, 'file', 'code'), digest).write(code);
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

describe('a process that keeps its code', () => {
  const start = (code = folder): FunctionProcess =>
    new FunctionProcess(bundle, { MODEL_PREFIX: store.root, MODEL_NAME: 'tiny', COLDGATE_CODE_CACHE: code });
  const infer = (one: FunctionProcess) => one.json('/v1/infer', { inputs: [[1, 2]] });
  const answer = { outputs: { y: [[5.5, 1]] } };
  const kept = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.code'));

  async function untilCached(since = ''): Promise<string> {
    for (const until = Date.now() + 20_000; Date.now() < until; await new Promise((r) => setTimeout(r, 20))) {
      const [name] = kept();
      const now = name ? identity() : '';
      if (now !== since) return now;
    }
    throw new Error('nothing was kept');
  }

  /** Another one when the file was written again. */
  const identity = (): string => {
    const { ino, mtimeNs } = statSync(onlyFile(), { bigint: true });
    return `${ino} ${mtimeNs}`;
  };

  it('does so once it has predicted and is left alone; the next one takes it and writes nothing', async () => {
    const first = start();
    expect(await first.json('/v1/health')).toMatchObject({ status: 'ok' });
    await new Promise((resolve) => setTimeout(resolve, 600));
    // A process that has loaded nothing has compiled little of what a start needs.
    expect(kept()).toEqual([]);
    expect(await infer(first)).toMatchObject(answer);
    const made = await untilCached();
    expect(await first.stop()).toBe(0);

    const second = start();
    expect(await infer(second)).toMatchObject(answer);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(identity()).toBe(made);
    // Its own parts find it.
    expect(await second.json('/v1/openapi.json')).toHaveProperty('openapi');
    expect(await second.stop()).toBe(0);
    expect([...first.errors, ...second.errors]).toEqual([]);
  });

  it('compiles again what was damaged, or made by another V8, and keeps that', async () => {
    const first = start();
    await infer(first);
    const made = await untilCached();
    await first.stop();
    const file = onlyFile();
    const half = readFileSync(file).subarray(0, statSync(file).size / 2);
    // The second word of V8's own header is its version.
    half[4] = (half[4] as number) ^ 1;
    rmSync(file);
    writeFileSync(file, Buffer.concat([half, half]), { mode: 0o600 });
    const foreign = identity();
    const second = start();
    expect(await infer(second)).toMatchObject(answer);
    expect(await untilCached(foreign)).not.toBe(made);
    await second.stop();
    expect(second.errors).toEqual([]);
  });

  it('serves all the same where there is no place for it', async () => {
    writeFileSync(join(folder, 'file'), '');
    const one = start(join(folder, 'file'));
    expect(await infer(one)).toMatchObject(answer);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await infer(one)).toMatchObject(answer);
    expect(await one.stop()).toBe(0);
    expect([one.errors, readdirSync(folder)]).toEqual([[], ['file']]);
  });
});
