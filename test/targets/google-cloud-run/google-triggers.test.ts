import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../google/api-error.ts';
import { CloudRunBench } from '../../google/target-bench.ts';

const batch = { bucket: 'uploads', prefix: 'in/' };

/** The Eventarc trigger by which a function on Cloud Run is told of files for its batch. */
describe('uploads to a bucket of the batch', () => {
  let bench: CloudRunBench;
  beforeAll(async () => {
    bench = await CloudRunBench.open({ buckets: ['models', 'uploads', 'elsewhere'], knobs: { looks: 1 } });
    bench.google.buckets.create('in-the-eu', 'eu');
  });
  beforeEach(async () => {
    await (await bench.target()).remove(bench.settings, 'all');
    bench.google.eventarc.triggers.clear();
    bench.google.calls();
  });
  afterAll(() => bench.close());

  const route = async (more: Record<string, unknown> = {}) =>
    (await bench.target(more)).route(await bench.request('live', 0));
  const triggers = () => [...bench.google.eventarc.triggers.keys()].map((name) => name.split('/locations/')[1]);
  const writes = () => bench.google.calls().flatMap(({ method, mutating }) => (mutating ? [method] : []));

  it('are told of by a trigger to the service, made with what is live and once', async () => {
    await (await bench.target({ batch })).deploy(await bench.request('candidate', 0));
    expect(triggers()).toEqual([]);
    expect(await route({ batch })).toMatchObject({ changed: true });
    expect(triggers()).toEqual([expect.stringMatching(/^europe-west1\/triggers\/digits-production-[0-9a-f]{8}$/)]);
    expect([...bench.google.eventarc.triggers.values()]).toMatchObject([
      {
        destination: { cloudRun: { service: 'digits-production', region: 'europe-west1', path: '/coldgate/uploads' } },
        serviceAccount: `digits@${bench.google.project.id}.iam.gserviceaccount.com`,
        labels: { coldgate: 'digits-production' },
      },
    ]);
    bench.google.calls();
    expect(await route({ batch })).toMatchObject({ changed: false });
    expect(writes()).toEqual([]);
  });

  it('go by another trigger before the one of before goes, and by none without the setting', async () => {
    await route({ batch });
    const [before] = triggers();
    const target = await bench.target({ batch: { bucket: 'in-the-eu', location: 'eu' } });
    expect(await target.plan(await bench.request('live', 0))).toContainEqual({
      ...{ action: 'update', what: expect.stringContaining(`trigger ${before?.replace('/triggers', '')}: remove it`) },
    });
    bench.google.calls();
    await target.route(await bench.request('live', 0));
    expect(triggers()).toEqual([expect.stringMatching(/^eu\/triggers\/digits-production-/)]);
    expect(writes().filter((method) => method.startsWith('eventarc.'))).toEqual([
      'eventarc.projects.locations.triggers.create',
      'eventarc.projects.locations.triggers.delete',
    ]);
    await route({});
    expect(triggers()).toEqual([]);
  });

  it('are told of again after a run that ended at any of its calls', async () => {
    await route({});
    for (let nth = 1; ; nth++) {
      const { context } = bench.google;
      let count = 0;
      const stop = new AbortController();
      context.fault = ({ mutating }) => {
        if (stop.signal.aborted) return 'unheard';
        if (!mutating || ++count !== nth) return undefined;
        stop.abort(new Error('killed'));
        return 'lost';
      };
      const killed = await bench.target({ batch }, { signal: stop.signal });
      await killed.route(await bench.request('live', 0)).catch(() => {});
      context.fault = () => undefined;
      if (count < nth) break;
      await route({ batch });
      expect(triggers()).toHaveLength(1);
      await route({});
      expect(triggers()).toEqual([]);
    }
  });

  it('leave a trigger alone that has our name and tells another service', async () => {
    await route({ batch });
    const [name = ''] = bench.google.eventarc.triggers.keys();
    await route({});
    const destination = { cloudRun: { service: 'other', region: 'europe-west1' } };
    bench.google.eventarc.triggers.set(name, { destination });
    await expect(route({ batch })).rejects.toMatchObject({ code: 'foreign-trigger', exit: 2 });
    expect(bench.google.eventarc.triggers.get(name)).toEqual({ destination });
  });

  it('are refused in words where something is missing', async () => {
    await route({});
    await expect(route({ batch: { bucket: 'in-the-eu' } })).rejects.toMatchObject({
      ...{ code: 'request-refused', exit: 2, hint: expect.stringContaining('batch.location') },
    });
    const { iam } = bench.google.context;
    iam.revoke(bench.google.eventarc.storageAgent, `projects/${bench.google.project.id}`, 0);
    const agent = { code: 'permission-denied', exit: 8, hint: expect.stringContaining('batch-events') };
    await expect(route({ batch })).rejects.toMatchObject(agent);
    iam.grant(bench.google.eventarc.storageAgent, ['pubsub.topics.publish'], '*', 0);
    const text = "Permission 'eventarc.triggers.create' denied on resource 'x' (or resource may not exist).";
    bench.google.context.fault = ({ method }) =>
      method.startsWith('eventarc.') ? new ApiError(403, 'PERMISSION_DENIED', text) : undefined;
    const denial = { code: 'permission-denied', exit: 8, data: { action: 'eventarc.triggers.create' } };
    await expect(route({ batch })).rejects.toMatchObject(denial);
    bench.google.context.fault = () => undefined;
    bench.google.context.disabled.add('eventarc.googleapis.com');
    await expect(route({ batch })).rejects.toMatchObject({ code: 'api-disabled', exit: 8 });
    bench.google.context.disabled.clear();
    await route({ batch });
    expect(triggers()).toHaveLength(1);
  });
});
