import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { HandlerChild } from '../../fakes/handler/child.ts';
import { callOver } from '../../fakes/handler/http.ts';
import { countingModel, countingTensors } from '../../fixtures/counting-model.ts';
import { FunctionProcess } from '../function-process.ts';
import { openAdapterBed } from '../platforms/adapter-bed.ts';

const { bundle, store, remove } = await openAdapterBed();
const running: FunctionProcess[] = [];
afterAll(async () => {
  for (const one of running) await one.stop();
  remove();
});
const { inputs, outputs } = countingTensors;
for (const [name, unbounded] of [
  ['counting', true],
  ['older', false],
] as const) {
  store.promote(store.publish(name, '1.0.0', { model: countingModel(), inputs, outputs, unbounded }));
}

function start(name: string, runTimeoutMs: number): FunctionProcess {
  const variables = { MODEL_PREFIX: store.root, MODEL_NAME: name, COLDGATE_MODELS: 'tiny' };
  const one = new FunctionProcess(bundle, { ...variables, COLDGATE_RUN_TIMEOUT_MS: String(runTimeoutMs) });
  running.push(one);
  return one;
}

const endless = 1e12;
const count = (one: FunctionProcess, n: number): Promise<Response> => one.fetch('/v1/infer', { inputs: { n, x: [1] } });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const eventually = async (done: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await done())) await pause(50);
};
const works = (one: FunctionProcess) => async (): Promise<boolean> =>
  (await count(one, 3).catch(() => undefined))?.status === 200;

describe('a run without an end', () => {
  it('keeps nobody waiting but its caller, from the first request on, and its process is replaced', async () => {
    const one = start('counting', 2000);
    const { port, pid } = await one.listening();
    const stuck = count(one, endless);
    await pause(300);
    expect((await one.fetch('/v1/health')).status).toBe(200);
    expect(await one.json('/v1/models/tiny/infer', { inputs: [[1, 2]] })).toMatchObject({ outputs: { y: [[5.5, 1]] } });
    const reply = await stuck;
    expect(reply.status).toBe(504);
    expect(await reply.json()).toMatchObject({ error: { code: 'run-timeout' } });
    await eventually(works(one));
    await one.line('session-lost');
    // Nobody asks now, and the thread that hangs goes with its process.
    await one.line('replaced');
    await eventually(() => one.lines.filter(({ event }) => event === 'listening').length === 2);
    expect(one.lines.filter(({ event }) => event === 'listening').at(-1)).toMatchObject({ port, pid });
    await eventually(works(one));
  });

  it('does not keep the process from ending', async () => {
    const one = start('counting', 600_000);
    await eventually(works(one));
    const stuck = count(one, endless).catch(() => 'broken off');
    await pause(300);
    await one.stop();
    expect(await stuck).toBe('broken off');
  });

  it('is bounded as well for a version that says nothing of it, once a run was slow', async () => {
    const one = start('older', 5000);
    let n = 100_000;
    await count(one, n);
    await eventually(async () => {
      n = Math.min(n * 2, 1_000_000);
      await count(one, n);
      return one.lines.some(({ event }) => event === 'isolated');
    });
    // On a busy machine one of these runs may have been too long itself: its session is replaced first.
    await eventually(works(one));
    const stuck = count(one, endless);
    await pause(300);
    expect((await one.fetch('/v1/health')).status).toBe(200);
    expect((await stuck).status).toBe(504);
    await eventually(works(one));
  });

  it.each([
    ['Google', 'google-host.ts', 'google.mjs'],
    ['Azure', 'azure-host.ts', '.'],
  ])('is bounded on %s as well', async (_platform, host, entry) => {
    const child = new HandlerChild([join(import.meta.dirname, '../../fakes/handler', host), join(bundle, entry)], {
      ...{ MODEL_STORE: 'file', MODEL_PREFIX: store.root, MODEL_CACHE: join(bundle, `cache-${entry}`) },
      ...{ MODEL_NAME: 'counting', COLDGATE_RUN_TIMEOUT_MS: '2000' },
    });
    try {
      const call = callOver(await child.port());
      const requests = (n: number): ReturnType<typeof call> =>
        call('POST', '/v1/infer', { 'content-type': 'application/json' }, JSON.stringify({ inputs: { n, x: [1] } }));
      const stuck = requests(endless);
      await pause(300);
      expect((await call('GET', '/v1/health')).status).toBe(200);
      const { status, body } = await stuck;
      expect([status, JSON.parse(Buffer.from(body).toString())]).toMatchObject([
        504,
        { error: { code: 'run-timeout' } },
      ]);
      await eventually(async () => (await requests(3)).status === 200);
    } finally {
      await child.stop();
    }
  });
});
