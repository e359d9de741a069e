import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LockOptions, withLock } from '../../../src/targets/local/lock.ts';
import { ownProcess, systemProcesses } from '../../../src/targets/local/process-table.ts';
import { recordingLog } from '../../fakes/targets/log.ts';

describe('withLock', () => {
  let folder: string;
  let path: string;
  let options: LockOptions & { log: ReturnType<typeof recordingLog> };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coldgate-lock-'));
    path = join(folder, 'digits.lock');
    options = { table: systemProcesses, log: recordingLog(), signal: new AbortController().signal };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const own = ownProcess(systemProcesses);
  const dead = JSON.stringify({ ...own, started: '1', id: 'dead' });
  const living = JSON.stringify({ ...own, id: 'living' });

  it('lets one in at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 12 }, () => withLock(path, options, work)));
    expect(most).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is released when the work fails, and hands its error on', async () => {
    const failing = withLock(path, options, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(existsSync(path)).toBe(false);
  });

  it.each([
    ['a process that has ended', dead],
    ['nobody that can be read', 'not json'],
  ])('is taken over from %s, by one at a time', async (_name, content) => {
    writeFileSync(path, content);
    let inside = 0;
    const work = async () => {
      inside += 1;
      expect(inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, () => withLock(path, options, work)));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is taken over from a process that was killed while it took it over itself', async () => {
    writeFileSync(path, dead);
    writeFileSync(`${path}.breaking`, dead);
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(`${path}.breaking`, longAgo, longAgo);
    expect(await withLock(path, options, async () => 'done')).toBe('done');
  });

  it('gives up on a living holder when the patience has run out', async () => {
    writeFileSync(path, living);
    const waiting = withLock(path, { ...options, timeoutMs: 120 }, async () => 'never');
    await expect(waiting).rejects.toMatchObject({ code: 'target-busy', exit: 6, data: { pid: process.pid } });
    expect(existsSync(path)).toBe(true);
    expect(options.log.infos).toHaveLength(1);
  });

  it.each([
    ['a folder', () => mkdirSync(path), 'EISDIR'],
    ['a link to itself', () => symlinkSync(path, path), 'ELOOP'],
    ["another user's file", () => writeFileSync(path, living, { mode: 0 }), 'EACCES'],
  ])('says at once that %s in its place cannot be read', async (_name, make, code) => {
    // The administrator may read everything.
    if (code === 'EACCES' && process.getuid?.() === 0) return;
    make();
    const requests = withLock(path, options, async () => 'never');
    await expect(requests).rejects.toMatchObject({ code: 'lock-unreadable', exit: 2, cause: { code } });
    await expect(requests).rejects.toThrow(path);
    expect(existsSync(`${path}.breaking`)).toBe(false);
  });

  it('gives up on what can neither be taken nor broken, without using the processor for it', async () => {
    writeFileSync(path, dead);
    // A takeover that somebody living never ends.
    writeFileSync(`${path}.breaking`, living);
    const before = process.cpuUsage();
    const waiting = withLock(path, { ...options, timeoutMs: 600 }, async () => 'never');
    await expect(waiting).rejects.toMatchObject({ code: 'target-busy' });
    expect(process.cpuUsage(before).user).toBeLessThan(500_000);
    const signal = AbortSignal.timeout(50);
    const stopped = withLock(path, { ...options, signal }, async () => 'never');
    await expect(stopped).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('takes a pipe in its place for no holder', async () => {
    execFileSync('mkfifo', [path]);
    expect(await withLock(path, options, async () => 'done')).toBe('done');
  });

  it('takes away what killed runs have left beside it, and nothing of one that runs', async () => {
    const left = (started: string) => `${path}.${own.pid}-${started}-${randomUUID()}`;
    const [killed, takingOver, running] = [
      left('1'),
      left('1').replace('.lock.', '.lock.breaking.'),
      left(own.started),
    ];
    for (const name of [killed, takingOver, running]) writeFileSync(name, dead);
    await withLock(path, options, async () => 'done');
    expect(readdirSync(folder)).toEqual([basename(running)]);
  });

  it('stops waiting when the run is to end', async () => {
    writeFileSync(path, living);
    const signal = AbortSignal.timeout(50);
    await expect(withLock(path, { ...options, signal }, async () => 'never')).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });

  it('makes its folder again when the last function took it away', async () => {
    rmSync(folder, { recursive: true });
    expect(await withLock(path, options, async () => 'done')).toBe('done');
  });
});
