import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { tinySample } from '../../fixtures/onnx.ts';
import { ReleaseBench } from '../../google/release-bench.ts';

const id = 'coldgate-digits-local-europe-west1';
const under = 'store/_coldgate/async/digits-local';
const patience = { timeout: 60_000, interval: 50 };

interface Job {
  id: string;
  status: string;
  answer?: { model: { version: string } };
}

/*
 * A release with a queue, by the command line: requests go into a topic of the stand-in, whose pushes reach the real function in
 * the archive that was uploaded, and results lie in the bucket. Pushes come twice at times, and processes are killed.
 */
describe('messages of a function on Cloud Run', () => {
  let bench: ReleaseBench;
  let uri: string;

  beforeAll(async () => {
    // 10 s and 600 s between two tries of a message become 2 ms and 120 ms.
    bench = await ReleaseBench.open({ knobs: { looks: 1, pushTimeScale: 0.0002 } });
    const { google } = bench;
    const account = `digits@${google.project.id}.iam.gserviceaccount.com`;
    // What coldgate iam prints for the account of the function.
    google.context.iam.grant(account, ['run.routes.invoke', 'pubsub.topics.publish'], '*', 0);
    const pubsub = (await google.pubsubAs(account)).replace('http://', '');
    const places = `PUBSUB_EMULATOR_HOST: "${pubsub}", GOOGLE_OAUTH2_CERTS_URL: "${google.urlOf('CERTS')}/oauth2/v3/certs"`;
    bench.target = `min-instances: 0, max-instances: 2, queue: { max-concurrency: 8 }, environment-variables: { ${places} }`;
    bench.release({});
    await bench.json('ship');
    uri = bench.service()?.uri ?? '';
  }, 120_000);
  afterAll(() => bench.close());

  const token = (as = bench.google.pipeline) => bench.google.context.iam.idToken(as, uri, new Date());
  const ask = (path: string, body?: unknown, as?: string) =>
    fetch(`${uri}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token(as)}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const submit = async (): Promise<string> => {
    const reply = await ask('/v1/async', { inputs: tinySample.inputs });
    expect(reply.status).toBe(202);
    return ((await reply.json()) as Job).id;
  };
  const objects = (kind: string) =>
    [...bench.google.buckets.all('models')].flatMap(([name, { bytes }]) =>
      name.startsWith(`${under}/${kind}/`) ? [JSON.parse(bytes.toString()) as Job] : [],
    );
  const result = (job: string) =>
    vi.waitFor(() => {
      const found = objects('results').find((one) => one.id === job);
      if (!found) throw new Error(`no result of ${job}`);
      return found;
    }, patience);
  const instances = () => [...(bench.service()?.revisions.values() ?? [])].flatMap(({ pool }) => (pool ? [pool] : []));

  it('are answered, and the answer is asked for', async () => {
    const job = await submit();
    expect(await result(job)).toMatchObject({ status: 'done', answer: { model: { version: '1.0.0' } }, attempt: 1 });
    const looked = await ask(`/v1/async/${job}`);
    expect([looked.status, await looked.json()]).toEqual([200, expect.objectContaining({ id: job, status: 'done' })]);
  });

  it('reach the live version alone while a candidate is there, and the next one once it is live', async () => {
    bench.release({ version: '1.1.0', bias: 0.25 });
    await bench.json('publish');
    await bench.json('deploy');
    const before = await Promise.all(Array.from({ length: 6 }, submit));
    for (const job of before) expect((await result(job)).answer?.model.version).toBe('1.0.0');
    await bench.json('promote');
    expect((await result(await submit())).answer?.model.version).toBe('1.1.0');
  }, 120_000);

  it('are all answered, and once, where processes are killed and pushes come twice', async () => {
    bench.google.calls();
    bench.google.knobs.pushDuplicates = 4;
    const jobs: string[] = [];
    for (let nth = 0; nth < 60; nth++) {
      // What was not accepted was not promised: its caller asks again.
      const accepted = await submit().catch(() => undefined);
      if (accepted !== undefined) jobs.push(accepted);
      if (nth % 12 === 5) for (const pool of instances()) pool.crash();
    }
    for (const job of jobs) expect(await result(job)).toMatchObject({ status: 'done' });
    await vi.waitFor(() => expect(bench.google.pubsub.waiting(id)).toEqual([]), patience);
    bench.google.knobs.pushDuplicates = 0;
    await bench.google.pubsub.quiet();
    const made = bench.google
      .calls()
      .filter(({ method, status }) => method === 'storage.objects.insert' && status === 200)
      .map(({ parameters }) => parameters['object'] ?? '')
      .filter((name) => name.startsWith(`${under}/results/`));
    expect(new Set(made).size).toBe(made.length);
    expect(jobs.filter((job) => !made.includes(`${under}/results/${job}.json`))).toEqual([]);
    expect(jobs.length).toBeGreaterThan(40);
  }, 120_000);

  it('that are none of ours are kept with their reason, beside the others and in the way of none', async () => {
    const { iam, project } = bench.google.context;
    // What coldgate doctor --suggest prints for the account of Pub/Sub.
    const rights = ['pubsub.topics.publish', 'pubsub.subscriptions.consume'];
    iam.grant(bench.google.pubsub.agent, rights, `projects/${project}`, 0);
    bench.google.pubsub.publish(`projects/${project}/topics/${id}`, [
      { data: Buffer.from('hello').toString('base64') },
    ]);
    const job = await submit();
    expect(await result(job)).toMatchObject({ status: 'done' });
    await vi.waitFor(() => expect(bench.google.pubsub.waiting(`${id}-dead`)).toHaveLength(1), patience);
    expect(bench.google.pubsub.waiting(id)).toEqual([]);
    expect(objects('dead')).toEqual([
      expect.objectContaining({
        id: expect.stringMatching(/^bad-/),
        error: expect.objectContaining({ code: 'bad-message' }),
      }),
    ]);
  }, 120_000);

  it('are taken from Pub/Sub alone', async () => {
    const push = { message: { data: '', messageId: '1' }, subscription: 'x', deliveryAttempt: 1 };
    const reply = await ask('/coldgate/queue', push);
    expect([reply.status, await reply.json()]).toMatchObject([403, { error: { code: 'not-pubsub' } }]);
  });

  it('are no more once the function is gone', async () => {
    const { changes } = await bench.json('destroy', '--dry-run');
    expect(JSON.stringify(changes)).toContain(`the Pub/Sub topic ${id}`);
    await bench.json('destroy');
    expect([bench.google.pubsub.topics.size, bench.google.pubsub.subscriptions.size]).toEqual([0, 0]);
  });
});
