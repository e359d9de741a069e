import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { TensorInfo } from '../../../src/model/tensor-info.ts';
import { encodeModel, node, tensorType, value } from '../../fixtures/onnx.ts';
import { FunctionProcess } from '../function-process.ts';
import { openAdapterBed } from '../platforms/adapter-bed.ts';

const { bundle, store, remove } = await openAdapterBed();
const info = (name: string): TensorInfo[] => [{ name, dtype: 'float32', shape: ['n', 'm'] }];
const model = encodeModel({
  inputs: [value('x', tensorType('float32', ['n', 'm']))],
  outputs: [value('y', tensorType('float32', ['n', 'm']))],
  nodes: [node('Identity', ['x'], ['y'])],
});
store.promote(store.publish('echo', '1.0.0', { model, inputs: info('x'), outputs: info('y') }));

/** Far less than short rows of such a body take as objects. */
const heapMb = 192;
const one = new FunctionProcess(bundle, {
  MODEL_PREFIX: store.root,
  MODEL_NAME: 'echo',
  COLDGATE_MAX_PAYLOAD_KB: String(64 * 1024),
  NODE_OPTIONS: `--max-old-space-size=${heapMb}`,
});
afterAll(async () => {
  await one.stop();
  remove();
});

const rows = (text: string, megabytes: number): string =>
  `[${`${text},`.repeat((megabytes * 1024 * 1024) / (text.length + 1))}${text}]`;

async function send(path: string, body: string | Uint8Array<ArrayBuffer>, headers = {}): Promise<Response> {
  const { port } = await one.listening();
  const all = { 'content-type': 'application/json', ...headers };
  return fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers: all, body });
}

/** Asks for health, one after the other, until the work is done; the time of each, ms. */
async function healthDuring(work: Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  let going = true;
  const done = work.finally(() => {
    going = false;
  });
  while (going) {
    const started = performance.now();
    expect((await one.fetch('/v1/health')).status).toBe(200);
    times.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await done;
  return times;
}

async function residentMb(): Promise<number> {
  const { pid } = await one.listening();
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Ends when what the process takes is less. */
async function takesLessThan(megabytes: number): Promise<void> {
  for (const end = performance.now() + 30_000; performance.now() < end; ) {
    if ((await residentMb()) < megabytes) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  expect(await residentMb()).toBeLessThan(megabytes);
}

describe.skipIf(process.platform !== 'linux')('large bodies', () => {
  it('are answered, keep health from nothing, and are given back', async () => {
    await one.json('/v1/infer', { inputs: [[1, 2]] });
    const start = await residentMb();
    const count = 5 * 1024 * 1024;
    let answer: { outputs: { y: number[][] } } | undefined;
    const times = await healthDuring(
      (async () => {
        const short = await send('/v1/infer', `{"inputs":${rows('[1,2]', 30)}}`, {
          accept: 'application/octet-stream',
        });
        expect([short.status, short.headers.get('x-tensor-shape')]).toEqual([200, `${count + 1},2`]);
        const long = await send('/v1/infer', `{"inputs":${rows('[0.5,-1e3,3]', 5)}}`);
        answer = (await long.json()) as typeof answer;
        const bytes = await send('/v1/infer', new Uint8Array(16 * 1024 * 1024), {
          ...{ 'content-type': 'application/octet-stream', 'x-tensor-shape': '1,4194304' },
        });
        expect([bytes.status, (await bytes.arrayBuffer()).byteLength]).toEqual([200, 16 * 1024 * 1024]);
      })(),
    );
    const y = answer?.outputs.y ?? [];
    expect([y.length, y[0], y.at(-1)]).toEqual([403_299, [0.5, -1000, 3], [0.5, -1000, 3]]);
    expect(times.length).toBeGreaterThan(10);
    expect(Math.max(...times)).toBeLessThan(5000);
    await takesLessThan(start * 3.5);
  });

  it('that take more memory than there is are refused, and the process stays', async () => {
    const { pid } = await one.listening();
    const refused = await send('/v1/infer', `{"inputs":${rows('[]', 30)}}`);
    expect([refused.status, await refused.json()]).toMatchObject([413, { error: { code: 'payload-too-large' } }]);
    const uneven = await send('/v1/infer', `{"inputs":${rows('[1]', 30).replace('[1]', '[1,2]')}}`);
    expect([uneven.status, await uneven.json()]).toMatchObject([400, { error: { code: 'bad-input' } }]);
    expect(await one.json('/v1/health')).toMatchObject({ status: 'ok', pid });
  });

  it('go the same way in the other protocol and in batches', async () => {
    const tensor = { name: 'x', shape: [1, 3], datatype: 'FP32', data: [1, 2, 3] };
    const long = JSON.stringify({ inputs: [{ ...tensor, shape: [1, 400_000], data: Array(400_000).fill(1.25) }] });
    const v2 = await send('/v2/models/echo/infer', long);
    const { outputs } = (await v2.json()) as { outputs: { shape: number[]; data: number[] }[] };
    expect([v2.status, outputs[0]?.shape, outputs[0]?.data.length]).toEqual([200, [1, 400_000], 400_000]);
    const item = { inputs: [Array(200_000).fill(2.5)] };
    const batch = await send('/v1/batch', JSON.stringify({ items: [item, { inputs: 'no' }, item] }));
    const { items } = (await batch.json()) as { items: { outputs?: { y: number[][] }; error?: unknown }[] };
    expect(items.map(({ outputs: given, error }) => given?.y[0]?.length ?? error)).toMatchObject([
      200_000,
      { code: 'bad-input' },
      200_000,
    ]);
  });
});
