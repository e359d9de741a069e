import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessId } from '../../src/targets/local/process-mark.ts';
import { isRunning, systemProcesses } from '../../src/targets/local/process-table.ts';
import { liar } from './liar.ts';
import { folderOf, install, isWanted, type Part, whyNot } from './part.ts';
import { startedIn } from './processes.ts';
import { runningOf, startFor, stopAll, sweep } from './running.ts';
import { probeS3 } from './s3-probe.ts';
import type { ServerPart } from './server-part.ts';
import { describePart } from './servers.ts';

const answers = (endpoint: string): Promise<boolean> =>
  fetch(endpoint).then(
    () => true,
    () => false,
  );

describePart(liar.name, whyNot(liar), 'servers of a run', () => {
  let owner: ChildProcess;
  let id: ProcessId;
  beforeAll(() => {
    // Stands in for a run of tests: all that matters is whether it lives.
    owner = spawn('sleep', ['600'], { stdio: 'ignore' });
    id = systemProcesses.identify(owner.pid!)!;
  });
  afterAll(async () => {
    owner.kill('SIGKILL');
    await stopAll(id);
  });

  it('are refused by name when they accept what they must refuse, again and again, and are stopped', async () => {
    const started: ProcessId[] = [];
    const believed: ServerPart<'liar'> = {
      ...liar,
      probe: probeS3,
      start: async (...where) => {
        const endpoint = await liar.start(...where);
        started.push(...startedIn(where[1]));
        return endpoint;
      },
    };
    const words = /^liar s3rver-3.7.1 is no judge.*a create over an object that exists and an update with a stale ETag/;
    await expect(startFor(id, believed)).rejects.toThrow(words);
    await expect(startFor(id, believed)).rejects.toThrow(words);
    expect(started.map((one) => isRunning(systemProcesses, one))).toEqual([false]);
    await stopAll(id);
  });

  it('are one for all who ask at once, live while the run does, and are stopped by the next when it was killed', async () => {
    const [one, ...others] = await Promise.all([startFor(id, liar), startFor(id, liar), startFor(id, liar)]);
    expect(others).toEqual([one, one]);
    await sweep();
    expect(await answers(one.endpoint)).toBe(true);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await sweep();
    expect(await answers(one.endpoint)).toBe(false);
    expect(runningOf(id, liar.name)).toBeUndefined();
  });
});

describe('a part', () => {
  const part: Part = {
    name: 'part-of-a-test',
    version: String(process.pid),
    from: 'nowhere',
    lacks: () => undefined,
    install: async () => {},
  };
  afterAll(() => {
    rmSync(folderOf(part), { recursive: true, force: true });
    rmSync(`${folderOf(part)}.refused`, { force: true });
  });

  it('says what to type while it is not installed', () => {
    expect(whyNot(part)).toContain('npm run emulators -- install part-of-a-test');
    expect(whyNot({ ...part, lacks: () => 'this machine has no go' })).toBe('this machine has no go');
    expect(whyNot({ ...part, found: () => '/usr/bin/part' })).toBeUndefined();
  });

  it('leaves nothing of an install that fails, remembers why and is asked again only when told', async () => {
    const broken: Part = {
      ...part,
      install: async (folder) => {
        writeFileSync(join(folder, 'half'), '');
        throw new Error('the registry said no');
      },
    };
    await expect(install(broken)).rejects.toThrow('the registry said no');
    expect(whyNot(part)).toBe('its install failed: the registry said no');
    expect([isWanted(part, false), isWanted(part, true)]).toEqual([false, true]);
    expect(existsSync(`${folderOf(part)}.unfinished`)).toBe(false);
  });

  it('is installed once when several ask, and is then there', async () => {
    let times = 0;
    const slow: Part = {
      ...part,
      install: async (folder) => {
        times++;
        await new Promise((resolve) => setTimeout(resolve, 200));
        writeFileSync(join(folder, 'whole'), '');
      },
    };
    await Promise.all([install(slow), install(slow), install(slow)]);
    expect(times).toBe(1);
    expect(existsSync(join(folderOf(part), 'whole'))).toBe(true);
    expect([whyNot(part), isWanted(part, true)]).toEqual([undefined, false]);
    expect(existsSync(`${folderOf(part)}.refused`)).toBe(false);
  });
});
