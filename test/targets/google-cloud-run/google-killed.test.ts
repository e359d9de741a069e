import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CloudRunBench, serviceName } from '../../google/target-bench.ts';

/*
 * A run that ends after one of its calls, whose answer it never sees, and from which nothing more is heard: as when its
 * process is killed. The same run again ends as an undisturbed one does.
 */
describe('a release to Cloud Run that ends anywhere', () => {
  let bench: CloudRunBench;
  beforeAll(async () => {
    bench = await CloudRunBench.open({ knobs: { looks: 1 } });
  });
  afterAll(() => bench.close());

  /** Deploys, samples and routes a package, and takes the candidate away again. */
  async function release(at: 0 | 1, note: string, deps = {}): Promise<void> {
    const target = await bench.target({}, deps);
    const from = await bench.package(note);
    await target.deploy(await bench.request('candidate', at, from));
    await target.sample({ ...(await bench.request('candidate', at, from)), timeoutMs: 30_000 });
    bench.store.point(bench.versions[at]!.version);
    await target.route(await bench.request('live', at, from));
    await target.remove(bench.settings, 'candidates');
  }

  /** The release, which ends at its nth call that changes something; the number of these calls where it does not. */
  async function ending(at: 0 | 1, note: string, nth: number): Promise<number> {
    const { context } = bench.google;
    const stop = new AbortController();
    let changes = 0;
    context.fault = ({ mutating }) => {
      if (stop.signal.aborted) return 'unheard';
      if (!mutating || ++changes !== nth) return undefined;
      stop.abort(new Error('killed'));
      return 'lost';
    };
    const failure = await release(at, note, {
      now: () => new Date(Date.now() + days * 86_400_000),
      signal: stop.signal,
    }).catch((error: Error) => error);
    context.fault = () => undefined;
    // What is left over at the end is no failure: a run that ends there has done its work.
    if (nth === 0) expect(failure).toBeUndefined();
    return changes;
  }

  /** Samples of others are left alone until their time is over. */
  let days = 0;
  const nextDay = () => {
    const ahead = ++days * 86_400_000;
    return { now: () => new Date(Date.now() + ahead) };
  };

  const roleOf = (name = ''): string => /-([a-z])-[0-9a-f]{10}$/.exec(name)?.[1] ?? name;
  /** Roles of what has traffic or a tag: names are digests. */
  const served = (): string[] =>
    (bench.service?.spec.traffic ?? []).map(
      ({ revision, percent = 0, tag = '' }) => `${roleOf(revision)} ${percent} ${tag}`,
    );
  /** Roles of what else there is, without the latest revision, which cannot be deleted. */
  const kept = (): string[] =>
    [...bench.service!.revisions.keys()].filter((name) => name !== bench.service!.latestCreated).map(roleOf);

  it('has one end, from nothing', async () => {
    const gone = async (): Promise<void> => {
      await (await bench.target()).remove({ name: serviceName }, 'all');
      expect([...bench.google.run.services.keys()]).toEqual([]);
    };
    const count = await ending(0, 'first', 0);
    expect(count).toBeGreaterThan(4);
    for (let nth = 1; nth <= count; nth++) {
      await gone();
      await ending(0, 'first', nth);
      await release(0, 'first', nextDay());
      expect([nth, served()]).toEqual([nth, ['l 100 ']]);
    }
  });

  it('has one end, from another release', async () => {
    let number = 0;
    const next = (): string => `release ${++number}`;
    await release(0, next());
    await release(1, next());
    const count = await ending(0, next(), 0);
    expect(count).toBeGreaterThan(4);
    for (let nth = 1; nth <= count; nth += 2) {
      const note = next();
      await ending(nth % 4 === 1 ? 0 : 1, note, nth);
      await release(nth % 4 === 1 ? 0 : 1, note, nextDay());
      expect([nth, served()]).toEqual([nth, ['l 100 ']]);
    }
    // What no run has named any more is gone with the next release, but for what traffic can go back to.
    await release(0, next(), nextDay());
    expect(kept().filter((role) => role !== 'l')).toEqual([]);
    expect(kept().length).toBeLessThanOrEqual(3);
  });
});
