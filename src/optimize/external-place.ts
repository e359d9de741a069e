import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type ProtoField, protoFields } from '../model/wire-message.ts';
import { tensorBytes } from '../onnx/external-ranges.ts';

/** A range of a file that holds the values of a tensor. */
export interface FilePlace {
  path: string;
  start: number;
  length: number;
}

/** https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 */
const field = { dims: 1, dataType: 2, externalData: 13, dataLocation: 14 };

/**
 * Where the values of an encoded tensor lie, relative to `folder`; undefined where they are in the model. It was checked
 * with the model, before the runtime saw it. Throws RangeError for a tensor whose size is not known.
 */
export function externalPlace(tensor: Buffer, fields: readonly ProtoField[], folder: string): FilePlace | undefined {
  const stated = new Map<string, string>();
  const dims: number[] = [];
  const numbers = new Map<number, number>();
  for (const { number, wire, payload, end } of fields) {
    if (number === field.externalData && wire === 2) stated.set(...readEntry(tensor.subarray(payload, end)));
    else if (number === field.dims) dims.push(...varints(tensor.subarray(payload, end)));
    else if (wire === 0) numbers.set(number, varints(tensor.subarray(payload, end))[0] ?? 0);
  }
  const location = stated.get('location');
  if (numbers.get(field.dataLocation) !== 1 || location === undefined) return undefined;
  const length = Number(stated.get('length') ?? tensorBytes({ dataType: numbers.get(field.dataType) ?? 0, dims }));
  const start = Number(stated.get('offset') ?? 0);
  if (!Number.isSafeInteger(start + length)) throw new RangeError(`The tensor's range in ${location} is not known.`);
  return { path: join(folder, location), start, length };
}

/** The numbers of a packed field, or the one of another. */
function varints(bytes: Buffer): number[] {
  const found: number[] = [];
  let [value, scale] = [0, 1];
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte >= 0x80) continue;
    found.push(value);
    [value, scale] = [0, 1];
  }
  return found;
}

function readEntry(bytes: Buffer): [key: string, value: string] {
  const parts = ['', ''];
  for (const { number, payload, end } of protoFields(bytes)) parts[number - 1] = bytes.toString('utf8', payload, end);
  return [parts[0] as string, parts[1] as string];
}

/** For what is small. */
export function readPlace({ path, start, length }: FilePlace): Buffer {
  const bytes = Buffer.alloc(length);
  const file = openSync(path, 'r');
  try {
    if (readSync(file, bytes, 0, length, start) < length) throw new RangeError(`${path} is too short.`);
    return bytes;
  } finally {
    closeSync(file);
  }
}
