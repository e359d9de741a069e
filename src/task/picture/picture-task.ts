import type { PictureSection } from '../../model/task.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import type { ParsedTensor } from '../../model/tensor-json.ts';
import { decodePicture } from '../../picture/decode/decode.ts';
import { pictureLimits } from '../../picture/header/read-header.ts';
import { PictureError } from '../../picture/picture-error.ts';
import { type PictureDtype, pictureTensor } from '../../picture/prepare/to-tensor.ts';
import {
  type Refusal,
  type Schema,
  type Signature,
  type Task,
  TaskError,
  type TaskRun,
  type Tensors,
} from '../task.ts';
import { examplePicture, type PictureItem, pictureSchema, pictureTypes, readPictures } from './read-pictures.ts';

interface Answering {
  output: string;
  takesTop: boolean;
  /** One prediction for each picture of the run, which has `rows` rows. */
  answer(items: readonly PictureItem[], outputs: Tensors, rows: number): unknown[];
  schemas: { more?: Schema; prediction: Schema };
}

/** Pictures of one run: more gain little time, and cost memory. */
const picturesOfRun = 8;

/** A picture, ready for the model. */
interface Ready {
  at: number;
  item: PictureItem;
  tensor: ParsedTensor;
}

/** What the kinds of pictures have in common: how pictures become runs. */
export function pictureTask(
  kind: string,
  section: PictureSection,
  { inputs }: Signature,
  { output, takesTop, answer, schemas }: Answering,
): Task<PictureItem> {
  const info = inputs.find(({ name }) => name === section.input) as TensorInfo;
  const [first] = info.shape ?? [];
  const fixedRows = typeof first === 'number' ? first : undefined;
  const runOf = (ready: readonly Ready[]): TaskRun => {
    const rows = fixedRows ?? ready.length;
    const items = ready.map(({ item }) => item);
    return {
      items: ready.map(({ at }) => at),
      feeds: new Map([[section.input, joined(ready, rows)]]),
      outputs: [output],
      answer: (outputs) => answer(items, outputs, rows),
    };
  };
  return {
    kind,
    types: pictureTypes,
    example: section.resize ? { image: examplePicture } : undefined,
    schemas: { request: pictureSchema(schemas.more), prediction: schemas.prediction },
    read: (body) => readPictures(body, takesTop),
    async *runs(items, alone) {
      const most = alone ? 1 : (fixedRows ?? picturesOfRun);
      for await (const next of batches(items, most, (item) => prepared(item, section, info)))
        yield Array.isArray(next) ? runOf(next) : next;
    },
  };
}

/** Pictures of one size, up to `most` of them, and what is wrong with others, in the order in which they are ready. */
async function* batches(
  items: readonly PictureItem[],
  most: number,
  prepare: (item: PictureItem) => Promise<ParsedTensor | TaskError>,
): AsyncGenerator<Ready[] | Refusal> {
  let waiting: Ready[] = [];
  for (const [at, item] of items.entries()) {
    const tensor = await prepare(item);
    if (tensor instanceof TaskError) {
      yield { items: [at], error: tensor };
      continue;
    }
    const isOther = waiting[0] && String(waiting[0].tensor.shape) !== String(tensor.shape);
    if (waiting.length === most || isOther) {
      yield waiting;
      waiting = [];
    }
    waiting.push({ at, item, tensor });
  }
  if (waiting.length > 0) yield waiting;
}

async function prepared(
  { bytes }: PictureItem,
  section: PictureSection,
  { dtype }: TensorInfo,
): Promise<ParsedTensor | TaskError> {
  try {
    const pixels = await decodePicture(bytes, { ...pictureLimits, pixels: section.max_pixels });
    return pictureTensor(pixels, section, dtype as PictureDtype);
  } catch (error) {
    if (error instanceof PictureError) return new TaskError(error.status, error.code, error.message);
    throw error;
  }
}

/** One tensor of all; what a fixed number of rows has too many repeats the last picture. */
function joined(ready: readonly Ready[], rows: number): ParsedTensor {
  const [{ tensor: first }] = ready as readonly [Ready];
  if (rows === 1) return first;
  const one = first.data as Float32Array;
  const data = new (one.constructor as Float32ArrayConstructor)(one.length * rows);
  for (let row = 0; row < rows; row++)
    data.set((ready[Math.min(row, ready.length - 1)] as Ready).tensor.data as Float32Array, row * one.length);
  return { dtype: first.dtype, shape: [rows, ...first.shape.slice(1)], data };
}
