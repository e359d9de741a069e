import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Resample } from '../../src/model/picture-settings.ts';
import { decodePicture } from '../../src/picture/decode/decode.ts';
import type { Pixels } from '../../src/picture/decode/pixels.ts';
import { readPreprocessorConfig, UncoveredProcessor } from '../../src/picture/prepare/preprocessor-config.ts';
import { resize } from '../../src/picture/prepare/resize.ts';
import { pictureTensor } from '../../src/picture/prepare/to-tensor.ts';
import { picture, reference, unpack } from './reference.ts';

const rgb = await decodePicture(picture('png-rgb.png'));

describe('a resized picture', () => {
  it.each(reference.resized)(
    'by $resample to $width x $height is that of Pillow',
    ({ resample, width, height, sha256 }) => {
      const all = { left: 0, top: 0, width, height };
      const { data } = resize(rgb, { width, height }, resample as Resample, all);
      expect(createHash('sha256').update(data).digest('hex')).toBe(sha256);
    },
  );

  it('is the same in a part as in the whole', () => {
    const size = { width: 20, height: 26 };
    for (const resample of ['nearest', 'bilinear', 'bicubic'] as const) {
      const whole = resize(rgb, size, resample, { left: 0, top: 0, ...size });
      const part = resize(rgb, size, resample, { left: 7, top: 5, width: 6, height: 11 });
      const rows = Array.from({ length: 11 }, (_, y) => [
        ...whole.data.subarray(((5 + y) * 20 + 7) * 3, ((5 + y) * 20 + 13) * 3),
      ]);
      expect([...part.data]).toEqual(rows.flat());
    }
  });
});

describe('the tensor of a picture', () => {
  it.each(reference.processed)('is that of $config.image_processor_type for $picture', async (one) => {
    const { config, picture: name, shape, values } = one;
    const bytes = unpack(values);
    const expected = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const tensor = pictureTensor(await decodePicture(picture(name)), readPreprocessorConfig(config), 'float32');
    expect(tensor.shape).toEqual(shape);
    const differences = expected.map((value, at) => Math.abs(value - (tensor.data as Float32Array)[at]!));
    expect(Math.max(...differences)).toBeLessThan(1e-4);
  });

  const dot: Pixels = { width: 2, height: 1, stride: 3, data: Uint8Array.from([10, 20, 30, 40, 50, 60]) };

  it('has its channels and dimensions in the order of the settings', () => {
    const tensor = (settings: Parameters<typeof pictureTensor>[1], dtype: 'uint8' | 'float16' = 'uint8') => {
      const { shape, data } = pictureTensor(dot, settings, dtype);
      return [shape, [...(data as Uint8Array)]];
    };
    expect(tensor({})).toEqual([
      [1, 3, 1, 2],
      [10, 40, 20, 50, 30, 60],
    ]);
    expect(tensor({ channels: 'bgr', layout: 'nhwc' })).toEqual([
      [1, 1, 2, 3],
      [30, 20, 10, 60, 50, 40],
    ]);
    expect(tensor({ channels: 'grey' })).toEqual([
      [1, 1, 1, 2],
      [18, 48],
    ]);
    expect(tensor({ channels: 'grey', rescale: 1 / 18 }, 'float16')[1]).toEqual([0x3c00, 0x4155]);
  });

  it('is black, and normalised, where the picture does not reach', () => {
    const { shape, data } = pictureTensor(
      dot,
      { crop: { height: 2, width: 3 }, channels: 'grey', mean: [8] },
      'float32',
    );
    expect(shape).toEqual([1, 1, 2, 3]);
    expect([...(data as Float32Array)]).toEqual([-8, -8, -8, -8, 10, 40]);
  });

  it('is refused for a picture that would get too long', () => {
    const line: Pixels = { width: 40_000, height: 1, stride: 3, data: new Uint8Array(120_000) };
    const settings = { resize: { shortest_edge: 256 }, crop: { height: 224, width: 224 } };
    expect(() => pictureTensor(line, settings, 'float32')).toThrow(expect.objectContaining({ status: 422 }));
  });
});

describe('preprocessor_config.json', () => {
  it('of older releases names an extractor, and has numbers as sizes', () => {
    expect(
      readPreprocessorConfig({ feature_extractor_type: 'CLIPFeatureExtractor', size: 224, crop_size: 224 }),
    ).toMatchObject({
      ...{ resize: { shortest_edge: 224 }, crop: { height: 224, width: 224 }, resample: 'bicubic', rescale: 1 / 255 },
    });
    expect(readPreprocessorConfig({ feature_extractor_type: 'ViTFeatureExtractor', size: 384 })).toMatchObject({
      resize: { height: 384, width: 384 },
    });
  });

  it('has nothing in it that is not done', () => {
    for (const file of [
      {},
      { image_processor_type: 'SamImageProcessor' },
      { image_processor_type: 'ViTImageProcessor', do_pad: true },
      { image_processor_type: 'ViTImageProcessor', size: { longest_edge: 10 } },
      { image_processor_type: 'ViTImageProcessor', resample: 9 },
      { image_processor_type: 'ViTImageProcessor', image_mean: [0.5] },
      { image_processor_type: 'ViTImageProcessor', rescale_factor: 'no' },
      { image_processor_type: 'ConvNextImageProcessor', size: { height: 3, width: 3 } },
    ])
      expect(() => readPreprocessorConfig(file)).toThrow(UncoveredProcessor);
  });
});
