import { afterAll, describe, expect, it } from 'vitest';
import { compareAnswer } from '../../../src/model/answer-compare.ts';
import type { TaskSection } from '../../../src/model/task.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { type TextModelShape, textModel, textTensors } from '../../fixtures/text-model.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';
import { publishTask, smallText } from './task-store.ts';

const classes: TaskSection = {
  kind: 'text-classification',
  text: smallText,
  output: 'logits',
  labels: ['bad', 'so-so', 'good'],
  scores: 'softmax',
  top: 2,
};
const vectors: TaskSection = {
  kind: 'text-embedding',
  text: smallText,
  output: 'last_hidden_state',
  pooling: 'mean',
  normalize: false,
};

/** Models by name: a task, and the shape of a graph. */
const served: Record<string, [TaskSection, TextModelShape]> = {
  classes: [classes, {}],
  many: [{ ...classes, scores: 'sigmoid', top: 5 }, {}],
  vectors: [vectors, {}],
  unit: [{ ...vectors, normalize: true }, {}],
  cls: [{ ...vectors, pooling: 'cls' }, {}],
  last: [{ ...vectors, pooling: 'last', text: { ...smallText, padding: { ...smallText.padding, side: 'left' } } }, {}],
  whole: [{ ...vectors, pooling: 'none', output: 'logits' }, {}],
  single: [vectors, { rows: 1 }],
  pairs: [vectors, { rows: 2, dtype: 'int32' }],
  long: [vectors, { tokens: 32 }],
  bare: [vectors, { inputs: ['input_ids'] }],
  short: [{ ...vectors, text: { ...smallText, max_tokens: 4 } }, {}],
  other: [{ ...classes, labels: ['no', 'yes'] }, {}],
};

const store = new ModelStore();
for (const [name, [task, shape]] of Object.entries(served)) publishTask(store, name, '1.0.0', task, { shape });
store.promote(store.publish('tiny', '1.0.0', { model: tinyModel() }));
const app = new TestApp(store.root, { COLDGATE_MODELS: Object.keys(served).join(',') });
afterAll(async () => {
  await app.close();
  store.remove();
});

const predict = (name: string, body: unknown) => app.ask(`/v1/models/${name}/predict`, { body: body as object });

async function predictions<T>(name: string, body: unknown): Promise<T[]> {
  const reply = await predict(name, body);
  expect(reply).toMatchObject({ status: 200, json: { model: { name, version: '1.0.0' } } });
  return (reply.json as { predictions: T[] }).predictions;
}

interface Scored {
  label: string;
  score: number;
}

const texts = ['good', 'a longer text, of some words', 'and one of as many, or so', 'b'];

describe('classification of texts', () => {
  it('has the best labels first, and as many as are asked for', async () => {
    const [two] = await predictions<Scored[]>('classes', { text: 'a good text' });
    expect(two).toHaveLength(2);
    const [three] = await predictions<Scored[]>('classes', { text: 'a good text', top: 9 });
    expect(three?.slice(0, 2)).toEqual(two);
    expect(three!.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5);
    expect(three!.map(({ score }) => score)).toEqual(three!.map(({ score }) => score).sort((a, b) => b - a));
    const [several] = await predictions<Scored[]>('many', { text: 'a good text' });
    expect(several!.every(({ score }) => score > 0 && score < 1)).toBe(true);
    expect(several!.reduce((sum, { score }) => sum + score, 0)).not.toBeCloseTo(1, 3);
  });

  it('tells pairs from texts', async () => {
    const [one, pair] = await predictions('classes', { texts: ['good', { text: 'good', pair: 'good' }] });
    expect(pair).not.toEqual(one);
    expect(compareAnswer([pair], await predictions('classes', { text: 'good', pair: 'good' }))).toBeUndefined();
  });

  it('says that the model does not answer as the task expects', async () => {
    expect(await predict('other', { text: 'a' })).toMatchObject({
      status: 422,
      json: { error: { code: 'task-mismatch' } },
    });
  });
});

