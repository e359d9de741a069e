import type { PictureSettings } from '../../model/picture-settings.ts';
import type { ParsedTensor } from '../../model/tensor-json.ts';
import type { Pixels } from '../decode/pixels.ts';
import { planFor } from './geometry.ts';
import { resize } from './resize.ts';

/** Types of inputs that pictures are given in. */
export type PictureDtype = 'float32' | 'float16' | 'uint8';

/**
 * The tensor of one picture, with a first dimension of 1. Throws PictureError 422 as `planFor` does.
 */
export function pictureTensor(pixels: Pixels, settings: PictureSettings, dtype: PictureDtype): ParsedTensor {
  const { channels = 'rgb', layout = 'nchw', resample = 'bilinear' } = settings;
  const seen = channels === 'grey' ? inGrey(pixels) : pixels;
  const { scaled, part, frame } = planFor(pixels, settings);
  const small = resize(seen, scaled, resample, part);
  const depth = channels === 'grey' ? 1 : 3;
  const area = frame.height * frame.width;
  const values = new Float32Array(area * depth);
  const [pixelStep, channelStep] = layout === 'nchw' ? [1, area] : [depth, 1];
  for (let channel = 0; channel < depth; channel++) {
    const table = tableOf(settings, channel);
    // What the part does not fill is black before it is normalised.
    if (part.height !== frame.height || part.width !== frame.width)
      for (let at = 0; at < area; at++) values[channel * channelStep + at * pixelStep] = table[0] as number;
    const source = channels === 'bgr' ? 2 - channel : channel;
    for (let y = 0; y < part.height; y++) {
      let from = y * part.width * 3 + source;
      let to = channel * channelStep + ((frame.top + y) * frame.width + frame.left) * pixelStep;
      for (let x = 0; x < part.width; x++, from += 3, to += pixelStep)
        values[to] = table[small.data[from] as number] as number;
    }
  }
  const shape = layout === 'nchw' ? [1, depth, frame.height, frame.width] : [1, frame.height, frame.width, depth];
  return { dtype, shape, data: inDtype(values, dtype) };
}

/** What each value of a pixel becomes in a channel. */
function tableOf({ rescale = 1, mean, std }: PictureSettings, channel: number): Float32Array {
  const [less, by] = [mean?.[channel] ?? 0, std?.[channel] ?? 1];
  return Float32Array.from({ length: 256 }, (_, value) => (value * rescale - less) / by);
}

function inDtype(values: Float32Array, dtype: PictureDtype): Float32Array | Uint16Array | Uint8Array {
  if (dtype === 'uint8') return Uint8Array.from(values);
  return dtype === 'float16' ? new Uint16Array(new Float16Array(values).buffer) : values;
}

/** Brightness in all three channels, rounded as Pillow rounds it: ITU-R 601-2 in 16 bits after the point. */
function inGrey({ width, height, stride, data }: Pixels): Pixels {
  const out = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < out.length; from += stride) {
    const sum = (data[from] as number) * 19595 + (data[from + 1] as number) * 38470 + (data[from + 2] as number) * 7471;
    const grey = (sum + 0x8000) >> 16;
    out[to++] = grey;
    out[to++] = grey;
    out[to++] = grey;
  }
  return { width, height, stride: 3, data: out };
}
