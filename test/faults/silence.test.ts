import { expect, it } from 'vitest';
import { openStore } from '../../src/stores/open.ts';
import { readAll } from '../../src/stores/store.ts';
import { FaultProxy } from '../emulators/fault-proxy.ts';
import { describeWith, type ServerName } from '../emulators/servers.ts';
import { cloudEnvironment, cloudStore } from '../fakes/registry/cloud.ts';
import { faultCases } from '../fakes/registry/fault-cases.ts';
import { madeBytes } from '../fakes/stores/bodies.ts';
import { openWithRetry } from './open.ts';
import { prepareVerb, provesTruth } from './truth.ts';

/** A promotion whose swap meets 30 s of silence after the server acted, with the limits that users have. */
async function promoteInSilence(server: ServerName): Promise<{ server: ServerName; code: string; tries: number }> {
  const settings = await cloudStore(server);
  const { origin } = new URL(settings.endpoint!);
  const proxy = await FaultProxy.before(origin);
  const isSwap = (url: string, headers: object) => /current\.json/.test(url + JSON.stringify(headers));
  let silent = 0;
  proxy.script = ({ method, path, query, headers }) => {
    const writes = method === 'PUT' || method === 'POST';
    if (!writes || !(isSwap(`${path}?${query}`, headers) || server === 'fake-gcs') || silent++ > 0) return undefined;
    return { kind: 'stall', ms: 30_000, when: 'after' };
  };
  try {
    const direct = await openStore(settings);
    const faulty = await openStore({ ...settings, endpoint: settings.endpoint!.replace(origin, proxy.endpoint) });
    const prepared = await prepareVerb(faultCases['a promotion']!);
    const code = await provesTruth(prepared, direct, faulty, () => `30 s of silence before ${server}`);
    return { server, code, tries: silent };
  } finally {
    await proxy.close();
  }
}

/** An object comes a little at a time, for longer than its reader takes silence. */
async function readSlowly(server: ServerName): Promise<boolean> {
  const settings = await cloudStore(server);
  const { origin } = new URL(settings.endpoint!);
  const proxy = await FaultProxy.before(origin);
  const bytes = madeBytes(5000);
  try {
    await (await openWithRetry(settings)).put('a/model', bytes, 'absent');
    proxy.script = () => ({ kind: 'trickle', bytes: 400, everyMs: 300, body: 'reply' });
    const endpoint = settings.endpoint!.replace(origin, proxy.endpoint);
    const slow = await openWithRetry({ ...settings, endpoint }, { stallMs: 3000, attempts: 1 });
    return Buffer.from(bytes).equals(await readAll(await slow.get('a/model')));
  } finally {
    await proxy.close();
  }
}

// Side by side, since all they do is wait. Elsewhere in this suite silence is half a second.
describeWith('radosgw', 'thirty seconds of silence', () => {
  cloudEnvironment('radosgw');
  describeWith('azurite', 'before three servers', () => {
    cloudEnvironment('azurite');
    describeWith('fake-gcs', 'with no limit set lower', () => {
      cloudEnvironment('fake-gcs');
      it('end in a swap that is known to have happened, before the silence does', async () => {
        const since = performance.now();
        const servers = ['radosgw', 'azurite', 'fake-gcs'] as const;
        const met = await Promise.all(servers.map(promoteInSilence));
        const seconds = (performance.now() - since) / 1000;
        expect(met).toEqual(servers.map((server) => ({ server, code: 'done', tries: expect.any(Number) })));
        expect(Math.min(...met.map(({ tries }) => tries))).toBeGreaterThan(1);
        expect(seconds).toBeGreaterThan(20);
      });

      it('are not what a slow connection is: bytes that come one by one for longer get through', async () => {
        const servers = ['radosgw', 'azurite', 'fake-gcs'] as const;
        expect(await Promise.all(servers.map(readSlowly))).toEqual([true, true, true]);
      });
    });
  });
});
