import { afterEach, describe, expect, it } from 'vitest';
import type { Knobs } from '../../google/knobs.ts';
import { CloudRunBench, serviceName } from '../../google/target-bench.ts';

/*
 * What nobody outside Google knows of Cloud Run has a knob on the stand-in. A release works whichever way it is.
 */
const unknown: [string, Partial<Knobs>][] = [
  ['keeps the names of deleted revisions', { deletedNamesTaken: true }],
  ['takes one change of a service at a time', { oneChangeAtATime: true, looks: 2 }],
  ['takes no change while its newest revision has failed', { latestFailedBlocks: true }],
  ['knows new tags late', { tagLag: 2 }],
  ['sends requests where they went before for long', { trafficLag: 20 }],
  ['answers lists by ones', { pageSize: 1 }],
  ['takes tokens for the addresses of tags', { tagAudience: true }],
];

describe('a release to a Cloud Run', () => {
  let bench: CloudRunBench;
  afterEach(() => bench.close());

  async function release(at: 0 | 1, note: string): Promise<void> {
    const target = await bench.target();
    const from = await bench.package(note);
    await target.deploy(await bench.request('candidate', at, from));
    const start = await target.sample({ ...(await bench.request('candidate', at, from)), timeoutMs: 30_000 });
    expect(start).toMatchObject({ status: 'ok' });
    bench.store.point(bench.versions[at]!.version);
    const { revision } = await target.route(await bench.request('live', at, from));
    expect(revision).toMatchObject({ role: 'live', packageSha256: from.sha256 });
    await target.remove(bench.settings, 'candidates');
  }

  it.each(unknown)('that %s', async (_what, knobs) => {
    bench = await CloudRunBench.open({ knobs });
    await release(0, 'one');
    await release(1, 'two');
    await release(0, 'one');
    await (await bench.target()).remove({ name: serviceName }, 'all');
    expect(bench.google.run.services.size).toBe(0);
  });

  it('that moves etags by itself', async () => {
    bench = await CloudRunBench.open();
    let moves = 0;
    bench.google.context.onDone = ({ method }) => {
      if (method.endsWith('services.get') && ++moves % 5 === 0) bench.google.bump(serviceName);
    };
    await release(0, 'one');
    await release(1, 'two');
  });
});
