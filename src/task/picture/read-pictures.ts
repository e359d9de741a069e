import { describeValue } from '../../model/tensor-error.ts';
import { badRequest, type Schema, type TaskBody, type TaskError } from '../task.ts';

/** One picture of a request, as it was sent, and what the request says of its answer. */
export interface PictureItem {
  bytes: Uint8Array;
  top: number | undefined;
}

/** Bounds the work of one request whatever the payload limit: each picture may take a second. */
const maxPictures = 64;

export const pictureTypes: readonly string[] = ['image/jpeg', 'image/png', 'image/webp'];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads the bytes of a picture, or `{"image": "…"}` and `{"images": ["…"]}` in base64.
 * @param takesTop whether a request may say how many labels it wants
 * @throws TaskError where the body as a whole is wrong
 */
export function readPictures(body: TaskBody, takesTop: boolean): (PictureItem | TaskError)[] {
  if (!('json' in body)) return [{ bytes: body.bytes, top: undefined }];
  const { json } = body;
  if (!isRecord(json)) throw badRequest('', 'an object with image or images', describeValue(json));
  const known = ['image', 'images', ...(takesTop ? ['top'] : [])];
  const unknown = Object.keys(json).find((key) => !known.includes(key));
  if (unknown !== undefined) throw badRequest(unknown.slice(0, 64), `only ${known.join(', ')}`, 'an unknown field');
  const { image, images } = json;
  if ((image === undefined) === (images === undefined))
    throw badRequest('', 'either image or images', image === undefined ? 'neither' : 'both');
  const top = takesTop ? readTop(json['top']) : undefined;
  if (images === undefined) return [readPicture(image, 'image', top)];
  if (!Array.isArray(images)) throw badRequest('images', 'a list of pictures', describeValue(images));
  if (images.length === 0 || images.length > maxPictures)
    throw badRequest('images', `1 to ${maxPictures} pictures`, String(images.length));
  return images.map((one: unknown, at) => readPicture(one, `images[${at}]`, top));
}

/** In base64, with or without the head of a data URL. */
function readPicture(value: unknown, place: string, top: number | undefined): PictureItem | TaskError {
  const text = typeof value === 'string' ? value.replace(/^data:[\w/+.-]{0,64};base64,/, '') : '';
  if (text === '' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    return badRequest(place, 'a picture in base64', typeof value === 'string' ? 'other text' : describeValue(value));
  return { bytes: Buffer.from(text, 'base64'), top };
}

function readTop(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
  throw badRequest('top', 'a whole number of at least 1', describeValue(value));
}

/** JSON Schema of what `readPictures` reads of JSON. */
export function pictureSchema(more: Schema = {}): Schema {
  const picture = { type: 'string', contentEncoding: 'base64' };
  const images = { type: 'array', minItems: 1, maxItems: maxPictures, items: picture };
  return {
    oneOf: [
      { type: 'object', required: ['image'], additionalProperties: false, properties: { image: picture, ...more } },
      { type: 'object', required: ['images'], additionalProperties: false, properties: { images, ...more } },
    ],
  };
}

/** 8 x 8 pixels of colours, for a request that any model of pictures can answer. */
export const examplePicture =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAG0lEQVR42mNkYGBQYBDARCwMCgIMDFjQ4JQAAIWuBc54Zaa9AAAAAElFTkSuQm' +
  'CC';
