import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PackageFile } from '../../src/package/package-file.ts';
import type { DeployRequest, Revision, Target } from '../../src/rollout/target.ts';
import type { StoredVersion } from '../fakes/targets/store.ts';

/** One function on a target, with two versions of its model in a store that the function can read. */
export interface TargetBench {
  target: Target;
  settings: DeployRequest['settings'];
  /** Two builds of the same function. */
  packages: [PackageFile, PackageFile];
  versions: [StoredVersion, StoredVersion];
  /** Moves the pointer. */
  point(version: string): void | Promise<void>;
  /** Takes away what runs a revision, without the target's doing. */
  crash(revision: Revision): Promise<void>;
  /** What runs now under the function's name, whoever started it. */
  running(): Promise<number>;
  /** Parts in front of the function that are removed with it, and named: an HTTP API. None without it. */
  parts?: number;
  /** How a caller who may calls an address; plainly without it. */
  get?(url: string): Promise<Response>;
  close(): Promise<void>;
}

const unknownDigest = 'f'.repeat(64);

async function servedBy(
  get: (url: string) => Promise<Response>,
  url: string,
): Promise<{ version: string; sha256: string }> {
  const reply = await get(`${url}/v1/health?warm=true`);
  const { model } = (await reply.json()) as { model: { version: string; sha256: string } };
  return { version: model.version, sha256: model.sha256 };
}

