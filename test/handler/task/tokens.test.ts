import { afterAll, describe, expect, it } from 'vitest';
import type { TokenClassification } from '../../../src/model/task.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';
import { publishTask, smallText } from './task-store.ts';

const entities: TokenClassification = {
  kind: 'token-classification',
  text: smallText,
  output: 'last_hidden_state',
  labels: ['O', 'B-PER', 'I-PER', 'LOC'],
  aggregation: 'simple',
  offsets: 'code-points',
};
const served: Record<string, TokenClassification> = {
  simple: entities,
  first: { ...entities, aggregation: 'first' },
  max: { ...entities, aggregation: 'max' },
  units: { ...entities, offsets: 'utf-16' },
  all: { ...entities, labels: ['a', 'b', 'c', 'd'] },
};

const store = new ModelStore();
for (const [name, task] of Object.entries(served)) publishTask(store, name, '1.0.0', task);
const app = new TestApp(store.root, { MODEL_NAME: 'simple', COLDGATE_MODELS: 'first,max,units,all' });
afterAll(async () => {
  await app.close();
  store.remove();
});

interface Entity {
  label: string;
  score: number;
  start: number;
  end: number;
  text: string;
}

async function entitiesOf(name: string, text: string): Promise<Entity[]> {
  const reply = await app.ask(`/v1/models/${name}/predict`, { body: { texts: ['x', text] } });
  expect(reply.status).toBe(200);
  return (reply.json as { predictions: Entity[][] }).predictions[1]!;
}

/** Of every script and sign that shifts places. */
const text = 'The 😀 unbelievable café, in Zürich. 北京 e\u0301a tokenization';

describe('entities of a text', () => {
  it.each(Object.keys(served))('stand where they say: %s', async (name) => {
    const found = await entitiesOf(name, text);
    expect(found.length).toBeGreaterThan(1);
    const units = name === 'units' ? text.split('') : [...text];
    let last = 0;
    for (const { start, end, text: own, score } of found) {
      expect(units.slice(start, end).join('')).toBe(own);
      expect(own).toBe(own.trim());
      expect(start).toBeGreaterThanOrEqual(last);
      expect(end).toBeGreaterThan(start);
      expect(score > 0 && score <= 1).toBe(true);
      last = end;
    }
  });

  it('leave out what is outside of any, and names of places', async () => {
    const labels = new Set((await entitiesOf('simple', text)).map(({ label }) => label));
    expect([...labels].filter((label) => !['PER', 'LOC'].includes(label))).toEqual([]);
  });

  it.each(['first', 'max'])('are whole words where tokens are put together: %s', async (name) => {
    const words = new Set(text.match(/[\p{L}\p{M}]+|[^\s\p{L}\p{M}]/gu));
    const parts = (await entitiesOf(name, text)).flatMap(
      ({ text: own }) => own.match(/[\p{L}\p{M}]+|[^\s\p{L}\p{M}]/gu)!,
    );
    // Ideographs are words by themselves.
    expect(parts.filter((part) => !words.has(part) && !/\p{Script=Han}/u.test(part))).toEqual([]);
  });

  it('are of one text alone', async () => {
    const reply = await app.ask('/v1/predict', { body: { text: 'a', pair: 'b' } });
    expect(reply).toMatchObject({ status: 400, json: { error: { code: 'bad-input' } } });
  });
});
