import { fieldHeader, lengthOf, type ProtoField, protoFields, varintField } from '../model/wire-message.ts';
import { externalPlace, type FilePlace, readPlace } from './external-place.ts';

export interface MovedWeights {
  /** In memory, or where the model keeps them already. */
  source: Buffer | FilePlace;
  /** In the weights' file. */
  offset: number;
  length: number;
}

type Message = 'model' | 'graph' | 'node' | 'attribute' | 'tensor';

/** Where graphs and their initializers are, by field number: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 */
const inside: Record<Message, Record<number, Message>> = {
  model: { 7: 'graph' },
  graph: { 1: 'node', 5: 'tensor' },
  node: { 5: 'attribute' },
  attribute: { 6: 'graph', 11: 'graph' },
  tensor: {},
};
const tensorField = { rawData: 9, externalData: 13, dataLocation: 14 };

/** Smaller ones gain nothing by being mapped, and shapes and axes have to be at hand while the graph is optimised. */
const leastBytes = 1024;
/** Weights of at least a page begin on one, so that mapping them shares no page. */
const page = 4096;

interface Split {
  /** The encoded model in order; nearly all are views of the original. */
  pieces: Buffer[];
  moved: MovedWeights[];
}

/**
 * Takes weights out of a model that the runtime wrote, in which Constant nodes are initializers; subgraphs included. Those
 * that the runtime left in the original's other files, in `folder`, are moved from there. Leaves references to `location`,
 * whose content may be filled in afterwards. Throws RangeError for what is no model.
 */
export function splitWeights(model: Buffer, location: Buffer, folder: string): Split {
  const moved: MovedWeights[] = [];
  const shared = new Map<string, number>();
  let end = 0;
  const move: Move = (source, length) => {
    const key = Buffer.isBuffer(source) ? undefined : `${source.start} ${length} ${source.path}`;
    const known = key === undefined ? undefined : shared.get(key);
    if (known !== undefined) return known;
    const align = length >= page ? page : 64;
    const offset = Math.ceil(end / align) * align;
    end = offset + length;
    moved.push({ source, offset, length });
    if (key !== undefined) shared.set(key, offset);
    return offset;
  };
  const pieces = rewrite(model, 'model', (tensor) => moveTensor(tensor, location, folder, move));
  return { pieces: pieces ?? [model], moved };
}

/** Returns a tensor's new fields; undefined to keep it. */
type MoveTensor = (tensor: Buffer) => Buffer[] | undefined;

/** The message's new pieces; undefined when it stays as it is. */
function rewrite(bytes: Buffer, kind: Message, tensor: MoveTensor): Buffer[] | undefined {
  if (kind === 'tensor') return tensor(bytes);
  const pieces: Buffer[] = [];
  let kept = 0;
  for (const field of protoFields(bytes)) {
    const inner = field.wire === 2 ? inside[kind][field.number] : undefined;
    const payload = bytes.subarray(field.payload, field.end);
    const changed = inner && rewrite(payload, inner, tensor);
    if (!changed) continue;
    pieces.push(bytes.subarray(kept, field.start), fieldHeader(field.number, lengthOf(changed)), ...changed);
    kept = field.end;
  }
  if (kept === 0) return undefined;
  pieces.push(bytes.subarray(kept));
  return pieces;
}

/** Returns the offset of weights in their file. */
type Move = (source: MovedWeights['source'], length: number) => number;

function moveTensor(bytes: Buffer, location: Buffer, folder: string, move: Move): Buffer[] | undefined {
  const fields = [...protoFields(bytes)];
  const raw = fields.find((field) => field.number === tensorField.rawData && field.wire === 2);
  const place = raw ? undefined : externalPlace(bytes, fields, folder);
  const length = raw ? raw.end - raw.payload : (place?.length ?? 0);
  if (!place && length < leastBytes) return undefined;
  const isReplaced = ({ number }: ProtoField): boolean => Object.values(tensorField).includes(number);
  const kept = fields.filter((field) => !isReplaced(field)).map((field) => bytes.subarray(field.start, field.end));
  if (place && length < leastBytes) return [...kept, fieldHeader(tensorField.rawData, length), readPlace(place)];
  const offset = move(place ?? bytes.subarray(raw?.payload, raw?.end), length);
  return [
    ...kept,
    ...entry('location', location),
    ...entry('offset', Buffer.from(String(offset))),
    ...entry('length', Buffer.from(String(length))),
    varintField(tensorField.dataLocation, 1),
  ];
}

/** StringStringEntryProto of external_data; `value` goes in as the very buffer that was given. */
function entry(key: string, value: Buffer): Buffer[] {
  const name = Buffer.concat([fieldHeader(1, key.length), Buffer.from(key)]);
  const head = fieldHeader(2, value.byteLength);
  const length = name.byteLength + head.byteLength + value.byteLength;
  return [fieldHeader(tensorField.externalData, length), name, head, value];
}
