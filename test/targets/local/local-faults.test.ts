import { mkdirSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Target } from '../../../src/rollout/target.ts';
import { LocalBench } from '../../fakes/targets/local.ts';

describe('the local target, when functions misbehave', () => {
  let bench: LocalBench;
  let target: Target;
  beforeEach(async () => {
    bench = new LocalBench();
    target = await bench.open();
  });
  afterEach(() => bench.close());

  it.each([
    ['ends at once', 'crash', 'did-not-start'],
    ['ends while it loads the model', 'crash-on-warm', 'not-ready'],
    ['cannot load the model', 'not-loadable', 'not-ready'],
    ['answers as another revision', 'other-revision', 'foreign-process'],
    ['serves another version', 'other-version', 'wrong-model'],
    ['says itself that its sample is wrong', 'sample-mismatch', 'sample-mismatch'],
    ['answers the sample with other numbers', 'wrong-output', 'sample-mismatch'],
    ['refuses the sample', 'infer-fails', 'sample-failed'],
  ])('refuses a candidate that %s', async (_name, fake, code) => {
    const deploying = target.deploy(bench.request(bench.first, 'candidate', fake));
    await expect(deploying).rejects.toMatchObject({ code, exit: 7 });
    expect(await bench.running()).toEqual([]);
    expect(await target.describe({ name: bench.name })).toEqual({ live: undefined, candidates: [] });
  });

  it('shows the last lines of a process that did not start', async () => {
    const deploying = target.deploy(bench.request(bench.first, 'candidate', 'crash'));
    await expect(deploying).rejects.toMatchObject({
      data: { lines: ['about to fail', 'Error: no model for you'] },
      message: expect.stringContaining('exit code 3'),
    });
  });

  it('adds the log to the reason why a candidate did not prove itself', async () => {
    const deploying = target.deploy(bench.request(bench.first, 'candidate', 'not-loadable'));
    await expect(deploying).rejects.toMatchObject({ message: expect.stringContaining('"event":"listening"') });
  });

  it('starts a candidate again that went bad while it ran', async () => {
    const request = bench.request(bench.first, 'candidate', 'spoilable');
    const { revision } = await target.deploy(request);
    bench.store.mark('spoiled');
    await expect(target.deploy(request)).rejects.toMatchObject({ code: 'not-ready' });
    expect(bench.log.warnings).toHaveLength(1);
    expect((await target.describe({ name: bench.name })).candidates).not.toContainEqual(revision);
    expect(await bench.running()).toEqual([]);
  });

  it('stops a process that ignores the polite signal', async () => {
    await target.deploy(bench.request(bench.first, 'candidate', 'ignore-sigterm'));
    await target.remove({ name: bench.name }, 'all');
    expect(await bench.running()).toEqual([]);
  });

  it('does not wait for a refused version until the deadline, and keeps what serves', async () => {
    const { revision } = await target.route(bench.request(bench.first, 'live', 'refuses-pointer'));
    const routing = target.route(bench.request(bench.second, 'live', 'refuses-pointer'));
    await expect(routing).rejects.toMatchObject({
      code: 'pointer-refused',
      exit: 7,
      data: { code: 'checksum-mismatch' },
    });
    expect((await target.describe({ name: bench.name })).live).toEqual(revision);
  });

  it('gives functions nothing of our environment but what they need', async () => {
    const { revision } = await target.deploy(bench.request(bench.first));
    const reply = await fetch(`${revision.url}/v1/health?warm=true`);
    const { variables } = (await reply.json()) as { variables: string[] };
    const given = ['COLDGATE_CODE_CACHE', 'COLDGATE_PROCESS', 'COLDGATE_REVISION', 'MODEL_CACHE', 'MODEL_NAME'];
    const more = [
      'GLIBC_TUNABLES',
      'MODEL_PREFIX',
      'MODEL_REFRESH_SECONDS',
      'MODEL_STORE',
      'MODEL_VERSION',
      'ORT_DISABLE_TELEMETRY',
    ];
    const machine = ['HOME', 'LANG', 'PATH', 'TMPDIR'].filter((name) => process.env[name] !== undefined);
    expect(variables).toEqual([...given, ...more, ...machine].sort());
  });

  it('stops waiting, and what it has started, when the run is to end', async () => {
    const deploying = target.deploy(bench.request(bench.first, 'candidate', 'never-listens'));
    setTimeout(() => bench.abort.abort(new Error('stopped by SIGINT')), 300);
    await expect(deploying).rejects.toThrow('stopped by SIGINT');
    expect(await bench.running()).toEqual([]);
  });

  it('keeps on disk only what a revision runs from', async () => {
    const files = (folder: string): string[] => readdirSync(join(bench.stateDir, bench.name, folder)).sort();
    await target.route(bench.request(bench.first, 'live'));
    const { revision } = await target.route({ ...bench.request(bench.first, 'live'), package: bench.other });
    await target.deploy(bench.request(bench.second));
    const both = [bench.package.sha256, bench.other.sha256].sort();
    for (const sha256 of both) mkdirSync(join(bench.stateDir, bench.name, 'code', sha256), { recursive: true });
    expect(files('packages')).toEqual(both);
    await target.remove({ name: bench.name }, 'candidates');
    for (const folder of ['packages', 'code']) expect(files(folder)).toEqual([bench.other.sha256]);
    expect(files('logs').filter((name) => name.startsWith('candidate'))).toEqual([]);
    expect(files('logs')).toContain(`${revision.id}.log`);
  });

  it('refuses a name that is no file name', async () => {
    await expect(target.describe({ name: '../x' })).rejects.toMatchObject({ code: 'bad-function-name', exit: 2 });
  });
});

