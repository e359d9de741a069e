import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compareAnswer } from '../../../src/model/answer-compare.ts';
import type { TaskSection } from '../../../src/model/task.ts';
import { readPreprocessorConfig } from '../../../src/picture/prepare/preprocessor-config.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');
const read = (path: string): Buffer => readFileSync(join(fixtures, path));
const parsed = <T>(path: string): T => JSON.parse(read(path).toString()) as T;

/** What Python makes of each picture; scripts/picture/shapes.py wrote it down. */
interface Answer {
  picture: string;
  logits: number[];
  scores: { label: string; score: number }[];
}
const answers = parsed<Answer[]>('shapes/answers.json');

const picture = {
  ...readPreprocessorConfig(parsed('shapes/preprocessor_config.json')),
  input: 'pixel_values',
  max_pixels: 1e6,
};
const labels = Object.values(parsed<{ id2label: Record<string, string> }>('shapes/config.json').id2label);
const shapes: TaskSection = {
  kind: 'image-classification',
  picture,
  output: 'logits',
  labels,
  scores: 'softmax',
  top: 4,
};
const vectors: TaskSection = { kind: 'image-embedding', picture, output: 'logits', pooling: 'none', normalize: false };
const served: Record<string, TaskSection> = {
  ...{ shapes, vectors },
  unit: { ...vectors, normalize: true },
  other: { ...shapes, labels: ['a', 'b'] },
};

const store = new ModelStore();
for (const [name, task] of Object.entries(served)) {
  const inputs = [{ name: 'pixel_values', dtype: 'float32' as const, shape: ['batch', 3, 32, 32] }];
  const outputs = [{ name: 'logits', dtype: 'float32' as const, shape: ['batch', 4] }];
  store.promote(store.publish(name, '1.0.0', { model: read('shapes/model.onnx'), inputs, outputs, task }));
}
const app = new TestApp(store.root, { MODEL_NAME: 'shapes', COLDGATE_MODELS: Object.keys(served).join(',') });
afterAll(async () => {
  await app.close();
  store.remove();
});

const send = (bytes: Uint8Array, type: string, name = 'shapes') =>
  app.ask(`/v1/models/${name}/predict`, { body: bytes, headers: { 'content-type': type } });
const ask = (body: object, name = 'shapes') => app.ask(`/v1/models/${name}/predict`, { body });
const base64 = (path: string): string => read(path).toString('base64');
const typeOf = (path: string): string => `image/${path.endsWith('jpg') ? 'jpeg' : path.split('.').at(-1)}`;
const predictions = (reply: { json: unknown }): unknown => (reply.json as { predictions: unknown }).predictions;

describe('a model of pictures', () => {
  it.each(answers)('answers $picture as Python does', async ({ picture: name, scores, logits }) => {
    const path = `shapes/${name}`;
    const byItself = await send(read(path), typeOf(path));
    expect(byItself).toMatchObject({ status: 200, json: { model: { name: 'shapes', version: '1.0.0' } } });
    expect(compareAnswer([scores], predictions(byItself))).toBeUndefined();
    const got = predictions(byItself) as Answer['scores'][];
    for (const [at, { score }] of scores.entries()) expect(Math.abs(got[0]![at]!.score - score)).toBeLessThan(1e-4);
    expect(compareAnswer([logits], predictions(await ask({ image: base64(path) }, 'vectors')))).toBeUndefined();
  });

  it('answers several at once, each as by itself, and one that is wrong in its place', async () => {
    const images = answers.map(({ picture: name }) => base64(`shapes/${name}`));
    images.splice(3, 0, base64('pictures/refused-cmyk.jpg'));
    const reply = await ask({ images, top: 1 });
    const expected: unknown[] = answers.map(({ scores }) => scores.slice(0, 1));
    const [before, after] = [expected.slice(0, 3), expected.slice(3)];
    const got = predictions(reply) as unknown[];
    expect(got[3]).toMatchObject({ error: { code: 'unsupported-picture' } });
    expect(compareAnswer([...before, ...after], got.toSpliced(3, 1))).toBeUndefined();
  });

  it('scales vectors to the length 1', async () => {
    const [vector] = predictions(await send(read('shapes/circle-0.jpg'), 'image/jpeg', 'unit')) as number[][];
    expect(Math.hypot(...vector!)).toBeCloseTo(1, 5);
  });

  it('takes data URLs, and pictures whose media type is another one', async () => {
    const url = `data:image/webp;base64,${base64('shapes/circle-8.webp')}`;
    const [first] = predictions(await ask({ image: url })) as unknown[];
    expect(predictions(await send(read('shapes/circle-8.webp'), 'image/png'))).toEqual([first]);
  });

  it('is described', async () => {
    const { json } = await app.ask('/v1/models/shapes/openapi.json');
    expect(json).toMatchObject({
      paths: { '/v1/models/shapes/predict': { post: { requestBody: { content: { 'image/webp': {} } } } } },
      components: { schemas: { PredictRequest: { oneOf: [{ required: ['image'] }, { required: ['images'] }] } } },
    });
  });

  it('says that the model does not answer as the task expects', async () => {
    const reply = await send(read('shapes/circle-0.jpg'), 'image/jpeg', 'other');
    expect(reply).toMatchObject({ status: 422, json: { error: { code: 'task-mismatch' } } });
  });
});

