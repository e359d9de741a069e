import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../src/log.ts';
import { sha256 } from '../../src/model/digest.ts';
import { type PushOptions, pushImage } from '../../src/oci/push-image.ts';
import { buildPackage } from '../../src/package/build.ts';
import { deflate } from '../../src/package/deflate.ts';
import type { PackageFile } from '../../src/package/package-file.ts';
import { hostPlatform } from '../../src/package/platform.ts';
import { writeTarGz } from '../../src/package/tar-gz.ts';
import { crane, craneCommand } from '../emulators/crane.ts';
import { whyNot } from '../emulators/part.ts';
import { freePort } from '../emulators/processes.ts';
import { describePart } from '../emulators/servers.ts';
import { testCache } from '../fakes/processes/runner.ts';
import { openAdapterBed } from '../handler/adapter-bed.ts';
import { FunctionProcess } from '../handler/function-process.ts';
import { RegistryFront } from './registry-front.ts';

describePart('crane', whyNot(crane), 'images that are pushed without Docker', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coldgate-oci-'));
  const cacheDir = join(folder, 'cache');
  let server: ChildProcess;
  let port: number;
  let front: RegistryFront;
  let layer: PackageFile;

  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(craneCommand(), [...args, '--insecure'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`crane ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const manifestOf = (reference: string) => JSON.parse(run('manifest', direct(reference)));
  /** The registry behind the front, which crane has no login for. */
  const direct = (reference: string): string => reference.replace(front.host, `127.0.0.1:${port}`);
  const layerOf = async (text: string): Promise<PackageFile> => {
    const bytes = Buffer.from(text);
    const joinable = await deflate('f.js', bytes, { cacheDir, log: silentLogger });
    const { bytes: packed, tarSha256 } = await writeTarGz([{ name: 'f.js', bytes, joinable }], 'workspace');
    const path = join(folder, sha256(packed));
    writeFileSync(path, packed);
    return { path, sha256: sha256(packed), size: packed.byteLength, tarSha256 };
  };
  const push = (more: Partial<PushOptions> = {}) =>
    pushImage({
      ...{ to: `${front.host}/acme/models/digits`, layer, cacheDir, log: silentLogger },
      platform: { os: 'linux', architecture: 'amd64' },
      settings: { Entrypoint: ['node'], Cmd: ['cloud-run.cjs'], WorkingDir: '/workspace', User: '33:33' },
      login: async () => ({ username: 'coldgate', password: 'secret' }),
      hints: { denied: 'log in', missing: 'make it' },
      signal: new AbortController().signal,
      ...more,
    });

  beforeAll(async () => {
    port = await freePort();
    server = spawn(craneCommand(), ['registry', 'serve', '--address', `127.0.0.1:${port}`], { stdio: 'ignore' });
    for (let turn = 0; turn < 600; turn++) {
      if (await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined)) break;
      await sleep(50);
    }
    front = await new RegistryFront(port).start();
  });
  beforeEach(async () => {
    layer = await layerOf(`// ${expect.getState().currentTestName}`);
    Object.assign(front, { scheme: 'Bearer', location: undefined, failing: [] });
    front.take();
  });
  afterAll(async () => {
    await front?.close();
    server?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('are what crane pulls, checks and names alike, and are pushed once', async () => {
    const { reference, sha256: digest, pushed } = await push();
    expect([reference, pushed]).toEqual([`${front.host}/acme/models/digits@sha256:${digest}`, true]);
    expect(front.tokens.at(-1)).toBe('repository:acme/models/digits:pull,push');
    run('validate', '--remote', direct(reference));
    expect(run('digest', direct(reference)).trim()).toBe(`sha256:${digest}`);
    const config = JSON.parse(run('config', direct(reference)));
    expect(config).toMatchObject({
      ...{ architecture: 'amd64', os: 'linux', created: '1970-01-01T00:00:00Z' },
      config: { Entrypoint: ['node'], Cmd: ['cloud-run.cjs'], WorkingDir: '/workspace', User: '33:33' },
      rootfs: { diff_ids: [`sha256:${layer.tarSha256}`] },
    });
    front.take();
    expect(await push()).toEqual({ reference, sha256: digest, pushed: false });
    expect(front.take()).toEqual(['HEAD /v2/acme/models/digits/manifests/DIGEST']);
    expect(await push({ dryRun: true })).toEqual({ reference, sha256: digest, pushed: false });
    expect(front.take()).toEqual([]);
  });

  it('send a second image no blob that the registry has', async () => {
    await push();
    front.take();
    await push({ settings: { Cmd: ['google-function.cjs'] } });
    const uploads = front.take().filter((one) => one.startsWith('PATCH'));
    expect(uploads).toHaveLength(1);
  });

  const baseOf = (name: string, types = 'oci') => {
    const text = join(folder, 'etc');
    mkdirSync(text, { recursive: true });
    writeFileSync(join(text, 'base.txt'), name);
    spawnSync('tar', ['-czf', join(folder, 'base.tar.gz'), '-C', folder, 'etc']);
    const to = `127.0.0.1:${port}/${name}`;
    const empty = types === 'oci' ? ['--oci-empty-base'] : [];
    run('append', ...empty, '-f', join(folder, 'base.tar.gz'), '-t', to);
    const how = ['--env', 'LANG=C', '--entrypoint', '/base', '--user', 'root', '--set-platform', 'linux/amd64'];
    run('mutate', to, ...how, '-t', to);
    return `${to}@${run('digest', to).trim()}`;
  };

  it.each(['oci', 'docker'])('lie on a base of %s types, whose layers are brought along', async (types) => {
    const base = baseOf(`bases/${types}`, types);
    const { reference } = await push({ base, settings: { Cmd: ['lambda.handler'], Env: ['A=b'] } });
    run('validate', '--remote', direct(reference));
    const [own, of] = [manifestOf(reference), manifestOf(base)];
    expect(own.layers).toHaveLength(of.layers.length + 1);
    expect(own.layers[0]).toEqual(of.layers[0]);
    expect(new Set([own.mediaType, of.mediaType]).size).toBe(1);
    expect(own.config.mediaType).toBe(of.config.mediaType);
    expect(JSON.parse(run('config', direct(reference))).config).toMatchObject({
      ...{ Entrypoint: ['/base'], Cmd: ['lambda.handler'], User: 'root' },
      Env: expect.arrayContaining(['LANG=C', 'A=b']),
    });
    const out = join(folder, `out-${types}`);
    mkdirSync(out);
    run('export', direct(reference), join(out, 'all.tar'));
    spawnSync('tar', ['-xf', join(out, 'all.tar'), '-C', out]);
    expect([existsSync(join(out, 'etc/base.txt')), existsSync(join(out, 'workspace/f.js'))]).toEqual([true, true]);
  });

  it('find their platform in an index, and say so where it is not there', async () => {
    const one = baseOf('bases/indexed');
    const index = `127.0.0.1:${port}/bases/index`;
    run('index', 'append', '-m', one, '-t', index);
    const base = `${index}@${run('digest', index).trim()}`;
    await expect(push({ base })).resolves.toMatchObject({ pushed: true });
    const platform = { os: 'linux', architecture: 'arm64' } as const;
    await expect(push({ base, platform })).rejects.toMatchObject({ code: 'base-not-usable', exit: 2 });
  });

  it('mount layers of a base in the same registry', async () => {
    const base = baseOf('bases/near').replace(`127.0.0.1:${port}`, front.host);
    // This registry keeps blobs for all repositories together, so that it has to be told to find none.
    front.failing = Array.from({ length: 4 }, () => ({ method: 'HEAD', status: 404 }));
    await push({ base });
    const mounts = front.take().filter((one) => one.includes('mount='));
    expect(mounts).toEqual(['POST /v2/acme/models/digits/blobs/uploads/?mount=DIGEST&from=bases%2Fnear']);
  });

  const addresses: [string, (address: string) => string][] = [
    ['relative addresses with a query', (address) => `${new URL(address, 'http://x').pathname}?_state=a%2Fb`],
    ['whole addresses', (address) => `http://${front.host}${new URL(address, 'http://x').pathname}?_state=1`],
  ];
  it.each(addresses)('go to %s', async (_what, location) => {
    front.location = location;
    await push();
    const puts = front.take().filter((one) => one.startsWith('PUT') && one.includes('uploads'));
    expect(puts.length).toBeGreaterThan(0);
    for (const put of puts) expect(put).toMatch(/\?_state=[^&]+&digest=/);
  });

  it('are pushed through a registry that fails by chance', async () => {
    front.failing = ['HEAD', 'POST', 'PATCH', 'PUT'].map((method) => ({ method, status: 503 }));
    const { reference } = await push();
    run('validate', '--remote', direct(reference));
  });

  it('take a login of the basic kind too', async () => {
    front.scheme = 'Basic';
    await expect(push()).resolves.toMatchObject({ pushed: true });
  });

  it('say what the registry refuses', async () => {
    const login = async () => ({ username: 'coldgate', password: 'wrong' });
    await expect(push({ login })).rejects.toMatchObject({ code: 'registry-denied', exit: 8, hint: 'log in' });
    front.failing = [{ method: 'PATCH', status: 403 }];
    await expect(push()).rejects.toMatchObject({ code: 'registry-denied' });
    front.failing = [{ method: 'POST', status: 404 }];
    await expect(push()).rejects.toMatchObject({ code: 'no-repository', exit: 2, hint: 'make it' });
  });

  it('hold a function that runs', async () => {
    const bed = await openAdapterBed();
    const entry = 'cloud-run.cjs';
    const platform = hostPlatform();
    const built = await buildPackage({
      ...{ platform, entry, handlerDir: bed.bundle, cacheDir: testCache, log: silentLogger },
      ...{ archive: { root: 'workspace' }, runtime: { unpacked: [join('node_modules', 'onnxruntime-node')] } },
    });
    const { reference } = await push({ layer: built });
    const out = join(folder, 'function');
    mkdirSync(out);
    run('export', direct(reference), join(out, 'all.tar'));
    spawnSync('tar', ['-xf', join(out, 'all.tar'), '-C', out]);
    const one = new FunctionProcess(join(out, 'workspace'), bed.variables, entry);
    expect(await one.json('/v1/health?warm=true')).toMatchObject({ cold_start: true, sample: 'ok' });
    await one.stop();
    bed.remove();
  });
});
