export type Dtype =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'string';

/** Fixed dimensions are numbers, symbolic ones their name, unnamed ones `""`. */
export type DeclaredShape = (number | string)[];

/** One input or output of the graph, as the model declares it. */
export interface TensorInfo {
  name: string;
  dtype: Dtype;
  /** Undefined where the number of dimensions is not declared, as ONNX allows. */
  shape: DeclaredShape | null;
  /** An input with a default (an initializer of its name, IR version 4 and later), which callers may leave out. */
  optional?: true;
  /** An input of floats of a model for which not-a-number is a missing value: callers may write null for it. */
  nullable?: true;
  /** Of an output of class scores: what each of its columns stands for, as the graph says. */
  labels?: ClassLabel[];
}

export type ClassLabel = string | number;
