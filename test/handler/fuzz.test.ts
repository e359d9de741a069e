import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom, tinyModel, tokenModel } from '../fixtures/onnx.ts';
import { ModelStore } from './model-store.ts';
import { type Ask, TestApp } from './test-app.ts';

const store = new ModelStore();
let app: TestApp;
beforeAll(() => {
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel() }));
  store.promote(store.publish('tokens', '1.0.0', { model: tokenModel() }));
  app = new TestApp(store.root, { COLDGATE_MODELS: 'tokens' });
});
afterAll(async () => {
  await app.close();
  store.remove();
});

const random = seededRandom(20_260_731);
const below = (n: number): number => Math.floor(random() * n);
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

const scalars: unknown[] = [
  0,
  1,
  -1,
  0.5,
  1e308,
  -1e308,
  2 ** 53,
  15,
  16,
  99,
  true,
  false,
  null,
  '',
  'NaN',
  'x',
  '9223372036854775807',
  '\u0000',
  '__proto__',
  {},
  [],
];
const names = [
  'inputs',
  'outputs',
  'items',
  'x',
  'y',
  'ids',
  'offset',
  'shape',
  'dtype',
  'data',
  '__proto__',
  'constructor',
  '',
];

function anything(depth: number): unknown {
  const kind = depth > 4 ? 0 : below(4);
  if (kind === 0) return pick(scalars);
  if (kind < 3) return Array.from({ length: below(4) }, () => anything(depth + 1));
  return Object.fromEntries(Array.from({ length: below(4) }, () => [pick(names), anything(depth + 1)]));
}

const good: unknown[] = [
  { inputs: [[1, 2]] },
  { inputs: { x: { shape: [2, 2], dtype: 'float32', data: [1, 2, 3, 4] } }, outputs: ['y'] },
  { inputs: { ids: [[1, 2]], offset: { shape: [1, 2], data: [0, '1'] } } },
  { items: [{ inputs: [[1, 2]] }, { inputs: { x: [[3, 4]] } }] },
  { items: [{ inputs: { ids: [[1]], offset: [[0]] } }, { inputs: { ids: [[2]], offset: [[0]] } }] },
];

/** One node of a good body replaced, dropped or doubled. */
function mutated(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random() < 0.15)
    return random() < 0.5 ? anything(2) : pick(scalars);
  if (Array.isArray(value)) {
    const copy = [...value];
    const at = below(copy.length + 1);
    if (at === copy.length) copy.push(anything(3));
    else if (random() < 0.2) copy.splice(at, 1);
    else copy[at] = mutated(copy[at]);
    return copy;
  }
  const entries = Object.entries(value);
  const at = below(entries.length);
  const [key, inner] = entries[at] ?? ['x', 1];
  const changed: [string, unknown][] = random() < 0.15 ? [[pick(names), inner]] : [[key, mutated(inner)]];
  return Object.fromEntries([...entries.filter((_, i) => i !== at), ...changed]);
}

function broken(text: string): string | Uint8Array {
  const bytes = Buffer.from(text);
  for (let i = 0; i <= below(3); i++) {
    const at = below(bytes.length);
    if (random() < 0.3) return bytes.subarray(0, at);
    bytes[at] = below(256);
  }
  return bytes;
}

function randomAsk(): [string, Ask] {
  const url = `/v1${pick(['', '', '/models/tokens'])}/${pick(['infer', 'infer', 'batch'])}`;
  const text = JSON.stringify(random() < 0.6 ? mutated(pick(good)) : anything(0)) ?? '';
  if (random() < 0.7) return [url, { body: text, headers: { 'content-type': 'application/json' } }];
  const body = random() < 0.6 ? broken(text) : Buffer.from(Array.from({ length: below(40) }, () => below(256)));
  const type = pick(['application/json', 'application/octet-stream', 'text/plain', ';', 'application/json; charset=x']);
  const shape = pick(['1,2', '', '0,2', '-1', '1,2,3', '99999999999999999999', '[2,2]', '1e3,2']);
  const headers = {
    'content-type': type,
    accept: pick(['', '*/*', 'application/octet-stream']),
    'x-tensor-shape': shape,
  };
  return [url, { body, headers, method: 'POST' }];
}

describe('hostile bodies', () => {
  it('are all answered, typed, and never as our own failure', async () => {
    const statuses = new Map<number, number>();
    for (let i = 0; i < 4000; i++) {
      const [url, ask] = randomAsk();
      const { status, json } = await app.ask(url, ask);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const explained = status === 200 || typeof (json as { error: { code: unknown } }).error.code === 'string';
      if (![200, 400, 415, 422].includes(status) || !explained) {
        throw new Error(`${status} for ${url} ${JSON.stringify(ask)}: ${JSON.stringify(json)}`);
      }
    }
    // Bodies of every kind were among them, or this would prove nothing.
    expect([...statuses.keys()].sort()).toEqual([200, 400, 415, 422]);
    expect(app.logged('request').length).toBe(4000);
    expect(await app.ask('/v1/infer', { body: { inputs: [[1, 2]] } })).toMatchObject({ status: 200 });
  });

  it('may be nested as deep as they like', async () => {
    for (const deep of [
      '['.repeat(200_000),
      `{"inputs":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      '{"a":'.repeat(100_000),
    ]) {
      expect((await app.ask('/v1/infer', { body: deep })).status).toBe(400);
    }
  });
});
