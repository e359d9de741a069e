import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { InputError } from '../errors.ts';
import type { TensorInfo } from '../model/tensor-info.ts';
import type { ExternalTensor } from './external-tensors.ts';
import { emptyGraphHead, type GraphHead, readGraph, readNode, tensorsOf } from './graph-head.ts';
import { headLength, identify } from './identify.ts';
import { ModelFault } from './model-fault.ts';
import type { ServedOutputs } from './served-outputs.ts';
import { isUnbounded } from './unbounded.ts';
import { nameLimit } from './value-info.ts';
import { WireReader } from './wire-reader.ts';

/** Newest that ONNX Runtime 1.30 loads. Source: core/graph/model.cc and model_load_utils.h of v1.30.0. */
export const newestIr = 13;
export const newestOpset = 26;
/** protobuf's own limit for one message: https://protobuf.dev/programming-guides/proto-limits/ */
const largestFile = 2 ** 31 - 1;

/** A model's metadata, without its weights. */
export interface ModelHead extends ServedOutputs {
  /** What a caller gives: graph inputs, those with a default last. Initializers of IR version 3 are none. */
  inputs: TensorInfo[];
  /** Version of ai.onnx; 0 where the model imports only other sets. */
  opset: number;
  irVersion: number;
  /** Name and version as the file states them; may be empty. */
  producer: string;
  /** Tensors whose values lie in files beside the model, as the model states them, in order of appearance. */
  externalData: ExternalTensor[];
  /** Imported operator sets that neither ONNX nor ONNX Runtime defines, nor a function of the model. */
  customDomains: string[];
  /** Domains that nodes name, subgraphs included, without the default one. */
  nodeDomains: string[];
  /** Operators that nodes name, subgraphs and functions included: `Conv`, `MatMul`. */
  operators: string[];
  /** Whether one of them repeats work as often as the inputs determine, so that a run may never end. */
  unbounded: boolean;
}

interface Draft {
  irVersion: number;
  producer: string;
  producerVersion: string;
  opsets: Map<string, number>;
  functionDomains: Set<string>;
  /** What the nodes of the model's functions name. */
  functions: GraphHead;
  graph: GraphHead | undefined;
}

/**
 * Reads the head of the ONNX file; payloads are skipped, so time and memory hardly depend on its size.
 * `label` is how messages name the file. Throws InputError `no-model-file` when it cannot be opened, and IntegrityError
 * `not-onnx` (naming what it is), `model-truncated`, `model-invalid` or `model-unsupported`.
 */
export async function readModelHead(path: string, label: string = path): Promise<ModelHead> {
  const file = open(path, label);
  try {
    return readOpen(file);
  } catch (error) {
    throw error instanceof ModelFault ? error.toError(label) : error;
  } finally {
    closeSync(file);
  }
}

function open(path: string, label: string): number {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : 'the file cannot be read';
    throw new InputError([{ path: '', file: label, message: `${reason}.` }], { code: 'no-model-file', cause });
  }
  throw new InputError([{ path: '', file: label, message: 'expected a file, got a directory.' }], {
    code: 'no-model-file',
  });
}

function readOpen(file: number): ModelHead {
  const { size } = fstatSync(file);
  const head = Buffer.alloc(Math.min(size, headLength));
  const other = identify(head.subarray(0, readSync(file, head, 0, head.length, 0)));
  if (other) throw other;
  if (size > largestFile) {
    const hint =
      'Keep its weights in a file beside it: onnx.save_model(model, path, save_as_external_data=True, location="model.onnx.data").';
    throw new ModelFault('model-invalid', `has ${size} bytes, and a model file can have at most 2 GiB`, hint);
  }
  return finish(readModel(new WireReader(file, size)));
}

/** Wire types of ModelProto's fields; a file that begins with anything else is no model. */
const modelWires: Record<number, number> = {
  1: 0,
  2: 2,
  3: 2,
  4: 2,
  5: 0,
  6: 2,
  7: 2,
  8: 2,
  14: 2,
  20: 2,
  25: 2,
  26: 2,
};

