import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CloudRunBench, serviceName } from '../../google/target-bench.ts';

/* What Cloud Run alone has: tags of other hands, minimums, shares, refusals in its own words. */
describe('a service on Cloud Run', () => {
  let bench: CloudRunBench;
  beforeAll(async () => {
    bench = await CloudRunBench.open({ knobs: { looks: 0 } });
  });
  afterAll(() => bench.close());
  beforeEach(async () => {
    bench.google.context.fault = () => undefined;
    bench.store.point('1.0.0');
    await (await bench.target()).remove({ name: serviceName }, 'all');
  });

  const traffic = () => bench.service?.spec.traffic ?? [];
  const revision = (id: string) => bench.service!.revisions.get(id)!;

  it('keeps tags and revisions of other hands through a release', async () => {
    const target = await bench.target();
    await target.route(await bench.request('live', 0));
    const service = bench.service!;
    const [live] = [...service.revisions.values()].slice(-1);
    const short = `${serviceName}-00007-xyz`;
    const template = { ...live!.template, annotations: {} };
    service.revisions.set(short, { ...live!, short, name: `${service.name}/revisions/${short}`, template });
    const theirs = { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: short, tag: 'blue' };
    service.spec.traffic = [...traffic(), theirs];
    await target.deploy(await bench.request('candidate', 1));
    await target.route(await bench.request('live', 0, await bench.package('another build')));
    await target.remove(bench.settings, 'candidates');
    expect(traffic()).toContainEqual(theirs);
    expect(service.revisions.has(short)).toBe(true);
    expect(traffic().filter(({ percent }) => percent)).toEqual([expect.objectContaining({ percent: 100 })]);
  });

  it('names the live revision again where someone has traffic follow the latest', async () => {
    const target = await bench.target();
    const { revision: live } = await target.route(await bench.request('live', 0));
    bench.service!.spec.traffic = [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }];
    expect(await target.route(await bench.request('live', 0))).toMatchObject({ revision: live, changed: true });
    expect(traffic()).toEqual([expect.objectContaining({ revision: live.id, percent: 100 })]);
  });

  it('has the next live revision warm before traffic moves, and keeps nothing else warm', async () => {
    const target = await bench.target({ 'min-instances': 1 });
    await target.route(await bench.request('live', 0));
    const next = await bench.request('live', 0, await bench.package('another build'));
    const before = traffic().find(({ percent }) => percent)?.revision;
    await target.prepare?.(next);
    const tagged = traffic().find(({ tag }) => tag?.startsWith('n-'));
    expect(traffic().find(({ percent }) => percent)?.revision).toBe(before);
    expect(revision(tagged!.revision!).pool?.size).toBe(1);
    const { revision: live } = await target.route(next);
    expect(live.id).toBe(tagged?.revision);
    expect(traffic()).toEqual([expect.objectContaining({ revision: live.id, percent: 100 })]);
    expect(bench.service?.spec.scaling).toMatchObject({ minInstanceCount: 1 });
    const { revision: candidate } = await target.deploy(await bench.request('candidate', 1));
    expect(revision(candidate.id).template.scaling?.minInstanceCount).toBe(0);
    await target.remove(bench.settings, 'candidates');
  });

  it('lets go of what was prepared and is not released', async () => {
    const target = await bench.target({ 'min-instances': 1 });
    await target.route(await bench.request('live', 0));
    await target.prepare?.(await bench.request('live', 0, await bench.package('another build')));
    await target.remove(bench.settings, 'candidates');
    expect(traffic()).toHaveLength(1);
  });

  it('moves traffic in steps, and back where a step does not please', async () => {
    const settings = { shift: { steps: [10, 50], 'wait-seconds': 0 } };
    const target = await bench.target(settings);
    const { revision: before } = await target.route(await bench.request('live', 0));
    const shares: unknown[] = [];
    const judged = async (note: string, limit: number) => ({
      ...(await bench.request('live', 0, await bench.package(note))),
      judge: ({ percent }: { percent: number }) => {
        shares.push(traffic().map((one) => one.percent ?? 0));
        if (percent > limit) throw Object.assign(new Error('too slow'), { code: 'slo-broken' });
      },
    });
    await expect(target.route(await judged('slow build', 10))).rejects.toThrow('too slow');
    expect((await target.describe(bench.settings)).live?.id).toBe(before.id);
    const { revision: after } = await target.route(await judged('fast build', 100));
    expect((await target.describe(bench.settings)).live?.id).toBe(after.id);
    expect(shares).toEqual(
      expect.arrayContaining([expect.arrayContaining([90, 10]), expect.arrayContaining([50, 50])]),
    );
  });

  it('shows the log of a revision that does not start, and leaves nothing of it', async () => {
    const target = await bench.target();
    const request = await bench.request('candidate', 0);
    const settings = { ...request.settings, handlerVariables: { FAKE: 'crash' } };
    const failure = await target.deploy({ ...request, settings }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'function-failed', exit: 7 });
    expect((failure as Error).message).toContain('Error: no model for you');
    expect(traffic().filter(({ tag }) => tag)).toEqual([]);
    expect((await target.deploy(request)).changed).toBe(true);
  });

  it('leaves a service alone that it has not made', async () => {
    const target = await bench.target();
    await target.route(await bench.request('live', 0));
    const { labels } = bench.service!.spec;
    bench.service!.spec.labels = {};
    const failure = await target.route(await bench.request('live', 0)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'foreign-function', exit: 2 });
    bench.service!.spec.labels = labels ?? {};
  });

  it('takes no object for the package that has other bytes', async () => {
    const from = await bench.package('to be forged');
    const key = `coldgate/packages/${from.sha256}.tar.gz`;
    bench.google.buckets.put('models', key, Buffer.from('something else'), {}, new URLSearchParams());
    const deploying = (await bench.target()).deploy(await bench.request('candidate', 0, from));
    await expect(deploying).rejects.toMatchObject({ code: 'wrong-package', exit: 3 });
    expect(bench.service).toBeUndefined();
  });

  it('refuses a name that leaves no room for tags before it asks anyone', async () => {
    bench.google.calls();
    const request = await bench.request('candidate', 0);
    const settings = { ...request.settings, name: 'a'.repeat(39) };
    const deploying = (await bench.target()).deploy({ ...request, settings });
    await expect(deploying).rejects.toMatchObject({ code: 'bad-function-name', exit: 2 });
    expect(bench.google.calls()).toEqual([]);
  });

  it.each([
    ['an API that is off', 'api-disabled', () => void bench.google.context.disabled.add('run.googleapis.com')],
    ['no right to ID tokens', 'permission-denied', () => lack('iam.serviceAccounts.getOpenIdToken')],
    ['no right to call', 'permission-denied', () => lack('run.routes.invoke')],
  ])('names %s, and ends with 8', async (_what, code, spoil) => {
    spoil();
    try {
      const deploying = (await bench.target()).deploy(await bench.request('candidate', 0));
      await expect(deploying).rejects.toMatchObject({ code, exit: 8 });
    } finally {
      bench.google.context.disabled.clear();
      restore();
    }
  });

  let allows: CloudRunBench['google']['context']['iam']['allows'] | undefined;
  function lack(permission: string): void {
    allows = bench.google.context.iam.allows.bind(bench.google.context.iam);
    const all = allows;
    bench.google.context.iam.allows = (who, what, on) => what !== permission && all(who, what, on);
  }
  function restore(): void {
    if (allows) bench.google.context.iam.allows = allows;
    allows = undefined;
  }
});
