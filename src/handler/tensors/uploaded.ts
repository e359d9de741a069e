import type { TensorInfo } from '../../model/tensor-info.ts';
import type { ParsedTensor } from '../../model/tensor-json.ts';
import type { StoreSource } from '../readers/source.ts';
import { Uploads } from '../readers/uploads.ts';
import { readBinaryTensor } from './binary-tensor.ts';
import { badInput, GivenTensor, isRecord, shorten } from './tensors-in.ts';

/** The bytes of a tensor that its caller has uploaded. */
class UploadedTensor extends GivenTensor {
  readonly #bytes: Uint8Array;
  readonly #fields: Record<string, unknown>;

  constructor(bytes: Uint8Array, fields: Record<string, unknown>) {
    super();
    this.#bytes = bytes;
    this.#fields = fields;
  }

  read(info: TensorInfo, place: string): ParsedTensor {
    const { dtype, shape } = this.#fields;
    if (dtype !== undefined && dtype !== info.dtype) throw badInput(`${place}.dtype`, info.dtype, 'another one');
    return readBinaryTensor(this.#bytes, shape as number[] | undefined, info, place);
  }
}

/** Brings what bodies of /v1/infer name by URL in place of the URLs. What it gives throws what `Uploads` does, and 400. */
export function bringer(source: StoreSource, limit: number) {
  const uploads = new Uploads(source, limit);
  return async <T extends { inputs: Record<string, unknown> }>(body: T): Promise<T> => {
    const inputs: [string, unknown][] = [];
    for (const [name, given] of Object.entries(body.inputs)) {
      inputs.push([name, isRecord(given) && 'url' in given ? await bring(given, name, uploads) : given]);
    }
    return { ...body, inputs: Object.fromEntries(inputs) };
  };
}

async function bring(given: Record<string, unknown>, name: string, uploads: Uploads): Promise<UploadedTensor> {
  const place = `inputs.${shorten(name)}`;
  const { url, shape } = given;
  const unknown = Object.keys(given).find((key) => !['url', 'shape', 'dtype'].includes(key));
  if (unknown !== undefined) throw badInput(place, 'only url, shape and dtype', 'an unknown field');
  if (typeof url !== 'string') throw badInput(`${place}.url`, 'a URL as text', 'something else');
  const isShape = (value: unknown): boolean =>
    Array.isArray(value) && value.length <= 16 && value.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (shape !== undefined && !isShape(shape))
    throw badInput(`${place}.shape`, 'a list of whole numbers', 'something else');
  return new UploadedTensor(await uploads.read(url, `${place}.url`), given);
}
