import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { loadAhead } from '../../../src/handler/model/load-ahead.ts';
import { GcsFolder } from '../../fakes/handler/gcs-folder.ts';
import { tinyModel, tinySample } from '../../fixtures/onnx.ts';
import { FunctionProcess } from '../function-process.ts';
import { openAdapterBed } from './adapter-bed.ts';

const { bundle, variables, store, remove } = await openAdapterBed();
/** Each process has a cache of its own. */
const { MODEL_CACHE: _, ...shared } = variables;
const gcs = await new GcsFolder(store.root).start();
const running: FunctionProcess[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) {
    one.signal('SIGCONT');
    await one.stop();
  }
});
afterAll(async () => {
  await gcs.close();
  remove();
});

const start = (more: Record<string, string> = {}): FunctionProcess => {
  const one = new FunctionProcess(bundle, { ...shared, ...more }, 'cloud-run.cjs');
  running.push(one);
  return one;
};
const publish = (version: string, bias: number) =>
  store.publish('tiny', version, {
    model: tinyModel(bias),
    sample: { inputs: tinySample.inputs, outputs: { y: [[5 + bias, 1]] } },
  });
const events = (one: FunctionProcess): unknown[] => one.lines.map((line) => line['event']);

describe('a Cloud Run service', () => {
  it('listens everywhere once its model is loaded, and its first request is the cold one', async () => {
    const one = start({ K_REVISION: 'tiny-production-l-0a1b2c3d4e' });
    await one.listening();
    expect(await one.line('listening')).toMatchObject({ host: '0.0.0.0', severity: 'INFO', message: 'listening' });
    const health = await one.json('/v1/health');
    expect(health).toMatchObject({ loaded: true, revision: 'tiny-production-l-0a1b2c3d4e' });
    const warm = await one.json('/v1/health?warm=true');
    expect(warm).toMatchObject({ cold_start: true, sample: 'ok', timings: { model_loaded_ms: expect.any(Number) } });
    expect(await one.json('/v1/health?warm=true')).toMatchObject({ cold_start: false });
  });

  it('is the revision that it was deployed as, where that was said', async () => {
    const one = start({ K_REVISION: 'generated-00001-abc', COLDGATE_REVISION: 'ours' });
    expect(await one.json('/v1/health')).toMatchObject({ revision: 'ours' });
  });

  it('ends after the answer to the one who has its key, and goes on for others and without one', async () => {
    const one = start({ COLDGATE_END_KEY: 'the-key' });
    const other = start();
    const ask = async (of: FunctionProcess, key: string) =>
      fetch(`http://127.0.0.1:${(await of.listening()).port}/v1/health`, { headers: { 'x-coldgate-end': key } });
    expect((await ask(one, '')).status).toBe(200);
    expect((await ask(one, 'guessed')).status).toBe(200);
    const last = await ask(one, 'the-key');
    expect([last.status, await last.json()]).toMatchObject([200, { loaded: true }]);
    expect(await one.exited).toBe(0);
    for (const key of ['', 'undefined']) await ask(other, key);
    expect(await other.json('/v1/health')).toMatchObject({ loaded: true });
  });

  it('listens after a load that failed as well, and says why it does not serve', async () => {
    const one = start({ MODEL_NAME: 'absent' });
    await one.listening();
    expect(events(one)).toEqual(['load-failed', 'listening']);
    expect(await one.line('load-failed')).toMatchObject({ severity: 'ERROR', code: 'model-not-found' });
    const response = await one.fetch('/v1/infer', { inputs: [[1, 2]] });
    expect([response.status, await response.json()]).toMatchObject([503, { error: { code: 'model-not-found' } }]);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('does not listen before the load has ended', async () => {
    publish('7.0.0', 0.5);
    const release = gcs.hold('7.0.0/model.onnx');
    const one = start({ ...gcs.variables, MODEL_VERSION: '7.0.0' });
    await gcs.askedFor('7.0.0/model.onnx');
    await sleep(300);
    expect(events(one)).toEqual([]);
    release();
    await one.listening();
    expect(await one.json('/v1/health')).toMatchObject({ loaded: true });
  });

  it('waits for a load only so long', async () => {
    await loadAhead({ warm: () => new Promise(() => {}) }, 50);
  });

  it('says by its variables what is wrong with them, in the form of the log', async () => {
    const one = start({ MODEL_NAME: '../x' });
    expect(await one.exited).toBe(2);
    expect(one.lines).toMatchObject([{ severity: 'ERROR', event: 'start-failed', message: 'start-failed' }]);
  });

  it('writes its line before the answer leaves, under the trace of the request', async () => {
    const one = start({ GOOGLE_CLOUD_PROJECT: 'acme' });
    const { port } = await one.listening();
    const trace = '105445aa7843bc8bf206b12000100000';
    const headers = { 'x-cloud-trace-context': `${trace}/1;o=1` };
    const response = await fetch(`http://127.0.0.1:${port}/v1/health`, { headers });
    expect(response.headers.get('traceparent')).toBe(`00-${trace}-0000000000000001-01`);
    one.signal('SIGSTOP');
    expect(await one.line('request')).toMatchObject({
      severity: 'INFO',
      message: '/v1/health 200',
      httpRequest: { requestUrl: '/v1/health', status: 200 },
      'logging.googleapis.com/trace': `projects/acme/traces/${trace}`,
      'logging.googleapis.com/trace_sampled': true,
    });
    // The W3C's own header counts where both are there.
    one.signal('SIGCONT');
    const own = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
    const both = await fetch(`http://127.0.0.1:${port}/v1/health`, { headers: { ...headers, traceparent: own } });
    expect(both.headers.get('traceparent')).toBe(own);
  });
});

describe('a Cloud Run service that is stopped between requests', () => {
  const frozenMs = 3000;

  it('goes on with the refresh that it was stopped in, and does not count the time', async () => {
    store.promote(publish('8.0.0', 0.5));
    const one = start({ ...gcs.variables, MODEL_REFRESH_SECONDS: '1' });
    expect(await one.json('/v1/health?warm=true')).toMatchObject({ model: { version: '8.0.0' } });
    const release = gcs.hold('8.1.0/model.onnx');
    store.promote(publish('8.1.0', 1));
    const began = performance.now();
    await gcs.askedFor('8.1.0/model.onnx');
    one.signal('SIGSTOP');
    release();
    await sleep(frozenMs);
    one.signal('SIGCONT');
    const answer = (await one.json('/v1/infer', { inputs: [[1, 2]] })) as { model: { version: string } };
    const awakeMs = performance.now() - began - frozenMs;
    expect(answer.model.version).toBe('8.1.0');
    const { ms } = await one.line('swapped');
    expect(ms).toBeLessThan(awakeMs + 500);
    const { timings } = (await one.json('/v1/health?warm=true')) as { timings: { model_loaded_ms: number } };
    expect(timings.model_loaded_ms).toBeLessThan(awakeMs + 500);
    expect(events(one)).not.toContain('swap-refused');
  });

  it('does not count it in the load either that it was stopped in', async () => {
    publish('9.0.0', 0.5);
    const release = gcs.hold('9.0.0/model.onnx');
    const one = start({ ...gcs.variables, MODEL_VERSION: '9.0.0' });
    const began = performance.now();
    await gcs.askedFor('9.0.0/model.onnx');
    one.signal('SIGSTOP');
    release();
    await sleep(frozenMs);
    one.signal('SIGCONT');
    const warm = (await one.json('/v1/health?warm=true')) as { timings: { fetch_ms: number; model_loaded_ms: number } };
    const awakeMs = performance.now() - began - frozenMs;
    expect(warm.timings.fetch_ms).toBeLessThan(awakeMs + 500);
    expect(warm.timings.model_loaded_ms).toBeLessThan(awakeMs + 500);
  });

  it('counts what it waits for while it is let run', async () => {
    publish('9.1.0', 0.5);
    const release = gcs.hold('9.1.0/model.onnx');
    const one = start({ ...gcs.variables, MODEL_VERSION: '9.1.0' });
    await gcs.askedFor('9.1.0/model.onnx');
    await sleep(1500);
    release();
    expect(await one.json('/v1/health?warm=true')).toMatchObject({ timings: { fetch_ms: expect.any(Number) } });
    const [line] = one.lines.filter(({ event }) => event === 'request');
    expect((line!['timings'] as { fetch_ms: number }).fetch_ms).toBeGreaterThan(1400);
  });
});