/** What every target must do, whatever it runs functions on. Each fact stands alone: the function is removed before it. */
export function targetContract(name: string, open: () => Promise<TargetBench>): void {
  describe(`target ${name}`, () => {
    let bench: TargetBench;
    let target: Target;
    let one: StoredVersion;
    let two: StoredVersion;

    beforeAll(async () => {
      bench = await open();
      target = bench.target;
      [one, two] = bench.versions;
    });
    beforeEach(async () => {
      await target.remove(bench.settings, 'all');
      await bench.point(one.version);
    });
    afterAll(async () => {
      await bench.close();
    });

    const served = (url: string) => servedBy(bench.get ?? fetch, url);
    const request = (role: 'candidate' | 'live', stored: StoredVersion, from = bench.packages[0]): DeployRequest => ({
      settings: bench.settings,
      package: from,
      role,
      ...stored,
    });
    const deploy = (stored: StoredVersion) => target.deploy(request('candidate', stored));
    const route = (stored: StoredVersion, from?: PackageFile) => target.route(request('live', stored, from));

    it('has a key that is safe in a path, and a platform', () => {
      expect(target.key).toMatch(/^[a-z0-9][a-z0-9_-]*$/);
      expect(['linux', 'darwin']).toContain(target.platform.os);
      expect(['x64', 'arm64']).toContain(target.platform.arch);
    });

    it('deploys a candidate that serves its pinned version, whatever the pointer says', async () => {
      const { revision, changed } = await deploy(two);
      expect(changed).toBe(true);
      expect(revision).toMatchObject({ role: 'candidate', version: two.version });
      expect(await served(revision.url)).toEqual({ version: two.version, sha256: two.sha256 });
    });

    it('changes nothing when the same is deployed again', async () => {
      const { revision } = await deploy(one);
      expect(await deploy(one)).toEqual({ revision, changed: false });
      expect(await bench.running()).toBe(1);
    });

    it('deploys again when the package or a setting differs', async () => {
      const { revision } = await deploy(one);
      const rebuilt = await target.deploy(request('candidate', one, bench.packages[1]));
      expect(rebuilt.changed).toBe(true);
      expect(rebuilt.revision.packageSha256).toBe(bench.packages[1].sha256);
      expect(rebuilt.revision.id).not.toBe(revision.id);
      const settings = {
        ...bench.settings,
        handlerVariables: { ...bench.settings.handlerVariables, COLDGATE_THREADS: '1' },
      };
      const reset = await target.deploy({ ...request('candidate', one, bench.packages[1]), settings });
      expect(reset.changed).toBe(true);
      expect(reset.revision.settingsSha256).not.toBe(rebuilt.revision.settingsSha256);
      expect(await bench.running()).toBe(1);
    });

    it('lists its functions, with the store that they read where others may share the place', async () => {
      const { name, storeVariables } = bench.settings;
      await deploy(one);
      const found = (await target.list()).find((each) => each.name === name);
      expect(found).toBeDefined();
      if (found?.storeVariables) expect(found.storeVariables).toMatchObject(storeVariables);
      await target.remove(bench.settings, 'all');
      expect((await target.list()).map((each) => each.name)).not.toContain(name);
    });

    it('refuses a candidate that serves another sha256, and leaves nothing running', async () => {
      const deploying = target.deploy({ ...request('candidate', one), sha256: unknownDigest });
      await expect(deploying).rejects.toMatchObject({ code: 'wrong-model', exit: 7 });
      expect((await target.describe(bench.settings)).candidates).toEqual([]);
      expect(await bench.running()).toBe(0);
    });

    it('refuses a candidate that answers the golden sample with something else', async () => {
      const sample = { ...one.sample, outputs: { y: [[-1, -1]] } };
      const deploying = target.deploy({ ...request('candidate', one), sample });
      await expect(deploying).rejects.toMatchObject({ code: 'sample-mismatch', exit: 7 });
      expect(await bench.running()).toBe(0);
    });

    it('heals a candidate that has disappeared', async () => {
      const { revision } = await deploy(one);
      await bench.crash(revision);
      expect((await target.describe(bench.settings)).candidates).toEqual([]);
      const healed = await deploy(one);
      expect(healed.changed).toBe(true);
      expect(await served(healed.revision.url)).toMatchObject({ version: one.version });
    });

    it('samples cold starts, each in a new instance of the pinned version', async () => {
      const instances = new Set<string | undefined>();
      for (const stored of [one, two, one]) {
        const { settings, package: from } = request('candidate', stored);
        const start = await target.sample({ settings, package: from, ...stored, timeoutMs: 60_000 });
        expect(start).toMatchObject({ status: 'ok', version: stored.version, sha256: stored.sha256 });
        expect(start.timings.model_loaded_ms).toBeGreaterThan(0);
        // A platform leaves it out where it is not what a caller would have waited.
        const { round_trip_ms: roundTripMs = Number.POSITIVE_INFINITY } = start.timings;
        expect(roundTripMs).toBeGreaterThan(start.timings.model_loaded_ms ?? Number.NaN);
        instances.add(start.instance_id);
      }
      expect(instances.size).toBe(3);
      expect(await bench.running()).toBe(0);
    });

    it('says why a start does not count, instead of failing', async () => {
      const { settings, package: from } = request('candidate', one);
      const start = await target.sample({ settings, package: from, ...one, sha256: unknownDigest, timeoutMs: 60_000 });
      expect(start).toMatchObject({ status: 'failed', note: expect.stringContaining(unknownDigest) });
    });

    it('routes to a live revision that follows the pointer', async () => {
      const { revision, changed } = await route(one);
      expect(changed).toBe(true);
      expect(revision).toMatchObject({ role: 'live', version: null });
      await bench.point(two.version);
      expect(await route(two)).toMatchObject({ revision, changed: false });
      expect(await served(revision.url)).toEqual({ version: two.version, sha256: two.sha256 });
      expect(await bench.running()).toBe(1);
    });

    it('keeps the address of the live endpoint over a new package and a crash', async () => {
      const { revision } = await route(one);
      const rebuilt = await route(one, bench.packages[1]);
      expect(rebuilt).toMatchObject({ changed: true, revision: { url: revision.url } });
      await bench.crash(rebuilt.revision);
      expect((await target.describe(bench.settings)).live).toBeUndefined();
      expect(await route(one, bench.packages[1])).toMatchObject({ changed: true, revision: { url: revision.url } });
      expect(await bench.running()).toBe(1);
    });

    it('keeps the live revision when the one to replace it does not prove itself', async () => {
      const { revision } = await route(one);
      const routing = target.route({ ...request('live', two, bench.packages[1]) });
      await expect(routing).rejects.toMatchObject({ code: 'wrong-model', exit: 7 });
      expect((await target.describe(bench.settings)).live).toEqual(revision);
      expect(await served(revision.url)).toMatchObject({ version: one.version });
      expect(await bench.running()).toBe(1);
    });

    it('puts back what was live before, and not over someone who has moved on', async () => {
      const before = (await route(one)).revision;
      const from = (await route(one, bench.packages[1])).revision;
      const move = { from, to: before };
      const restored = await target.restore(request('live', one), move);
      expect(restored).toMatchObject({ changed: true, revision: { url: before.url, id: before.id } });
      expect(await served(before.url)).toMatchObject({ version: one.version });
      expect(await target.restore(request('live', one), move)).toEqual({ revision: before, changed: false });
      const settings = {
        ...bench.settings,
        handlerVariables: { ...bench.settings.handlerVariables, COLDGATE_THREADS: '1' },
      };
      const { revision } = await target.route({ ...request('live', one), settings });
      expect(await target.restore(request('live', one), move)).toBeUndefined();
      expect((await target.describe(bench.settings)).live).toEqual(revision);
    });

    it('reaches a revision as callers do', async () => {
      const live = (await route(one)).revision;
      const candidate = (await deploy(two)).revision;
      for (const [revision, stored] of [
        [live, one],
        [candidate, two],
      ] as const) {
        const endpoint = target.reach(bench.settings, revision);
        const answer = await endpoint.send('/v1/health?warm=true', { timeoutMs: 30_000 });
        expect(answer).toMatchObject({ status: 200, body: { model: { version: stored.version } } });
      }
    });

    it('plans what it would do, without doing it', async () => {
      expect(await target.plan(request('candidate', one))).toMatchObject([{ action: 'create' }]);
      expect(await bench.running()).toBe(0);
      await deploy(one);
      expect(await target.plan(request('candidate', one))).toMatchObject([{ action: 'none' }]);
      expect(await target.plan(request('candidate', one, bench.packages[1]))).toMatchObject([{ action: 'update' }]);
      const signed = { MODEL_READ_URL: 'https://cdn.example/models?Signature=secret' };
      const settings = { ...bench.settings, storeVariables: { ...bench.settings.storeVariables, ...signed } };
      const through = await target.plan({ ...request('candidate', one), settings });
      expect(through).toMatchObject([
        { action: 'update', what: expect.stringContaining('https://cdn.example/models') },
      ]);
      expect(JSON.stringify(through)).not.toContain('secret');
      expect(await target.plan(request('live', one))).toMatchObject([{ action: 'create' }]);
    });

    it('describes what exists', async () => {
      expect(await target.describe(bench.settings)).toEqual({ live: undefined, candidates: [] });
      const live = (await route(one)).revision;
      const candidates = [(await deploy(one)).revision, (await deploy(two)).revision];
      expect(await target.describe(bench.settings)).toEqual({ live, candidates });
    });

    it('removes candidates and keeps the live revision', async () => {
      const live = (await route(one)).revision;
      await deploy(two);
      expect(await target.remove(bench.settings, 'candidates')).toMatchObject([{ action: 'delete' }]);
      expect(await target.remove(bench.settings, 'candidates')).toEqual([]);
      expect(await target.describe(bench.settings)).toEqual({ live, candidates: [] });
      expect(await bench.running()).toBe(1);
    });

    it('removes candidates but the one to keep', async () => {
      await deploy(one);
      const kept = (await deploy(two)).revision;
      expect(await target.remove(bench.settings, 'candidates', two.version)).toMatchObject([{ action: 'delete' }]);
      expect(await target.describe(bench.settings)).toEqual({ live: undefined, candidates: [kept] });
      expect(await target.remove(bench.settings, 'candidates', two.version)).toEqual([]);
    });

    it('removes everything, and finds nothing to remove after that', async () => {
      await route(one);
      await deploy(two);
      expect(await target.remove(bench.settings, 'all')).toHaveLength(2 + (bench.parts ?? 0));
      expect(await target.remove(bench.settings, 'all')).toEqual([]);
      expect(await target.describe(bench.settings)).toEqual({ live: undefined, candidates: [] });
      expect(await bench.running()).toBe(0);
    });
  });
}
