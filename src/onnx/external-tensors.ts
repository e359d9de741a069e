import { ModelFault } from './model-fault.ts';
import { nameLimit } from './value-info.ts';
import type { WireReader } from './wire-reader.ts';

/** A tensor whose values lie in another file, as the model states it: nothing of it is checked. */
export interface ExternalTensor {
  /** May be empty: a tensor in an attribute needs no name. */
  name: string;
  /** TensorProto.DataType. */
  dataType: number;
  dims: number[];
  /** Of external_data: `location`, `offset`, `length` and others, as text. */
  stated: ReadonlyMap<string, string>;
  /** A key that is stated twice, which readers understand in different ways. */
  repeated: string | undefined;
}

/** Above what any real model has; they bound memory for files made to exhaust it. */
const tensorLimit = 100_000;
const rankLimit = 64;

/** TensorProto.DataLocation: the values are where external_data says. */
const external = 1;

/**
 * Reads the TensorProto that ends at `end` and returns its name; one whose values lie outside is added to `found`. What
 * external_data says of a tensor that is not marked as external is ignored, as the runtime does.
 */
export function readTensor(reader: WireReader, end: number, found: ExternalTensor[]): string {
  const tensor = { name: '', dataType: 0, dims: [] as number[], stated: new Map<string, string>() };
  let repeated: string | undefined;
  let location = 0;
  reader.each(end, (field, wire, value, stop) => {
    if (field === 1) readDims(reader, wire, value, stop, tensor.dims);
    if (field === 2 && wire === 0) tensor.dataType = value;
    if (field === 8 && wire === 2) tensor.name = reader.text(stop, nameLimit);
    if (field === 13 && wire === 2) {
      const [key, stated] = readEntry(reader, stop);
      if (tensor.stated.has(key)) repeated = key;
      tensor.stated.set(key, stated);
    }
    if (field === 14 && wire === 0) location = value;
  });
  if (location === external) {
    if (found.length === tensorLimit) {
      throw new ModelFault('model-invalid', `keeps more than ${tensorLimit} tensors in other files`);
    }
    found.push({ ...tensor, repeated });
  }
  return tensor.name;
}

/** One by one, or packed into one field. */
function readDims(reader: WireReader, wire: number, value: number, end: number, dims: number[]): void {
  if (wire === 0) dims.push(value);
  while (wire === 2 && reader.position < end && dims.length <= rankLimit) dims.push(reader.varint(end));
  if (dims.length > rankLimit) {
    throw new ModelFault('model-invalid', `has a tensor of more than ${rankLimit} dimensions`);
  }
}

/** StringStringEntryProto. */
function readEntry(reader: WireReader, end: number): [key: string, value: string] {
  let [key, value] = ['', ''];
  reader.each(end, (field, wire, _value, stop) => {
    if (wire !== 2) return;
    if (field === 1) key = reader.text(stop, nameLimit);
    if (field === 2) value = reader.text(stop, nameLimit);
  });
  return [key, value];
}
