import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/model/manifest.ts';
import { runInProcess } from '../fakes/registry/forged-store.ts';
import { TextProject } from '../fixtures/text-project.ts';
import { TestApp } from '../handler/test-app.ts';

let project: TextProject;
beforeEach(() => {
  project = new TextProject();
});
afterEach(() => project.remove());

const coldgate = (line: string) => runInProcess(project.folder, line.split(' '));
const json = (value: unknown): string => JSON.stringify(value);

describe('a model with a task', () => {
  it('is published with what lies beside it, and answers texts', async () => {
    project.write('models/tokenizer_config.json', json({ pad_token: '[PAD]', model_max_length: 64 }));
    project.configure('kind: text-classification, top: 1', { more: ['optimize: cold', 'sample: models/sample.json'] });
    expect(await coldgate('sample')).toMatchObject({ exit: 0 });
    const sample = JSON.parse(readFileSync(join(project.folder, 'models/sample.json'), 'utf8'));
    expect(sample.answer.predictions).toHaveLength(sample.request.texts.length);

    const { exit, message, document } = await coldgate('publish');
    expect({ exit, message }).toEqual({ exit: 0, message: '' });
    const { manifest } = document as { manifest: Manifest };
    expect(manifest.task).toEqual({
      kind: 'text-classification',
      text: {
        tokenizer: 'tokenizer.json',
        max_tokens: 64,
        padding: { id: 3, type: 0, side: 'right' },
        special_in_text: true,
      },
      output: 'logits',
      labels: ['bad', 'so-so', 'good'],
      scores: 'softmax',
      top: 1,
    });
    expect(manifest.files.map(({ path }) => path)).toContain('tokenizer.json');
    expect(manifest.artifacts.map(({ kind }) => kind).sort()).toEqual(['cold', 'tokenizer']);
    expect(await coldgate('verify --deep')).toMatchObject({ exit: 0 });

    // What is told of a published version is told of nothing else: the same under its number is a no-op, other labels are not.
    expect(await coldgate('publish')).toMatchObject({ exit: 0, document: { published: false } });
    project.write('models/config.json', json({ id2label: { 0: 'no', 1: 'hm', 2: 'yes' } }));
    expect(await coldgate('publish')).toMatchObject({ exit: 3, code: 'version-exists' });

    const app = new TestApp(join(project.folder, 'store'), { MODEL_NAME: 'texts', MODEL_VERSION: '1.0.0' });
    try {
      const health = await app.ask('/v1/health?warm=true');
      expect(health.json).toMatchObject({ sample: 'ok', timings: { task_ms: expect.any(Number) } });
      const { json: answer } = await app.ask('/v1/predict', { body: sample.request });
      expect((answer as { predictions: unknown }).predictions).toEqual(sample.answer.predictions);
    } finally {
      await app.close();
    }
  });

  it('takes a request for its sample, and refuses one that its task refuses', async () => {
    project.configure('kind: text-embedding, pooling: mean');
    project.write('request.json', json({ text: 'a good text' }));
    expect(await coldgate('sample --inputs request.json --output models/s.json')).toMatchObject({ exit: 0 });
    const sample = JSON.parse(readFileSync(join(project.folder, 'models/s.json'), 'utf8'));
    expect(sample).toMatchObject({ request: { text: 'a good text' }, answer: { predictions: [expect.any(Array)] } });
    project.write('request.json', json({ request: { text: 1 } }));
    const refused = await coldgate('sample --inputs request.json --output models/t.json');
    expect(refused).toMatchObject({ exit: 3, code: 'inputs-refused' });
    project.write('models/s.json', json({ ...sample, answer: { predictions: [[1, 2, 3, 4]] } }));
    project.configure('kind: text-embedding, pooling: mean', { more: ['sample: models/s.json'] });
    expect(await coldgate('validate')).toMatchObject({ exit: 3, code: 'sample-mismatch' });
  });
});
