import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rolloutTarget } from '../../../src/rollout/rollout.ts';
import type { DeployResult, Target } from '../../../src/rollout/target.ts';
import { functionPaths } from '../../../src/targets/local/paths.ts';
import { LocalPlatform } from '../../../src/targets/local/platform.ts';
import type { ProcessId } from '../../../src/targets/local/process-mark.ts';
import { type ProcessTable, systemProcesses } from '../../../src/targets/local/process-table.ts';
import { LocalBench } from '../../fakes/targets/local.ts';
import { startWorker } from '../../fakes/targets/workers.ts';

describe('the local target, when runs are killed or meet', () => {
  let bench: LocalBench;
  let target: Target;
  beforeEach(async () => {
    bench = new LocalBench();
    target = await bench.open();
  });
  afterEach(() => bench.close());

  const deployWorker = (fake = '') =>
    startWorker({ stateDir: bench.stateDir, call: 'deploy', request: bench.request(bench.first, 'candidate', fake) });
  const untilRunning = async (count: number): Promise<number[]> => {
    for (let tries = 0; tries < 4000; tries++) {
      const pids = await bench.running();
      if (pids.length === count) return pids;
      await setTimeout(5);
    }
    throw new Error(`there are never ${count} processes`);
  };

  const untilOneListens = async (): Promise<void> => {
    const { logs } = await functionPaths(bench.stateDir, bench.name);
    const listens = () =>
      readdirSync(logs).some((name) => readFileSync(join(logs, name), 'utf8').includes('listening'));
    for (let tries = 0; tries < 4000; tries++) {
      if (listens()) return;
      await setTimeout(5);
    }
    throw new Error('no process ever listens');
  };

  it('stops the process that a killed deploy had started, and deploys', async () => {
    const worker = deployWorker('hang');
    const [orphan] = await untilRunning(1);
    worker.child.kill('SIGKILL');
    expect((await worker.done).code).toBeNull();
    expect(await bench.running()).toEqual([orphan]);
    const { changed } = await target.deploy(bench.request(bench.first));
    expect(changed).toBe(true);
    expect(await bench.running()).not.toContain(orphan);
    expect(await bench.running()).toHaveLength(1);
  });

  it('finds what a killed run left even when the whole state was deleted', async () => {
    const worker = deployWorker('hang');
    await untilRunning(1);
    // A process that had not read its code yet would end by itself.
    await untilOneListens();
    worker.child.kill('SIGKILL');
    await worker.done;
    rmSync(bench.stateDir, { recursive: true });
    expect(await target.remove({ name: bench.name }, 'all')).toMatchObject([{ action: 'delete' }]);
    expect(await bench.running()).toEqual([]);
  });

  it('stops the samples of killed runs and leaves those of running ones', async () => {
    const request = bench.sampleOf(bench.first, 'hang', 60_000);
    const killed = startWorker({ stateDir: bench.stateDir, call: 'sample', request });
    await untilRunning(1);
    const alive = startWorker({ stateDir: bench.stateDir, call: 'sample', request });
    await untilRunning(2);
    killed.child.kill('SIGKILL');
    await killed.done;
    await target.remove({ name: bench.name }, 'candidates');
    const { tag } = await functionPaths(bench.stateDir, bench.name);
    const owners = systemProcesses.marked().flatMap((p) => (p.mark.tag === tag ? [p.mark.owner.pid] : []));
    expect(owners).toEqual([alive.child.pid]);
    alive.child.kill('SIGKILL');
    await alive.done;
  });

  it('waits for a run that is changing the same function, and then finds nothing to change', async () => {
    const workers = [deployWorker(), deployWorker(), deployWorker()];
    const ended = await Promise.all(workers.map((worker) => worker.done));
    expect(ended.map(({ code, errors }) => [code, errors])).toEqual([
      [0, ''],
      [0, ''],
      [0, ''],
    ]);
    const results = ended.map(({ output }) => JSON.parse(output) as DeployResult);
    expect(results.filter(({ changed }) => changed)).toHaveLength(1);
    expect(new Set(results.map(({ revision }) => revision.url)).size).toBe(1);
    expect(await bench.running()).toHaveLength(1);
  });

  it('converges after a deploy was killed at any moment', async () => {
    for (let delay = 0; delay < 600; delay += 60) {
      const worker = deployWorker();
      await setTimeout(delay);
      worker.child.kill('SIGKILL');
      await worker.done;
    }
    const { revision } = await target.deploy(bench.request(bench.first));
    expect(await bench.running()).toEqual([bench.recorded(revision).pid]);
    expect((await target.describe({ name: bench.name })).candidates).toEqual([revision]);
  });

  it('converges after a replacement of the live process was killed at any moment', async () => {
    const { revision } = await target.route(bench.request(bench.first, 'live'));
    const packages = [bench.other, bench.package];
    for (let delay = 100; delay < 800; delay += 70) {
      const request = { ...bench.request(bench.first, 'live'), package: packages[(delay / 10) % 2] ?? bench.other };
      const worker = startWorker({ stateDir: bench.stateDir, call: 'route', request });
      await setTimeout(delay);
      worker.child.kill('SIGKILL');
      await worker.done;
    }
    const routed = await target.route(bench.request(bench.first, 'live'));
    expect(routed.revision.url).toBe(revision.url);
    expect(await bench.running()).toEqual([bench.recorded(routed.revision).pid]);
  });

  it('never stops a process that only has the number of an old one', async () => {
    const { revision } = await target.deploy(bench.request(bench.first));
    const other = new LocalBench('other-local');
    try {
      const foreign = await (await other.open()).deploy(other.request(other.first));
      const { pid, started } = other.recorded(foreign.revision);
      await bench.crash(revision);
      bench.rewrite((state) => ({ ...state, revisions: state.revisions.map((r) => ({ ...r, pid, started })) }));
      await target.remove({ name: bench.name }, 'candidates');
      await target.remove({ name: bench.name }, 'all');
      expect(await other.running()).toEqual([pid]);
    } finally {
      await other.close();
    }
  });

  it('changes nothing over a state that it has not written, and goes on once that is deleted', async () => {
    await target.deploy(bench.request(bench.first));
    const running = await bench.running();
    bench.rewrite(() => ({ schema: 1, port: -1, revisions: 'gone' }));
    await expect(target.deploy(bench.request(bench.first))).rejects.toMatchObject({ code: 'local-state-unreadable' });
    expect(await bench.running()).toEqual(running);
    rmSync((await functionPaths(bench.stateDir, bench.name)).state);
    const { changed } = await target.deploy(bench.request(bench.first));
    expect(changed).toBe(true);
    expect(await bench.running()).toHaveLength(1);
  });

  it('names the right process as live where the one that was tried before it does not end', async () => {
    const request = (name: 'package' | 'other') => ({ ...bench.request(bench.first, 'live'), package: bench[name] });
    const { revision } = await target.route(request('package'));
    const [known] = await bench.running();
    /** The first process that is started now: it is gone, and the table goes on showing it. */
    let stuck: ProcessId | undefined;
    const table: ProcessTable = {
      marked: () => {
        const found = systemProcesses.marked();
        stuck ??= found.find((p) => p.mark.role === 'live' && p.mark.owner.pid === process.pid && p.pid !== known);
        return found;
      },
      identify: (pid) => (pid === stuck?.pid ? stuck : systemProcesses.identify(pid)),
    };
    const { log, stateDir } = bench;
    const deps = { log, stateDir, now: () => new Date(), signal: bench.abort.signal };
    const routed = await rolloutTarget(new LocalPlatform({ provider: 'local' }, deps, table), deps).route(
      request('other'),
    );
    expect(routed.revision.url).toBe(revision.url);
    expect(log.warnings.join()).toMatch(/still there.*kill -9/s);
    const [live] = bench.state().revisions;
    expect(live?.pid).not.toBe(stuck?.pid);
    // The next run finds it as it is, and stops nothing.
    expect(await target.route(request('other'))).toMatchObject({ changed: false, revision: { url: revision.url } });
    expect(await bench.running()).toEqual([live?.pid]);
  });

  it('keeps what is live when its record is lost, until the live one is changed', async () => {
    const live = (await target.route(bench.request(bench.first, 'live'))).revision;
    const [pid] = await bench.running();
    rmSync((await functionPaths(bench.stateDir, bench.name)).state);
    await target.remove({ name: bench.name }, 'candidates');
    await target.deploy(bench.request(bench.second));
    expect(await bench.running()).toContain(pid);
    expect((await fetch(`${live.url}/v1/health?warm=true`)).status).toBe(200);
    const routed = await target.route(bench.request(bench.first, 'live'));
    expect(routed).toMatchObject({ changed: true });
    expect(await bench.running()).not.toContain(pid);
  });

  it('stops nothing where its own record cannot be read', async () => {
    await target.route(bench.request(bench.first, 'live'));
    const running = await bench.running();
    const { state } = await functionPaths(bench.stateDir, bench.name);
    rmSync(state);
    mkdirSync(state);
    await expect(target.route(bench.request(bench.first, 'live'))).rejects.toMatchObject({
      code: 'local-state-unreadable',
    });
    expect(await bench.running()).toEqual(running);
    rmSync(state, { recursive: true });
  });

  it('leaves no lock and no folder of a removal that was killed at its end', async () => {
    await target.route(bench.request(bench.first, 'live'));
    await target.remove({ name: bench.name }, 'all');
    mkdirSync(bench.stateDir, { recursive: true });
    const { lock } = await functionPaths(bench.stateDir, bench.name);
    writeFileSync(lock, JSON.stringify({ pid: process.pid, started: '1', id: 'killed' }));
    await target.remove({ name: bench.name }, 'all');
    expect(existsSync(bench.stateDir)).toBe(false);
  });
});
