import type { ClassLabel } from '../model/tensor-info.ts';
import { ModelFault } from './model-fault.ts';
import { nameLimit } from './value-info.ts';
import type { WireReader } from './wire-reader.ts';

/** A node that makes a list of maps, from class to score, of a tensor of scores; scikit-learn's converters add it. */
export interface ZipMap {
  output: string;
  /** One for each column of the tensor. */
  labels: ClassLabel[];
}

/** Above what any classifier has. */
const labelLimit = 100_000;

/** Reads the NodeProto that ends at `end`: https://github.com/onnx/onnx/blob/main/docs/Operators-ml.md#ai.onnx.ml.ZipMap */
export function readZipMap(reader: WireReader, end: number): ZipMap {
  const node: ZipMap = { output: '', labels: [] };
  reader.each(end, (field, wire, _value, stop) => {
    if (wire !== 2) return;
    if (field === 2) node.output = reader.text(stop, nameLimit);
    if (field === 5) readLabels(reader, stop, node.labels);
  });
  return node;
}

/** Attributes are `classlabels_strings` and `classlabels_int64s`: field 9 holds texts, field 8 numbers, packed or one by one. */
function readLabels(reader: WireReader, end: number, labels: ClassLabel[]): void {
  reader.each(end, (field, wire, value, stop) => {
    if (field === 9 && wire === 2) labels.push(reader.text(stop, nameLimit));
    else if (field === 8 && wire === 0) labels.push(value);
    else if (field === 8 && wire === 2) while (reader.position < stop) labels.push(reader.varint(stop));
    if (labels.length > labelLimit) throw new ModelFault('model-invalid', `has more than ${labelLimit} class labels`);
  });
}
