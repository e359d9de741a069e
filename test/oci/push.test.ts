import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../src/log.ts';
import { type PushOptions, pushImage } from '../../src/oci/push-image.ts';
import { buildPackage } from '../../src/package/build.ts';
import type { PackageFile } from '../../src/package/package-file.ts';
import { hostPlatform } from '../../src/package/platform.ts';
import { crane } from '../emulators/crane.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart } from '../emulators/servers.ts';
import { HttpProxy } from '../fakes/processes/proxy.ts';
import { runNode, testCache } from '../fakes/processes/runner.ts';
import { FunctionProcess } from '../handler/function-process.ts';
import { openAdapterBed } from '../handler/platforms/adapter-bed.ts';
import { RegistryBed } from './registry-bed.ts';
import type { RegistryFront } from './registry-front.ts';

const source = join(import.meta.dirname, '..', '..', 'src');

describePart('crane', whyNot(crane), 'images that are pushed without Docker', () => {
  let bed: RegistryBed;
  let front: RegistryFront;
  let layer: PackageFile;

  const run = (...args: string[]): string => bed.crane(...args);
  const direct = (reference: string): string => bed.direct(reference);
  const manifestOf = (reference: string) => JSON.parse(run('manifest', direct(reference)));
  /** What of it is data. */
  const plain = () => ({
    ...{ to: `${front.host}/acme/models/digits`, cacheDir: bed.cacheDir },
    platform: { os: 'linux', architecture: 'amd64' } as const,
    settings: { Entrypoint: ['node'], Cmd: ['cloud-run.cjs'], WorkingDir: '/workspace', User: '33:33' },
    hints: { denied: 'log in', missing: 'make it' },
  });
  const push = (more: Partial<PushOptions> = {}) =>
    pushImage({
      ...{ ...plain(), layer, log: silentLogger },
      login: async () => ({ username: 'coldgate', password: 'secret' }),
      signal: new AbortController().signal,
      ...more,
    });

  beforeAll(async () => {
    bed = await RegistryBed.open();
    front = bed.front;
  });
  beforeEach(async () => {
    layer = await bed.layer(`// ${expect.getState().currentTestName}`);
    Object.assign(front, { scheme: 'Bearer', location: undefined, failing: [] });
    front.take();
  });
  afterAll(() => bed?.close());

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

  it.each(['oci', 'docker'] as const)('lie on a base of %s types, whose layers are brought along', async (types) => {
    const base = bed.base(`bases/${types}`, types);
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
    const out = join(bed.folder, `out-${types}`);
    mkdirSync(out);
    run('export', direct(reference), join(out, 'all.tar'));
    spawnSync('tar', ['-xf', join(out, 'all.tar'), '-C', out]);
    expect([existsSync(join(out, 'etc/base.txt')), existsSync(join(out, 'workspace/f.js'))]).toEqual([true, true]);
  });

  it('find their platform in an index, and say so where it is not there', async () => {
    const one = bed.base('bases/indexed');
    const index = direct(`${front.host}/bases/index`);
    run('index', 'append', '-m', one, '-t', index);
    const base = `${index}@${run('digest', index).trim()}`;
    await expect(push({ base })).resolves.toMatchObject({ pushed: true });
    const platform = { os: 'linux', architecture: 'arm64' } as const;
    await expect(push({ base, platform })).rejects.toMatchObject({ code: 'base-not-usable', exit: 2 });
  });

  it('mount layers of a base in the same registry', async () => {
    const base = bed.base('bases/near').replace(direct(front.host), front.host);
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

  it.each(['PATCH', 'PUT'])('begin a blob anew whose upload the registry has lost by the %s', async (method) => {
    front.failing = [{ method, status: 404 }];
    const { reference } = await push();
    run('validate', '--remote', direct(reference));
    expect(front.take().filter((one) => one.startsWith('POST'))).toHaveLength(3);
    front.failing = Array.from({ length: 3 }, () => ({ method, status: 404 }));
    await expect(push({ settings: { Cmd: [method] } })).rejects.toMatchObject({ exit: 2, code: 'no-repository' });
  });

  it('take a login of the basic kind too', async () => {
    front.scheme = 'Basic';
    await expect(push()).resolves.toMatchObject({ pushed: true });
  });

  it('are pushed through a proxy', async () => {
    const proxy = await HttpProxy.open();
    const script = `
      const { useProxies } = await import(${JSON.stringify(join(source, 'proxy.ts'))});
      useProxies(process.env);
      const { pushImage } = await import(${JSON.stringify(join(source, 'oci', 'push-image.ts'))});
      const { silentLogger: log } = await import(${JSON.stringify(join(source, 'log.ts'))});
      const login = async () => ({ username: 'coldgate', password: 'secret' });
      const options = ${JSON.stringify({ ...plain(), layer })};
      console.log((await pushImage({ ...options, log, login, signal: AbortSignal.timeout(60000) })).reference);`;
    const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: 'elsewhere.example', no_proxy: '' };
    const { exit, stdout, stderr } = await runNode(['--input-type=module', '-e', script], bed.folder, env);
    proxy.close();
    expect([exit, stderr]).toEqual([0, '']);
    run('validate', '--remote', direct(stdout.trim()));
    const requests = front.take();
    // What the registry was asked, it was asked through the proxy: once without a token, and then with one.
    const through = proxy.seen.filter((one) => one.includes('/v2/'));
    expect(through.length).toBeGreaterThanOrEqual(requests.length);
    expect(requests.filter((one) => one.startsWith('PATCH'))).toHaveLength(2);
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
    const functions = await openAdapterBed();
    const entry = 'cloud-run.cjs';
    const platform = hostPlatform();
    const built = await buildPackage({
      ...{ platform, entry, handlerDir: functions.bundle, cacheDir: testCache, log: silentLogger },
      ...{ archive: { root: 'workspace' }, runtime: { unpacked: [join('node_modules', 'onnxruntime-node')] } },
    });
    const { reference } = await push({ layer: built });
    const out = join(bed.folder, 'function');
    mkdirSync(out);
    run('export', direct(reference), join(out, 'all.tar'));
    spawnSync('tar', ['-xf', join(out, 'all.tar'), '-C', out]);
    const one = new FunctionProcess(join(out, 'workspace'), functions.variables, entry);
    expect(await one.json('/v1/health?warm=true')).toMatchObject({ cold_start: true, sample: 'ok' });
    await one.stop();
    functions.remove();
  });
});
