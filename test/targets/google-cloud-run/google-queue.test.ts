import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../google/api-error.ts';
import { CloudRunBench } from '../../google/target-bench.ts';

const queue = {};
const id = 'coldgate-digits-production-europe-west1';

/** Topics and subscriptions of the queue in front of a function on Cloud Run. */
describe('the queue of a function on Cloud Run', () => {
  let bench: CloudRunBench;
  beforeAll(async () => {
    bench = await CloudRunBench.open({ knobs: { looks: 1 } });
  });
  beforeEach(async () => {
    await (await bench.target()).remove(bench.settings, 'all');
    expect(parts()).toEqual([]);
    bench.google.calls();
  });
  afterAll(() => bench.close());

  const route = async (more: Record<string, unknown> = {}) =>
    (await bench.target(more)).route(await bench.request('live', 0));
  const short = (names: Iterable<string>) => [...names].map((name) => name.split('/').slice(2).join('/'));
  const parts = () => [...short(bench.google.pubsub.topics.keys()), ...short(bench.google.pubsub.subscriptions.keys())];
  const whole = [`topics/${id}`, `topics/${id}-dead`, `subscriptions/${id}-dead`, `subscriptions/${id}`];
  const subscription = (of = id) =>
    bench.google.pubsub.subscriptions.get(`projects/${bench.google.project.id}/subscriptions/${of}`)?.body;
  const writes = () =>
    bench.google.calls().flatMap(({ method, mutating }) => (mutating && method.startsWith('pubsub.') ? [method] : []));
  const variables = (letter: string): Record<string, string | undefined>[] =>
    [...(bench.service?.revisions ?? [])]
      .filter(([name]) => name.includes(`-${letter}-`))
      .map(([, { template }]) =>
        Object.fromEntries((template.containers?.[0]?.env ?? []).map(({ name, value }) => [name, value])),
      );

  it('is made with what is live, once; a candidate is told of none', async () => {
    await (await bench.target({ queue })).deploy(await bench.request('candidate', 0));
    expect([parts(), variables('c')[0]?.['COLDGATE_QUEUE']]).toEqual([[], undefined]);
    expect(await route({ queue })).toMatchObject({ changed: true });
    expect(parts()).toEqual(whole);
    const { uri } = bench.service!;
    const account = `digits@${bench.google.project.id}.iam.gserviceaccount.com`;
    expect(subscription()).toMatchObject({
      ...{ ackDeadlineSeconds: 600, expirationPolicy: {}, messageRetentionDuration: '604800s' },
      retryPolicy: { minimumBackoff: '10s', maximumBackoff: '600s' },
      deadLetterPolicy: { deadLetterTopic: expect.stringMatching(`${id}-dead$`), maxDeliveryAttempts: 20 },
      pushConfig: { pushEndpoint: `${uri}/coldgate/queue`, oidcToken: { serviceAccountEmail: account, audience: uri } },
    });
    expect(subscription(`${id}-dead`)).toMatchObject({ expirationPolicy: {}, messageRetentionDuration: '2678400s' });
    expect(variables('l').at(-1)).toMatchObject({
      ...{ COLDGATE_QUEUE: `projects/${bench.google.project.id}/topics/${id}`, COLDGATE_QUEUE_ATTEMPTS: '20' },
      ...{ COLDGATE_QUEUE_CALLER: account, COLDGATE_QUEUE_CONCURRENCY: '1', COLDGATE_QUEUE_KEEP_DAYS: '7' },
    });
    bench.google.calls();
    expect(await route({ queue })).toMatchObject({ changed: false });
    expect(writes()).toEqual([]);
  });

  it('changes in place, keeps what waits in it, and goes with the setting', async () => {
    await route({ queue });
    const target = await bench.target({ queue: { attempts: 30, 'keep-days': 60 } });
    expect(await target.plan(await bench.request('live', 0))).toContainEqual({
      ...{ action: 'update', what: expect.stringContaining(`queue ${id}: change it`) },
    });
    bench.google.calls();
    await target.route(await bench.request('live', 0));
    expect(writes()).not.toContain('pubsub.projects.subscriptions.delete');
    expect(subscription()).toMatchObject({
      ...{ deadLetterPolicy: { maxDeliveryAttempts: 30 }, messageRetentionDuration: '2678400s' },
    });
    await route({});
    expect([parts(), bench.service?.spec.annotations?.['coldgate.dev/queue']]).toEqual([[], undefined]);
  });

  it('has a name of its own for its tokens where Cloud Run checks none', async () => {
    await route({ queue, auth: 'none' });
    const name = `https://run.googleapis.com/projects/${bench.google.project.id}/locations/europe-west1/services/digits-production`;
    expect(subscription()).toMatchObject({ pushConfig: { oidcToken: { audience: name } } });
    expect(variables('l').at(-1)).toMatchObject({ COLDGATE_QUEUE_AUDIENCE: name });
  });

  it.each([
    ['made', {}, { queue }, whole],
    ['removed', { queue }, {}, []],
  ])('is %s after a run that ended at any of its calls', async (_what, before, after, wanted) => {
    for (let nth = 1; ; nth++) {
      await route(before);
      const { context } = bench.google;
      let count = 0;
      const stop = new AbortController();
      context.fault = ({ mutating }) => {
        if (stop.signal.aborted) return 'unheard';
        if (!mutating || ++count !== nth) return undefined;
        stop.abort(new Error('killed'));
        return 'lost';
      };
      const killed = await bench.target(after, { signal: stop.signal });
      await killed.route(await bench.request('live', 0)).catch(() => {});
      context.fault = () => undefined;
      if (count < nth) break;
      await route(after);
      expect([nth, parts()]).toEqual([nth, wanted]);
    }
  });

  it('takes up topics that coldgate iam has made, and heals what has lost its topic', async () => {
    const labels = { coldgate: 'digits-production' };
    for (const one of [id, `${id}-dead`]) {
      bench.google.pubsub.topics.set(`projects/${bench.google.project.id}/topics/${one}`, { labels });
    }
    await route({ queue });
    expect(parts()).toEqual(whole);
    Object.assign(subscription()!, { topic: '_deleted-topic_' });
    await route({ queue: { attempts: 40 } });
    expect(subscription()).toMatchObject({ topic: expect.stringMatching(`/${id}$`) });
  });

  it('is counted as Cloud Monitoring knows it, and not where that may not be read', async () => {
    await route({ queue });
    const { pubsub, project } = bench.google;
    const state = async () => (await (await bench.target({ queue })).describe(bench.settings)).queue;
    expect(await state()).toEqual({ waiting: 0, working: 0, dead: 0 });
    pubsub.publish(`projects/${project.id}/topics/${id}`, [{ data: 'eA==' }]);
    pubsub.publish(`projects/${project.id}/topics/${id}-dead`, [{ data: 'eA==' }, { data: 'eQ==' }]);
    expect(await state()).toEqual({ waiting: 1, working: 0, dead: 2 });
    bench.google.deny('monitoring.timeSeries.list');
    expect(await state()).toBeUndefined();
    bench.google.allow('monitoring.timeSeries.list');
    await route({});
    expect(await state()).toBeUndefined();
  });

  it('leaves a topic and a subscription alone that have our name and not our label', async () => {
    const name = `projects/${bench.google.project.id}/topics/${id}`;
    bench.google.pubsub.topics.set(name, { labels: { owner: 'someone' } });
    await expect(route({ queue })).rejects.toMatchObject({ code: 'foreign-queue', exit: 2 });
    expect(bench.google.pubsub.topics.get(name)).toEqual({ labels: { owner: 'someone' } });
    bench.google.pubsub.topics.clear();
  });

  it('is found by a dry run of destroy, and goes with the function', async () => {
    await route({ queue });
    const target = await bench.target({});
    const what = expect.stringContaining(`Pub/Sub topic ${id}`);
    expect(await target.besides?.(bench.settings)).toContainEqual({ action: 'delete', what });
    expect(parts()).toEqual(whole);
    expect(await target.remove(bench.settings, 'all')).toContainEqual({ action: 'delete', what });
    expect(parts()).toEqual([]);
  });

  it('is refused in words where something is missing', async () => {
    const text = "Permission 'pubsub.topics.create' denied on resource 'x' (or resource may not exist).";
    bench.google.context.fault = ({ method }) =>
      method.startsWith('pubsub.') ? new ApiError(403, 'PERMISSION_DENIED', text) : undefined;
    await expect(route({ queue })).rejects.toMatchObject({
      ...{ code: 'permission-denied', exit: 8, data: { action: 'pubsub.topics.create' } },
    });
    bench.google.context.fault = () => undefined;
    bench.google.context.disabled.add('pubsub.googleapis.com');
    await expect(route({ queue })).rejects.toMatchObject({ code: 'api-disabled', exit: 8 });
    bench.google.context.disabled.clear();
    await route({ queue });
    expect(parts()).toEqual(whole);
  });
});
