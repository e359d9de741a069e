import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareAnswer } from '../../src/model/answer-compare.ts';
import { runInProcess } from '../fakes/registry/forged-store.ts';
import { TextProject } from '../fixtures/text-project.ts';
import { TestApp } from '../handler/test-app.ts';

const fixture = (path: string): Buffer => readFileSync(join(import.meta.dirname, '..', 'fixtures', path));

let project: TextProject;
beforeEach(() => {
  project = new TextProject();
});
afterEach(() => project.remove());

const coldgate = (line: string) => runInProcess(project.folder, line.split(' '));
const sampleOf = (): { request: object; answer: { predictions: unknown[] } } =>
  JSON.parse(readFileSync(join(project.folder, 'models/sample.json'), 'utf8'));

/** Publishes with the sample, and has a function answer its request. */
async function publishAndAsk(task: string, optimize: string): Promise<unknown> {
  project.configure(task, { more: [`optimize: ${optimize}`, 'sample: models/sample.json'] });
  const { exit, message } = await coldgate('publish');
  expect({ exit, message }).toEqual({ exit: 0, message: '' });
  const app = new TestApp(join(project.folder, 'store'), { MODEL_NAME: 'texts', MODEL_VERSION: '1.0.0' });
  try {
    expect((await app.ask('/v1/health?warm=true')).json).toMatchObject({ sample: 'ok' });
    return (await app.ask('/v1/predict', { body: sampleOf().request })).json;
  } finally {
    await app.close();
  }
}

describe('a model with a task', () => {
  it('takes a picture for its sample, and answers pictures', async () => {
    for (const name of ['model.onnx', 'config.json', 'preprocessor_config.json', 'circle-0.jpg'])
      project.write(`models/${name}`, fixture(`shapes/${name}`));
    const task = 'kind: image-classification, top: 2';
    project.configure(task);
    const made = await coldgate('sample --inputs models/circle-0.jpg --output models/sample.json');
    expect(made).toMatchObject({ exit: 0 });
    expect(sampleOf().answer.predictions).toMatchObject([[{ label: 'circle' }, {}]]);
    const { predictions } = (await publishAndAsk(task, 'cold')) as { predictions: unknown[] };
    expect(compareAnswer(sampleOf().answer.predictions, predictions)).toBeUndefined();
  });

  it('takes rows for its sample, and answers rows of a graph that maps classes to scores', async () => {
    project.write('models/model.onnx', fixture('customers/churn-zipmap.onnx'));
    project.write('rows.json', JSON.stringify({ records: [{ age: null, income: 9, visits: 2, town: '007' }] }));
    project.configure('kind: tabular');
    expect(await coldgate('sample --inputs rows.json --output models/sample.json')).toMatchObject({ exit: 0 });
    const scores = [{ label: expect.any(String), score: expect.any(Number) }, {}];
    expect(sampleOf().answer.predictions).toMatchObject([
      { output_label: expect.any(String), output_probability: scores },
    ]);
    expect(await publishAndAsk('kind: tabular', 'off')).toMatchObject({ predictions: sampleOf().answer.predictions });
  });
});
