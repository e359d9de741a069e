import { fieldHeader, lengthOf, protoFields, varintField } from '../model/wire-message.ts';

export interface MovedWeights {
  bytes: Buffer;
  /** In the weights' file. */
  offset: number;
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
 * Takes raw weights out of a model that the runtime wrote, in which none lie outside and Constant nodes are initializers;
 * subgraphs included. Leaves references to `location`, whose content may be filled in afterwards. Throws RangeError for what
 * is no model.
 */
export function splitWeights(model: Buffer, location: Buffer): Split {
  const moved: MovedWeights[] = [];
  let end = 0;
  const move = (bytes: Buffer): number => {
    const align = bytes.byteLength >= page ? page : 64;
    const offset = Math.ceil(end / align) * align;
    end = offset + bytes.byteLength;
    moved.push({ bytes, offset });
    return offset;
  };
  const pieces = rewrite(model, 'model', (tensor) => moveTensor(tensor, location, move));
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

function moveTensor(bytes: Buffer, location: Buffer, move: (bytes: Buffer) => number): Buffer[] | undefined {
  const fields = [...protoFields(bytes)];
  const raw = fields.find((field) => field.number === tensorField.rawData && field.wire === 2);
  if (!raw || raw.end - raw.payload < leastBytes) return undefined;
  const offset = move(bytes.subarray(raw.payload, raw.end));
  const kept = fields.filter((field) => field !== raw);
  return [
    ...kept.map((field) => bytes.subarray(field.start, field.end)),
    ...entry('location', location),
    ...entry('offset', Buffer.from(String(offset))),
    ...entry('length', Buffer.from(String(raw.end - raw.payload))),
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