function readModel(reader: WireReader): Draft {
  const draft: Draft = {
    irVersion: 0,
    producer: '',
    producerVersion: '',
    opsets: new Map(),
    functionDomains: new Set(),
    functions: emptyGraphHead(),
    graph: undefined,
  };
  let known = false;
  try {
    reader.each(reader.size, (field, wire, value, end) => {
      if (!known && modelWires[field] !== wire) throw new ModelFault('model-invalid', 'starts with no known field');
      known = true;
      if (field === 1 && wire === 0) draft.irVersion = value;
      if (wire === 2) readModelField(reader, field, end, draft);
    });
  } catch (error) {
    // The first field may also be nonsense by its length; a cut file has at least one whole small field before.
    if (error instanceof ModelFault && !known) {
      const hint = 'Name the .onnx file itself, or export the model to ONNX.';
      throw new ModelFault('not-onnx', 'is not an ONNX model: its first bytes are of no format known here', hint);
    }
    throw error;
  }
  return draft;
}

function readModelField(reader: WireReader, field: number, end: number, draft: Draft): void {
  if (field === 2) draft.producer = reader.text(end, nameLimit);
  if (field === 3) draft.producerVersion = reader.text(end, nameLimit);
  if (field === 7) {
    draft.graph ??= emptyGraphHead();
    readGraph(reader, end, draft.graph);
  }
  if (field === 8) readOpset(reader, end, draft.opsets);
  if (field === 25) {
    reader.each(end, (inner, wire, _value, stop) => {
      if (inner === 7 && wire === 2) readNode(reader, stop, draft.functions, 1);
      if (inner === 10 && wire === 2) draft.functionDomains.add(reader.text(stop, nameLimit));
    });
  }
}

function readOpset(reader: WireReader, end: number, opsets: Map<string, number>): void {
  let domain = '';
  let version = 0;
  reader.each(end, (field, wire, value, stop) => {
    if (field === 1 && wire === 2) domain = reader.text(stop, nameLimit);
    if (field === 2 && wire === 0) version = value;
  });
  if (opsets.size >= 1000) throw new ModelFault('model-invalid', 'imports more than 1000 operator sets');
  opsets.set(domain === 'ai.onnx' ? '' : domain, version);
}

/** Sets that ONNX defines or that ONNX Runtime brings along: core/graph/constants.h of v1.30.0. */
const builtIn =
  /^(?:|ai\.onnx\.ml|ai\.onnx\.training|ai\.onnx\.preview(?:\.training)?|com\.microsoft(?:\..+)?|com\.ms\.internal\.nhwc|org\.pytorch\.aten)$/;

function finish(draft: Draft): ModelHead {
  const { graph, opsets, irVersion } = draft;
  const again = 'Export it again, and check it with onnx.checker.check_model.';
  if (!graph) throw new ModelFault('model-invalid', 'is not a whole ONNX model: it has no graph', again);
  if (opsets.size === 0) throw new ModelFault('model-invalid', 'imports no operator set (opset_import)', again);
  const opset = opsets.get('') ?? 0;
  if (irVersion < 1) throw new ModelFault('model-invalid', 'does not state its IR version', again);
  if (irVersion > newestIr) {
    const words = `has IR version ${irVersion}; ONNX Runtime 1.30 loads up to ${newestIr}`;
    throw new ModelFault('model-invalid', words, 'Export it with an older onnx package, or lower ir_version.');
  }
  if (opset > newestOpset || opset < 0 || (opsets.has('') && opset === 0)) {
    const words = `needs opset ${opset} of ai.onnx; ONNX Runtime 1.30 loads 1 to ${newestOpset}`;
    throw new ModelFault('model-invalid', words, `Export it with opset_version=${newestOpset} or less.`);
  }
  const operators = [...new Set([...graph.operators, ...draft.functions.operators])].sort();
  return {
    ...tensorsOf(graph, irVersion),
    opset,
    irVersion,
    producer: `${draft.producer} ${draft.producerVersion}`.trim(),
    externalData: [...graph.externalData, ...draft.functions.externalData],
    customDomains: [...opsets.keys()].filter((d) => !builtIn.test(d) && !draft.functionDomains.has(d)).sort(),
    nodeDomains: [...graph.nodeDomains].filter((d) => d !== '' && d !== 'ai.onnx').sort(),
    operators,
    unbounded: isUnbounded(operators),
  };
}
