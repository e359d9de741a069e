import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { InputError } from '../../src/errors.ts';
import { lookAtSources } from '../../src/steps/source/model-source.ts';
import { TextProject } from '../fixtures/text-project.ts';

const fixture = (path: string): Buffer => readFileSync(join(import.meta.dirname, '..', 'fixtures', path));
const json = (value: unknown): string => JSON.stringify(value);

let project: TextProject;
beforeEach(() => {
  project = new TextProject();
});
afterEach(() => project.remove());

async function lookAt(task: string) {
  project.configure(task);
  const config = await loadConfig(join(project.folder, 'models.yaml'), {});
  const [looked] = await lookAtSources(config, Object.values(config.models));
  return looked!;
}

async function sectionOf(task: string): Promise<unknown> {
  const { source, problems } = await lookAt(task);
  expect(problems).toEqual([]);
  return source!.task;
}

async function faultsOf(task: string): Promise<string[]> {
  const { problems } = await lookAt(task);
  return (problems as InputError[]).flatMap((error) => error.problems.map(({ path }) => path));
}

describe('a task of pictures', () => {
  beforeEach(() => {
    for (const name of ['model.onnx', 'config.json', 'preprocessor_config.json'])
      project.write(`models/${name}`, fixture(`shapes/${name}`));
  });
  const fromFile = {
    ...{ resize: { shortest_edge: 36 }, resample: 'bicubic', crop: { height: 32, width: 32 }, rescale: 1 / 255 },
    ...{ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], layout: 'nchw', input: 'pixel_values', max_pixels: 25_000_000 },
  };

  it('takes what preprocessor_config.json says, and what models.yaml says before it', async () => {
    const labels = ['circle', 'square', 'stripes', 'dots'];
    const rest = { output: 'logits', labels, scores: 'softmax', top: 5 };
    expect(await sectionOf('kind: image-classification')).toEqual({
      ...{ kind: 'image-classification', ...rest, picture: fromFile },
    });
    expect(
      await sectionOf('kind: image-classification, resize: { height: 32, width: 32 }, max-pixels: 99'),
    ).toMatchObject({
      picture: { ...fromFile, resize: { height: 32, width: 32 }, max_pixels: 99 },
    });
    const own = await sectionOf('kind: image-embedding, preprocessing: own, crop: { height: 32, width: 32 }');
    expect(own).toEqual({
      ...{ kind: 'image-embedding', output: 'logits', pooling: 'none', normalize: false },
      picture: { crop: { height: 32, width: 32 }, layout: 'nchw', input: 'pixel_values', max_pixels: 25_000_000 },
    });
  });

  it('fits the input of the graph', async () => {
    const at = 'models.texts.task';
    const kind = 'kind: image-classification';
    expect(await faultsOf(`${kind}, crop: { height: 30, width: 32 }`)).toEqual([at]);
    expect(await faultsOf(`${kind}, layout: nhwc`)).toEqual([at]);
    expect(await faultsOf(`${kind}, channels: grey`)).toEqual([at]);
    expect(await faultsOf(`${kind}, std: [1, 0, 1]`)).toEqual([at]);
    expect(await faultsOf(`${kind}, input: other`)).toEqual([`${at}.input`]);
    expect(await faultsOf(`${kind}, labels: [a, b]`)).toEqual([`${at}.labels`]);
    expect(await faultsOf('kind: image-embedding, pooling: mean')).toEqual([at]);
    project.write('models/preprocessor_config.json', json({ image_processor_type: 'SamImageProcessor' }));
    expect(await faultsOf(kind)).toEqual([at]);
  });
});

describe('a task of rows', () => {
  const columns = ['age', 'income', 'visits', 'town'].map((name) => ({ name, input: name }));

  it('takes the inputs of the graph for its columns, and what it says of classes', async () => {
    project.write('models/model.onnx', fixture('customers/churn-zipmap.onnx'));
    expect(await sectionOf('kind: tabular')).toEqual({
      ...{ kind: 'tabular', columns, outputs: ['output_label', 'output_probability'] },
      labels: { output_probability: ['leaves', 'stays'] },
    });
    project.write('models/model.onnx', fixture('customers/churn.onnx'));
    expect(
      await sectionOf('kind: tabular, outputs: [probabilities], labels: [no, yes], unknown-columns: ignore'),
    ).toEqual({
      ...{ kind: 'tabular', columns, outputs: ['probabilities'], labels: { probabilities: ['no', 'yes'] } },
      unknown_columns: 'ignore',
    });
  });

  it('puts columns side by side into one input', async () => {
    project.write('models/model.onnx', fixture('customers/value.onnx'));
    expect(await sectionOf('kind: tabular, columns: [age, { name: income, default: 1.5 }, visits]')).toMatchObject({
      columns: [
        { name: 'age', input: 'X' },
        { name: 'income', input: 'X', default: 1.5 },
        { name: 'visits', input: 'X' },
      ],
    });
    const at = 'models.texts.task';
    for (const wrong of ['', ', columns: [age]', ', columns: [a, a, b]', ', columns: [{ name: a, input: Y }, b, c]'])
      expect([wrong, await faultsOf(`kind: tabular${wrong}`)]).toEqual([wrong, [`${at}.columns`]]);
    const good = 'kind: tabular, columns: [a, b, c]';
    expect(await faultsOf(`${good}, outputs: [other]`)).toEqual([`${at}.outputs`]);
    expect(await faultsOf(`${good}, labels: [x, y]`)).toEqual([`${at}.labels`]);
  });
});
