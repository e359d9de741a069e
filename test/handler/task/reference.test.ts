import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compareAnswer } from '../../../src/model/answer-compare.ts';
import { sha256 } from '../../../src/model/digest.ts';
import type { TaskSection } from '../../../src/model/task.ts';
import { smallTokenizer, textModel } from '../../fixtures/text-model.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';
import { publishTask, smallText } from './task-store.ts';

/** What Python answers; scripts/task/reference.py wrote it down. */
interface Case {
  text: string;
  pair?: string;
  softmax: number[];
  sigmoid: number[];
  mean: number[];
  unit: number[];
  cls: number[];
  last: number[];
  entities?: object[];
}

const model = textModel();
const { COLDGATE_TEXT_MODEL: folder } = process.env;
if (folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.onnx'), model);
  writeFileSync(join(folder, 'tokenizer.json'), smallTokenizer());
}
const fixture = join(import.meta.dirname, '..', '..', 'fixtures', 'tasks', 'texts.json');
const { model: digest, cases } = JSON.parse(readFileSync(fixture, 'utf8')) as { model: string; cases: Case[] };

const classes = { kind: 'text-classification', text: smallText, output: 'logits', top: 3 } as const;
const vectors = { kind: 'text-embedding', text: smallText, output: 'last_hidden_state', normalize: false } as const;
const served: Record<string, TaskSection> = {
  softmax: { ...classes, labels: [0, 1, 2], scores: 'softmax' },
  sigmoid: { ...classes, labels: [0, 1, 2], scores: 'sigmoid' },
  mean: { ...vectors, pooling: 'mean' },
  unit: { ...vectors, pooling: 'mean', normalize: true },
  cls: { ...vectors, pooling: 'cls' },
  last: { ...vectors, pooling: 'last' },
  entities: {
    ...{ kind: 'token-classification', text: smallText, output: 'last_hidden_state' },
    ...{ labels: ['O', 'B-PER', 'I-PER', 'LOC'], aggregation: 'simple', offsets: 'code-points' },
  },
};

const store = new ModelStore();
for (const [name, task] of Object.entries(served)) publishTask(store, name, '1.0.0', task);
const app = new TestApp(store.root, { MODEL_NAME: 'mean', COLDGATE_MODELS: Object.keys(served).join(',') });
afterAll(async () => {
  await app.close();
  store.remove();
});

/** Scores by column, in the order of the columns. */
const byColumn = (scores: { label: number; score: number }[]): number[] =>
  [...scores].sort((a, b) => a.label - b.label).map(({ score }) => score);

describe('what Python answers', () => {
  it('was asked of this very model', () => {
    expect(sha256(model)).toBe(digest);
  });

  it.each(Object.keys(served))('is what the task answers, within 1e-4: %s', async (name) => {
    const own = cases.filter((one) => name !== 'entities' || one.pair === undefined);
    const texts = own.map(({ text, pair }) => (pair === undefined ? text : { text, pair }));
    const reply = await app.ask(`/v1/models/${name}/predict`, { body: { texts } });
    expect(reply.status).toBe(200);
    const { predictions } = reply.json as { predictions: unknown[] };
    const got =
      name === 'softmax' || name === 'sigmoid' ? predictions.map((one) => byColumn(one as never)) : predictions;
    const want = own.map((one) => one[name as keyof Case]);
    expect(compareAnswer(want, got, { relative: 0, absolute: 1e-4 })).toBeUndefined();
  });
});
