import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ReleaseBench } from '../../azure/release-bench.ts';
import { AzuriteQueues } from '../../azure/storage/azurite-queues.ts';
import { describeWith } from '../../emulators/servers.ts';
import { tinySample } from '../../fixtures/onnx.ts';

const patience = { timeout: 90_000, interval: 200 };

/*
 * A queue on Premium, where what is to be live stands in a slot with the settings of the queue until the two change places: the
 * real function in the published package, messages on Azurite.
 */
describeWith('azurite', 'messages of a function on Premium', () => {
  let queues: AzuriteQueues;
  let bench: ReleaseBench;

  beforeAll(async () => {
    queues = await AzuriteQueues.start('coldgatetest');
    bench = await ReleaseBench.openLive('plan: premium, queue: {}', { queues });
  }, 240_000);
  afterAll(async () => {
    await bench?.close();
    await queues?.stop();
  });

  const submit = async (): Promise<string | undefined> => {
    const key = bench.azure.web.keys.of(bench.site('live')!).functionKeys['default'] ?? '';
    const headers = { 'content-type': 'application/json', 'x-functions-key': key };
    const body = JSON.stringify({ inputs: tinySample.inputs });
    const reply = await fetch(`${bench.url}/v1/async`, { method: 'POST', headers, body });
    const { id } = (await reply.json()) as { id?: string };
    return reply.status === 202 ? id : undefined;
  };
  const results = (): string[] => {
    const folder = bench.project.path('store', '_coldgate', 'async', 'digits-local', 'results');
    const files = existsSync(folder) ? readdirSync(folder) : [];
    return files.flatMap((file) => /^([^.]+)\.json$/.exec(file)?.[1] ?? []).sort();
  };

  it('are worked on by what is live alone while its next revision waits in the slot, and none is lost in the swap', async () => {
    const accepted: string[] = [];
    let isOver = false;
    const sending = (async () => {
      while (!isOver) {
        // What was not accepted was not promised.
        const id = await submit().catch(() => undefined);
        if (id !== undefined) accepted.push(id);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    })();
    const before = bench.site('live')?.content?.sha256;
    bench.target = 'plan: premium, queue: {}, app-settings: { NEXT: one }';
    bench.release({ version: '1.1.0', bias: 0.25 });
    // Without a measurement, which nothing here is about.
    await bench.json('publish');
    await bench.json('promote', '--gate', 'skip').finally(() => {
      isOver = true;
    });
    await sending;
    await vi.waitFor(async () => {
      const id = await submit();
      if (id === undefined) throw new Error('the last one was not accepted');
      accepted.push(id);
    }, patience);
    await vi.waitFor(() => expect(results()).toEqual([...accepted].sort()), patience);
    const site = bench.site('live');
    expect([site?.settings.get('NEXT'), site?.content?.sha256]).toEqual(['one', before]);
    expect(new Set(bench.azure.web.queues?.calls.map((call) => call.site))).toEqual(new Set([site?.key]));
  });

  it('find a trigger in what is live, and none in what was live before', async () => {
    const sites = [...bench.azure.web.sites.values()].filter(({ name }) => name === bench.site('live')?.name);
    const found = sites.map(async ({ slot, generation, settings }) => {
      const functions = (await generation?.index())?.map(({ name }) => name).sort();
      return [slot, settings.get('COLDGATE_QUEUE')?.split('/').at(-1), functions];
    });
    const name = bench.site('live')?.name;
    expect(await Promise.all(found)).toEqual([
      [undefined, name, ['coldgate', 'queue']],
      ['cg-next', name, ['coldgate']],
    ]);
    expect(await queues.count(`${name}-poison`)).toBe(0);
    await bench.json('destroy');
    expect([...(bench.azure.accounts.find('coldgatetest')?.queues.keys() ?? [])]).toEqual([]);
  });
});