describe('the port of the live endpoint', () => {
  let bench: LocalBench;
  const foreign: Server[] = [];
  beforeEach(() => {
    bench = new LocalBench();
  });
  afterEach(async () => {
    for (const server of foreign.splice(0)) await new Promise((resolve) => server.close(resolve));
    await bench.close();
  });

  /** Another program that answers on a port; 0 takes a free one. */
  const occupy = (port: number): Promise<number> =>
    new Promise((resolve) => {
      const server = createServer((_request, response) => response.end('{"status":"ok"}'));
      foreign.push(server);
      server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  const freePort = async (): Promise<number> => {
    const port = await occupy(0);
    await new Promise((resolve) => foreign.pop()?.close(resolve));
    return port;
  };
  const portOf = (url: string): number => Number(new URL(url).port);

  it('is the configured one', async () => {
    const port = await freePort();
    const target = await bench.open({ port });
    const { revision } = await target.route(bench.request(bench.first, 'live'));
    expect(portOf(revision.url)).toBe(port);
    expect(await target.route(bench.request(bench.first, 'live'))).toMatchObject({ revision, changed: false });
  });

  it('moves to the configured one when that is set later', async () => {
    await (await bench.open()).route(bench.request(bench.first, 'live'));
    const port = await freePort();
    const target = await bench.open({ port });
    expect(await target.plan(bench.request(bench.first, 'live'))).toMatchObject([{ action: 'update' }]);
    const { revision, changed } = await target.route(bench.request(bench.first, 'live'));
    expect([portOf(revision.url), changed]).toEqual([port, true]);
    expect(await bench.running()).toHaveLength(1);
  });

  it('is refused when configured and taken by another program', async () => {
    const port = await occupy(0);
    const target = await bench.open({ port });
    const routing = target.route(bench.request(bench.first, 'live'));
    await expect(routing).rejects.toMatchObject({ code: 'port-in-use', exit: 7, data: { port } });
    expect(await bench.running()).toEqual([]);
  });

  it('is chosen recheck, with a warning, when the remembered one was taken by another program', async () => {
    const target = await bench.open();
    const { revision } = await target.route(bench.request(bench.first, 'live'));
    await bench.crash(revision);
    const port = await occupy(portOf(revision.url));
    const moved = await target.route(bench.request(bench.first, 'live'));
    expect(portOf(moved.revision.url)).not.toBe(port);
    expect(bench.log.warnings).toHaveLength(1);
    expect(await (await fetch(revision.url)).json()).toEqual({ status: 'ok' });
  });

  it('is kept through the replacement of the process, which is only taken away once the new one has proven itself', async () => {
    const target = await bench.open();
    const { revision } = await target.route(bench.request(bench.first, 'live'));
    const broken = target.route({ ...bench.request(bench.first, 'live', 'wrong-output'), package: bench.other });
    await expect(broken).rejects.toMatchObject({ code: 'sample-mismatch' });
    expect(await target.describe({ name: bench.name })).toMatchObject({ live: revision });
    const fine = await target.route({ ...bench.request(bench.first, 'live'), package: bench.other });
    expect(fine).toMatchObject({ changed: true, revision: { url: revision.url } });
    expect(await bench.running()).toHaveLength(1);
  });

  it('is kept when the process is killed the very moment before', async () => {
    const target = await bench.open();
    const { revision } = await target.route(bench.request(bench.first, 'live'));
    process.kill(bench.recorded(revision).pid, 'SIGKILL');
    expect(await target.route(bench.request(bench.first, 'live'))).toMatchObject({
      changed: true,
      revision: { url: revision.url },
    });
    expect(await bench.running()).toHaveLength(1);
  });

  it('is given up for good with the function', async () => {
    const target = await bench.open();
    await target.route(bench.request(bench.first, 'live'));
    await target.remove({ name: bench.name }, 'candidates');
    expect(bench.state().port).toBeGreaterThan(0);
    await target.remove({ name: bench.name }, 'all');
    expect(() => bench.state()).toThrow();
  });
});
