import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { ColdgateError, InputError } from '../../src/errors.ts';
import type { TaskSection } from '../../src/model/task.ts';
import { lookAtSources } from '../../src/steps/source/model-source.ts';
import { smallTokenizer, textModel } from '../fixtures/text-model.ts';
import { TextProject } from '../fixtures/text-project.ts';

let project: TextProject;
beforeEach(() => {
  project = new TextProject();
});
afterEach(() => project.remove());

const json = (value: unknown): string => JSON.stringify(value);

async function lookAt(task: string, files?: string) {
  project.configure(task, files === undefined ? {} : { files });
  const config = await loadConfig(join(project.folder, 'models.yaml'), {});
  const [looked] = await lookAtSources(config, Object.values(config.models));
  return looked!;
}

async function sectionOf(task: string, files?: string): Promise<TaskSection> {
  const { source, problems } = await lookAt(task, files);
  expect(problems).toEqual([]);
  return source!.task as TaskSection;
}

/** Places of what is wrong. */
async function faultsOf(task: string, files?: string): Promise<string[]> {
  const { problems } = await lookAt(task, files);
  expect(problems.map(({ code }: ColdgateError) => code)).toEqual(['bad-task']);
  return (problems[0] as InputError).problems.map(({ path, file }) => path || (file as string));
}

describe('the task of a model', () => {
  it('is what models.yaml says, before what lies beside the model', async () => {
    project.write('models/labels.txt', 'x');
    project.write('models/own.json', json(['a', 'b', 'c']));
    const files = 'model.onnx: models/model.onnx, own.json: models/own.json';
    const section = await sectionOf(
      'kind: text-classification, labels: own.json, scores: none, top: 3, max-tokens: 9, special-tokens: as-text',
      files,
    );
    expect(section).toMatchObject({ labels: ['a', 'b', 'c'], scores: 'none', top: 3 });
    expect(section).toMatchObject({ text: { max_tokens: 9, special_in_text: false } });
    expect(await sectionOf('kind: text-classification, labels: [x, y, z]')).toMatchObject({ labels: ['x', 'y', 'z'] });
  });

  it('takes pooling, length and scale as sentence-transformers has them', async () => {
    project.write(
      'models/modules.json',
      json([{ type: 'sentence_transformers.models.Pooling' }, { type: 'x.Normalize' }]),
    );
    project.write(
      'models/1_Pooling/config.json',
      json({ pooling_mode_cls_token: true, pooling_mode_mean_tokens: false }),
    );
    project.write('models/sentence_bert_config.json', json({ max_seq_length: 20 }));
    project.write('models/tokenizer_config.json', json({ model_max_length: 1e30, pad_token: { content: '[MASK]' } }));
    expect(await sectionOf('kind: text-embedding')).toEqual({
      kind: 'text-embedding',
      output: 'last_hidden_state',
      pooling: 'cls',
      normalize: true,
      text: {
        tokenizer: 'tokenizer.json',
        max_tokens: 20,
        padding: { id: 4, type: 0, side: 'right' },
        special_in_text: true,
      },
    });
  });

  it('takes the length and the padding of tokenizer.json, but not the length to fill up to', async () => {
    const tokenizer = JSON.parse(smallTokenizer().toString());
    const padding = { strategy: { Fixed: 128 }, direction: 'Left', pad_id: 3, pad_type_id: 1, pad_to_multiple_of: 8 };
    const truncation = { max_length: 40, strategy: 'LongestFirst', stride: 0, direction: 'Right' };
    project.write('models/tokenizer.json', json({ ...tokenizer, padding, truncation }));
    const taken = { id: 3, type: 1, side: 'left', multiple: 8 };
    const text = { tokenizer: 'tokenizer.json', max_tokens: 40, padding: taken, special_in_text: true };
    expect(await sectionOf('kind: text-embedding')).toMatchObject({ text });
  });

  it('takes labels of tokens', async () => {
    project.write('models/config.json', json({ id2label: { 0: 'O', 1: 'B-PER', 2: 'I-PER', 3: 'LOC' } }));
    const section = await sectionOf('kind: token-classification, aggregation: max');
    expect(section).toMatchObject({
      ...{ output: 'last_hidden_state', labels: ['O', 'B-PER', 'I-PER', 'LOC'] },
      ...{ aggregation: 'max', offsets: 'code-points' },
    });
  });

  it('finds files above the folder onnx', async () => {
    project.write('models/onnx/model.onnx', textModel());
    const { source } = await lookAt('kind: text-embedding', 'model.onnx: models/onnx/model.onnx');
    expect(source?.entry.files.map(({ path }) => path)).toEqual(['model.onnx', 'tokenizer.json']);
  });

  it.each<[string, object, string]>([
    ['multi-label', { problem_type: 'multi_label_classification' }, 'sigmoid'],
    ['regression', { problem_type: 'regression' }, 'none'],
    ['nothing', {}, 'softmax'],
  ])('scores by what config.json says: %s', async (_what, config, scores) => {
    project.write('models/config.json', json({ id2label: { 0: 'a', 1: 'b', 2: 'c' }, ...config }));
    expect(await sectionOf('kind: text-classification')).toMatchObject({ scores });
  });

  it.each<[string, string, () => void, string[]]>([
    ['labels that are too few', 'kind: text-classification, labels: [a, b]', () => {}, ['labels']],
    ['labels of no file', 'kind: text-classification, labels: label.json', () => {}, ['labels']],
    ['no labels', 'kind: text-classification', () => project.write('models/config.json', '{}'), ['labels']],
    [
      'labels that are none',
      'kind: text-classification',
      () => project.write('models/labels.json', '[1.5]'),
      ['labels'],
    ],
    ['labels of tokens that are too few', 'kind: token-classification, labels: [O, B]', () => {}, ['labels']],
    ['an output that is not there', 'kind: text-embedding, output: y', () => {}, ['output']],
    ['an output of other dimensions', 'kind: text-embedding, output: logits, pooling: mean', () => {}, ['output']],
    ['a tokenizer that is not there', 'kind: text-embedding, tokenizer: t.json', () => {}, ['tokenizer']],
    [
      'a file that is no JSON',
      'kind: text-embedding',
      () => project.write('models/modules.json', '{'),
      ['models/modules.json'],
    ],
    [
      'a pooling that is not made here',
      'kind: text-embedding',
      () => project.write('models/1_Pooling/config.json', json({ pooling_mode_max_tokens: true })),
      ['pooling'],
    ],
    [
      'layers that the graph does not have',
      'kind: text-embedding',
      () => project.write('models/modules.json', json([{ type: 'sentence_transformers.models.Dense' }])),
      [''],
    ],
  ])('is refused for %s', async (_what, task, prepare, places) => {
    prepare();
    const prefix = 'models.texts.task';
    const expected = places.map((place) => (place.includes('/') ? place : [prefix, place].filter(Boolean).join('.')));
    expect(await faultsOf(task)).toEqual(expected);
  });

  it('is refused for a graph that takes something else', async () => {
    project.write('models/model.onnx', textModel({ dtype: 'int32', inputs: ['attention_mask'] }));
    expect((await lookAt('kind: text-embedding')).problems.length).toBeGreaterThan(0);
  });
});