describe('vectors of texts', () => {
  it.each(Object.keys(served).filter((name) => name !== 'other'))(
    'are for %s those of each text by itself',
    async (name) => {
      const together = await predictions<number[]>(name, { texts });
      const alone = [];
      for (const text of texts) alone.push(...(await predictions<number[]>(name, { text })));
      expect(compareAnswer(alone, together)).toBeUndefined();
    },
  );

  it('are the same however a graph takes texts', async () => {
    const plain = await predictions('vectors', { texts });
    for (const name of ['single', 'pairs', 'long'])
      expect(compareAnswer(plain, await predictions(name, { texts }))).toBeUndefined();
  });

  it('are of the tokens that pooling says, whichever side is filled up', async () => {
    const [mean] = await predictions<number[]>('vectors', { text: 'good' });
    const [first] = await predictions<number[]>('cls', { texts });
    const [last] = await predictions<number[]>('last', { texts });
    // [CLS], and [SEP]: the first and the last token of every text.
    expect(await predictions('cls', { text: 'b' })).toEqual([first]);
    expect(await predictions('last', { text: 'b' })).toEqual([last]);
    expect(last).not.toEqual(first);
    expect(mean).not.toEqual(first);
    const [unit] = await predictions<number[]>('unit', { text: 'good' });
    expect(Math.hypot(...unit!)).toBeCloseTo(1, 5);
    const scale = Math.hypot(...mean!);
    for (const [at, value] of unit!.entries()) expect(value).toBeCloseTo(mean![at]! / scale, 5);
  });

  it('are of the beginning of what is too long', async () => {
    expect(await predictions('short', { text: 'a b c d e f' })).toEqual(await predictions('short', { text: 'a b' }));
  });
});

describe('a task', () => {
  it('answers the requests of a batch beside its tensors', async () => {
    const { inputs } = textTensors();
    const feeds = Object.fromEntries(inputs.map(({ name }) => [name, [[1, 1]]]));
    const body = {
      items: [{ request: { text: 'a' } }, { inputs: feeds }, { request: { texts: ['a', 7] } }, { request: 1 }],
    };
    const reply = await app.ask('/v1/models/classes/batch', { body });
    const [a] = await predictions('classes', { text: 'a' });
    expect(reply).toMatchObject({
      status: 200,
      json: {
        items: [
          { predictions: [a] },
          { outputs: { logits: [expect.any(Array)] } },
          { predictions: [a, { error: { code: 'bad-input' } }] },
          { error: { code: 'bad-input' } },
        ],
      },
    });
    const plain = await app.ask('/v1/batch', { body: { items: [{ request: { text: 'a' } }, { inputs: [[1, 2]] }] } });
    expect(plain.json).toMatchObject({ items: [{ error: { code: 'no-task' } }, { outputs: { y: [[5.5, 1]] } }] });
  });

  it('is described, with the time that it takes', async () => {
    const { json } = await app.ask('/v1/models/classes/openapi.json');
    expect(json).toMatchObject({
      paths: { '/v1/models/classes/predict': { post: { operationId: 'predict' } } },
      components: { schemas: { PredictRequest: { oneOf: [{}, {}] } } },
    });
    expect(JSON.stringify((await app.ask('/v1/openapi.json')).json)).not.toContain('Predict');
    const { headers } = await predict('classes', { text: 'a' });
    expect(headers['server-timing']).toMatch(/run;dur=[\d.]+, task;dur=/);
    const health = await app.ask('/v1/models/classes/health?warm=true');
    expect(health.json).toMatchObject({ sample: 'none', timings: { task_ms: expect.any(Number) } });
  });

  it('does not count for models without one', async () => {
    expect(await app.ask('/v1/predict', { body: { text: 'a' } })).toMatchObject({
      status: 404,
      json: { error: { code: 'no-task' } },
    });
    expect((await app.ask('/v1/health?warm=true')).json).not.toHaveProperty('timings.task_ms');
  });

  it('is not served where its tokenizer is another than was published', async () => {
    const manifest = publishTask(store, 'forged', '1.0.0', classes);
    const { path } = manifest.artifacts[0]!;
    store.write(`forged/versions/1.0.0/${path}`, Buffer.from(textModel()));
    const forged = new TestApp(store.root, { MODEL_NAME: 'forged' });
    try {
      const reply = await forged.ask('/v1/predict', { body: { text: 'a' } });
      expect(reply).toMatchObject({ status: 503, json: { error: { code: 'checksum-mismatch' } } });
    } finally {
      await forged.close();
    }
  });
});
