import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ReleaseBench } from '../../azure/release-bench.ts';
import { AzuriteQueues } from '../../azure/storage/azurite-queues.ts';
import { describeWith } from '../../emulators/servers.ts';
import { tinySample } from '../../fixtures/onnx.ts';

const patience = { timeout: 90_000, interval: 100 };

interface Job {
  id: string;
  status: string;
  answer?: { model: { version: string } };
  error?: { code: string };
}

/*
 * A release with a queue, by the command line: requests go into a queue of Azurite's, whose messages the stand-in's host hands to
 * the real function in the published package, and results lie in the folder that is the store. Processes are killed.
 */
describeWith('azurite', 'messages of a function on Azure', () => {
  let queues: AzuriteQueues;
  let bench: ReleaseBench;

  beforeAll(async () => {
    queues = await AzuriteQueues.start('coldgatetest');
    bench = await ReleaseBench.openLive('queue: { attempts: 4 }', { queues });
  }, 240_000);
  afterAll(async () => {
    await bench?.close();
    await queues?.stop();
  });

  const name = (): string => bench.site('live')?.name ?? '';
  const ask = (path: string, body?: unknown) =>
    fetch(`${bench.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'content-type': 'application/json',
        'x-functions-key': bench.azure.web.keys.of(bench.site('live')!).functionKeys['default'] ?? '',
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const submit = async (): Promise<string> => {
    const reply = await ask('/v1/async', { inputs: tinySample.inputs });
    if (reply.status !== 202) throw new Error(`${reply.status} ${await reply.text()}`);
    return ((await reply.json()) as Job).id;
  };
  const kept = (kind: string): Job[] => {
    const folder = bench.project.path('store', '_coldgate', 'async', 'digits-local', kind);
    const files = existsSync(folder) ? readdirSync(folder).filter((file) => /^[^.]+\.json$/.test(file)) : [];
    return files.map((file) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Job);
  };
  const result = (job: string) =>
    vi.waitFor(() => {
      const found = kept('results').find(({ id }) => id === job);
      if (!found) throw new Error(`no result of ${job}`);
      return found;
    }, patience);
  /** Ids whose work was done, as the function has said it. */
  const done = (): string[] =>
    bench.azure.web.log.flatMap(({ line }) => {
      const { event, status, id } = line.startsWith('{') ? JSON.parse(line) : {};
      return event === 'async' && status === 'done' ? [String(id)] : [];
    });

  it('are answered by an app that has no instance, and the answer is asked for', async () => {
    const job = await submit();
    expect(await result(job)).toMatchObject({ status: 'done', answer: { model: { version: '1.0.0' } } });
    const looked = await ask(`/v1/async/${job}`);
    expect([looked.status, await looked.json()]).toEqual([200, expect.objectContaining({ id: job, status: 'done' })]);
    await bench.site('live')?.generation?.pool.stopIdle();
    expect(await result(await submit())).toMatchObject({ status: 'done' });
  });

  it('reach the live version alone while a candidate is there, and the next one once it is live', async () => {
    bench.release({ version: '1.1.0', bias: 0.25 });
    await bench.json('publish');
    await bench.json('deploy');
    expect(bench.site('candidate')?.settings.get('COLDGATE_QUEUE')).toBeUndefined();
    for (const job of [await submit(), await submit()]) expect((await result(job)).answer?.model.version).toBe('1.0.0');
    await bench.json('promote');
    expect((await result(await submit())).answer?.model.version).toBe('1.1.0');
  });

  it('are all answered, and once, where processes are killed', async () => {
    const jobs: string[] = [];
    for (let nth = 0; nth < 40; nth++) {
      // What was not accepted was not promised: its caller asks again.
      const accepted = await submit().catch(() => undefined);
      if (accepted !== undefined) jobs.push(accepted);
      if (nth % 10 === 6) bench.site('live')?.generation?.pool.crash();
    }
    for (const job of jobs) expect(await result(job)).toMatchObject({ status: 'done' });
    await vi.waitFor(async () => expect(await queues.count(name())).toBe(0), patience);
    const said = done();
    expect(new Set(said).size).toBe(said.length);
    expect(jobs.length).toBeGreaterThan(20);
  });

  it('that are none of ours are kept with their reason, where the host puts what has failed', async () => {
    // Text as it is: the host would put it aside without a word where it had to decode it.
    await queues.put(name(), 'hello');
    const job = await submit();
    expect(await result(job)).toMatchObject({ status: 'done' });
    await vi.waitFor(async () => expect(await queues.count(`${name()}-poison`)).toBe(1), patience);
    expect(kept('dead')).toEqual([
      expect.objectContaining({ error: expect.objectContaining({ code: 'bad-message' }) }),
    ]);
    expect(JSON.stringify(await bench.json('status'))).toContain('"queue":{"waiting":0,"working":0,"dead":1}');
  });

  it('are no more once the function is gone', async () => {
    const live = name();
    const { changes } = await bench.json('destroy', '--dry-run');
    expect(JSON.stringify(changes)).toContain(`the queue ${live}`);
    await bench.json('destroy');
    expect([...(bench.azure.accounts.find('coldgatetest')?.queues.keys() ?? [])]).toEqual([]);
  });
});
