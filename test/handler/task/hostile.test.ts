import { afterAll, expect, it } from 'vitest';
import type { TaskSection } from '../../../src/model/task.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';
import { publishTask, smallText } from './task-store.ts';

const task: TaskSection = {
  kind: 'text-classification',
  text: smallText,
  output: 'logits',
  labels: ['bad', 'so-so', 'good'],
  scores: 'softmax',
  top: 1,
};
const store = new ModelStore();
publishTask(store, 'tiny', '1.0.0', task);
const app = new TestApp(store.root, { COLDGATE_MAX_PAYLOAD_KB: '2048' });
afterAll(async () => {
  await app.close();
  store.remove();
});

const deep = (depth: number, leaf: string): string => '['.repeat(depth) + leaf + ']'.repeat(depth);

const values: unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, [], {}, [[]], [null], { text: 'a' }, '\ud800', 'a\udc00b', '\udfff\ud800'],
];
const bodies: unknown[] = [
  ...values.map((value) => ({ text: value })),
  ...values.map((value) => ({ texts: value })),
  ...values.map((value) => ({ text: 'a', pair: value })),
  ...values.map((value) => ({ texts: ['a', value] })),
  ...values.map((value) => ({ texts: ['a', { text: value }] })),
  ...values.map((value) => ({ texts: [{ text: 'a', pair: value }] })),
  ...values.map((value) => ({ text: 'a', top: value })),
  ...['Text', 'texts ', 'constructor', 'toString', 'x'.repeat(10_000)].map((name) => ({ text: 'a', [name]: 'b' })),
  { texts: Array(1025).fill('a') },
  { text: 'a', texts: ['b'] },
  { inputs: [[1]] },
];
const written = [
  ...['', '{', '[]', '"text"', 'null', '1', '{"text":"a"', '{"text":"\\u12"}', "{'text':'a'}", '\u0000', 'NaN'],
  `{"text":${deep(5000, '"a"')}}`,
  `{"texts":${deep(2000, '')}}`,
  '{"text":"a","text":5}',
  '{"__proto__":{"text":"a"}}',
  '{"texts":["a"],"__proto__":null}',
];

it.each([...bodies.map((body) => JSON.stringify(body)), ...written].map((body) => [body.slice(0, 60), body]))(
  'answers or refuses %s',
  async (_shown, body) => {
    const reply = await app.ask('/v1/predict', { body });
    expect([200, 400]).toContain(reply.status);
    const { predictions, error } = reply.json as { predictions?: unknown[]; error?: { code: string } };
    if (reply.status === 200) expect(predictions!.length).toBeGreaterThan(0);
    else expect(['bad-input', 'bad-json']).toContain(error!.code);
  },
);

it.each<[string, string]>([
  ['a word without end', 'a'.repeat(1_000_000)],
  ['words without end', 'ab '.repeat(300_000)],
  ['marks without end', `a${'\u0301'.repeat(300_000)}`],
  ['emoji without end', '👩‍👩‍👧‍👦'.repeat(20_000)],
  ['spaces alone', ' '.repeat(1_000_000)],
  ['nothing', ''],
  ['control characters', String.fromCharCode(...Array.from({ length: 32 }, (_, code) => code)).repeat(1000)],
  ['private and unassigned characters', '\ue000\u0378\u{10ffff}\ufffe'.repeat(10_000)],
  ['special tokens without end', '[SEP][CLS][PAD][MASK]'.repeat(20_000)],
])('answers %s', async (_what, text) => {
  const reply = await app.ask('/v1/predict', { body: { texts: [text, 'a', { text, pair: text.slice(0, 1000) }] } });
  expect(reply.status).toBe(200);
});

it('refuses what it does not take', async () => {
  const headers = (type: string) => ({ headers: { 'content-type': type }, body: '{"text":"a"}' });
  for (const type of ['text/plain', 'image/png', '', 'application/jsonx'])
    expect(await app.ask('/v1/predict', headers(type))).toMatchObject({ status: 415 });
  const large = await app.ask('/v1/predict', { body: { text: 'a'.repeat(3 * 1024 * 1024) } });
  expect(large).toMatchObject({ status: 413, json: { error: { code: 'payload-too-large' } } });
  expect(await app.ask('/v1/predict')).toMatchObject({ status: 405 });
});