describe('what is no picture', () => {
  const refused = [400, 413, 415, 422];

  it('is refused by a type', async () => {
    for (const type of ['image/gif', 'text/csv', 'application/octet-stream', ''])
      expect((await send(read('shapes/circle-0.jpg'), type)).status).toBe(415);
  });

  it('is refused by its JSON', async () => {
    const image = base64('shapes/circle-0.jpg');
    const bodies = [
      ...[
        {},
        { image: 1 },
        { image: '' },
        { image: '%%%%' },
        { image: 'abc' },
        { image: null },
        { image, images: [image] },
      ],
      ...[{ images: [] }, { images: image }, { images: Array(65).fill(image) }, { images: [7] }, { image, more: 1 }],
      ...[
        { image, top: 0 },
        { image, top: '1' },
        { image: `${image}\u0000` },
        { image: [image] },
        { images: [[image]] },
      ],
    ];
    for (const body of bodies) expect([body, (await ask(body)).status]).toEqual([body, 400]);
  });

  it('is refused, or answered, wherever a picture is cut, damaged or joined with another', async () => {
    const names = readdirSync(join(fixtures, 'pictures')).filter((name) => /\.(?:jpg|png|webp)$/.test(name));
    let bodies = 0;
    let last = 9;
    for (const [at, name] of names.entries()) {
      const whole = read(`pictures/${name}`);
      const other = read(`pictures/${names[(at + 31) % names.length]}`);
      const damaged = Buffer.from(whole);
      for (let hits = 0; hits < 4; hits++) {
        last = (Math.imul(last, 1103515245) + 12345) & 0x7fffffff;
        damaged[(last >> 8) % damaged.length] = last >> 4;
      }
      const half = whole.subarray(0, whole.length >> 1);
      const hostile = [half, damaged, Buffer.concat([half, other]), Buffer.concat([Buffer.from('%PDF-1.7\n'), whole])];
      for (const bytes of hostile) {
        const { status } = await send(bytes, typeOf(name));
        expect([name, [200, ...refused].includes(status)]).toEqual([name, true]);
        bodies++;
      }
    }
    expect(bodies).toBeGreaterThan(200);
    expect((await send(read('shapes/circle-0.jpg'), 'image/jpeg')).status).toBe(200);
  });

  it('is refused before it is decoded, where its head announces too much', async () => {
    const png = Buffer.from(read('pictures/png-rgb.png'));
    png.writeUInt32BE(100_000, 16);
    // The head is checked by its sum first: a bomb has a right one.
    const { crc32 } = await import('node:zlib');
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    expect(await send(png, 'image/png')).toMatchObject({ status: 413, json: { error: { code: 'picture-too-large' } } });
  });
});
