import { type PictureSettings, resampleFilters, type Size } from '../../model/picture-settings.ts';

/** A preprocessor_config.json that asks for what is not done here; says what, and what to do. */
export class UncoveredProcessor extends Error {
  constructor(what: string) {
    super(`${what}.`);
    this.name = 'UncoveredProcessor';
  }
}

type Fields = Readonly<Record<string, unknown>>;

const half = [0.5, 0.5, 0.5];
const imagenet = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };
const clip = {
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};
const plain = { do_resize: true, do_rescale: true, do_normalize: true, image_mean: half, image_std: half };
const cropped = { ...plain, do_center_crop: true, crop_size: { height: 224, width: 224 } };
const square = (edge: number): Size => ({ height: edge, width: edge });
const shortest = (edge: number): object => ({ shortest_edge: edge });
/** Processors for which a number as size is that of the shorter edge. */
const clipLike = { ...cropped, ...clip, size: shortest(224), resample: 3, default_to_square: false };
const mobile = { ...cropped, size: shortest(256), resample: 2, default_to_square: false };

/** What classes of transformers 5.24.0 do unless their file says otherwise, by the name before ImageProcessor. */
const families: Readonly<Record<string, Fields>> = {
  ViT: { ...plain, size: square(224), resample: 2 },
  DeiT: { ...cropped, size: square(256), resample: 3 },
  Beit: { ...cropped, do_center_crop: false, size: square(224), resample: 3 },
  Siglip: { ...plain, size: square(224), resample: 3 },
  Blip: { ...plain, ...clip, size: square(384), resample: 3 },
  Pvt: { ...plain, ...imagenet, size: square(224), resample: 3 },
  CLIP: clipLike,
  ChineseCLIP: clipLike,
  Bit: clipLike,
  ConvNext: { ...plain, size: shortest(384), resample: 3, crop_pct: 224 / 256, default_to_square: false },
  MobileNetV1: mobile,
  MobileNetV2: mobile,
  MobileViT: {
    ...cropped,
    ...{ size: shortest(224), resample: 3, crop_size: square(256), default_to_square: false },
    ...{ do_normalize: false, do_flip_channel_order: true },
  },
};

/** Fields that change nothing of a picture's tensor here. */
const idle = new Set([
  ...['image_processor_type', 'feature_extractor_type', 'processor_class', 'do_convert_rgb', 'do_reduce_labels'],
  ...['_valid_processor_keys', 'auto_map', 'data_format', 'input_data_format', 'return_tensors', 'device'],
  ...['default_to_square', 'model_input_names', 'disable_grouping', 'image_seq_length'],
]);
const known = new Set([
  ...['do_resize', 'size', 'resample', 'do_center_crop', 'crop_size', 'crop_pct', 'do_rescale', 'rescale_factor'],
  ...['do_normalize', 'image_mean', 'image_std', 'do_flip_channel_order'],
]);

/**
 * Reads a preprocessor_config.json as its class with Pillow does (transformers, the classes that end in Pil); files of older
 * releases name a FeatureExtractor and have numbers as sizes. Throws UncoveredProcessor.
 */
export function readPreprocessorConfig(file: Fields): PictureSettings {
  const named = String(file['image_processor_type'] ?? file['feature_extractor_type'] ?? 'none');
  const family = families[named.replace(/(?:ImageProcessor|FeatureExtractor)(?:Pil|Fast)?$/, '')];
  if (!family) throw new UncoveredProcessor(`image_processor_type ${named.slice(0, 64)} is not known here`);
  const given = Object.entries(file).filter(([, value]) => value !== null);
  const other = given.find(([key, value]) => !idle.has(key) && !known.has(key) && value !== false);
  if (other) throw new UncoveredProcessor(`${other[0].slice(0, 64)} is not done here`);
  const fields: Fields = { ...family, ...Object.fromEntries(given) };
  return {
    ...sizes(fields, named),
    ...(fields['do_rescale'] !== false && { rescale: number(fields, 'rescale_factor', 1 / 255) }),
    ...(fields['do_normalize'] !== false && {
      mean: channels(fields, 'image_mean'),
      std: channels(fields, 'image_std'),
    }),
    ...(fields['do_flip_channel_order'] === true && { channels: 'bgr' as const }),
  };
}

function sizes(fields: Fields, named: string): Pick<PictureSettings, 'resize' | 'resample' | 'crop'> {
  const crop = fields['do_center_crop'] === true ? { crop: sizeOf(fields, 'crop_size', true) as Size } : {};
  if (fields['do_resize'] === false) return crop;
  const resample = resampleOf(fields['resample']);
  const resize = sizeOf(fields, 'size', fields['default_to_square'] !== false);
  if (!named.startsWith('ConvNext')) return { resize, resample, ...crop };
  if (!('shortest_edge' in resize)) throw new UncoveredProcessor('size of ConvNext without shortest_edge is not known');
  const edge = resize.shortest_edge;
  // Small pictures are cut out of larger ones, others are squeezed.
  if (edge >= 384) return { resize: square(edge), resample, ...crop };
  const larger = Math.trunc(edge / number(fields, 'crop_pct', 224 / 256));
  return { resize: { shortest_edge: larger }, resample, crop: square(edge) };
}

function sizeOf(fields: Fields, name: string, isSquare: boolean): Size | { shortest_edge: number } {
  const size = fields[name];
  if (isLength(size)) return isSquare ? square(size) : { shortest_edge: size };
  const [tall, wide] = Array.isArray(size) && size.length === 2 ? size : [];
  if (isLength(tall) && isLength(wide)) return { height: tall, width: wide };
  const { height, width, shortest_edge: edge, ...more } = (typeof size === 'object' ? size : {}) as Fields;
  if (Object.values(more).every((value) => value === null)) {
    if (isLength(height) && isLength(width)) return { height, width };
    if (isLength(edge)) return { shortest_edge: edge };
  }
  throw new UncoveredProcessor(`${name} should be height and width, or shortest_edge`);
}

const isLength = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;

/** Pillow's numbers of filters. */
function resampleOf(code: unknown): NonNullable<PictureSettings['resample']> {
  const byCode = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'] as const;
  const name = typeof code === 'number' ? byCode[code] : resampleFilters.find((filter) => filter === code);
  if (!name) throw new UncoveredProcessor('resample should be a number from 0 to 5');
  return name;
}

function number(fields: Fields, name: string, otherwise: number): number {
  const value = fields[name] ?? otherwise;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new UncoveredProcessor(`${name} should be a number`);
}

/** One number stands for all channels. */
function channels(fields: Fields, name: string): number[] {
  const value = fields[name];
  const list = typeof value === 'number' ? [value, value, value] : value;
  if (Array.isArray(list) && list.length === 3 && list.every((one) => typeof one === 'number')) return list;
  throw new UncoveredProcessor(`${name} should be three numbers`);
}
