import { NumberList } from '../../../model/number-list.ts';
import type { TensorInfo } from '../../../model/tensor-info.ts';
import { type ParsedTensor, parseTensor } from '../../../model/tensor-json.ts';
import type { Session, Tensors } from '../../session/session.ts';
import { readBinaryTensor } from '../../tensors/binary-tensor.ts';
import { parseBody } from '../../tensors/read-body.ts';
import { badInput, describeInputs, isRecord, readTensor, shorten } from '../../tensors/tensors-in.ts';
import { RequestError } from '../request-error.ts';
import { readByteStrings } from './byte-strings.ts';
import { datatypeOf } from './datatypes.ts';
import { isWide, withLongIntegersAsText } from './exact-integers.ts';

export interface V2Request {
  id: string | undefined;
  feeds: Tensors;
  /** Outputs asked for; all when absent. */
  outputs: readonly string[] | undefined;
  /** Whether an output is to come as bytes behind the JSON. */
  binary(output: string): boolean;
}

/** The JSON part of a body and the bytes behind it. */
export interface V2Body {
  json: Record<string, unknown>;
  /** The same as it came. */
  head: Uint8Array;
  rest: Uint8Array;
}

/** Splits a body of the binary extension by its header; without one all of it is JSON. Throws RequestError 400. */
export async function splitBody(bytes: Uint8Array, header: string | null): Promise<V2Body> {
  if (header === null) return { json: await parseBody(bytes), head: bytes, rest: new Uint8Array() };
  const length = /^\d{1,12}$/.test(header) ? Number(header) : Number.NaN;
  if (!(length <= bytes.byteLength)) {
    throw badInput('Inference-Header-Content-Length', `a number up to ${bytes.byteLength}`, 'something else');
  }
  const head = bytes.subarray(0, length);
  return { json: await parseBody(head), head, rest: bytes.subarray(length) };
}

/** Holds the request against what the model declares. Throws RequestError 400. */
export function readV2Request({ json, head, rest }: V2Body, model: Pick<Session, 'inputs' | 'outputs'>): V2Request {
  const inputs = json['inputs'];
  if (!Array.isArray(inputs) || !inputs.every(isRecord)) {
    throw badInput('inputs', `a list of tensors for ${describeInputs(model.inputs)}`, 'something else');
  }
  const id = json['id'];
  if (id !== undefined && typeof id !== 'string') throw badInput('id', 'text', 'something else');
  const wide = model.inputs.some(({ dtype }) => isWide(dtype));
  const exact = wide ? (withLongIntegersAsText(json, head)['inputs'] as typeof inputs) : inputs;
  return { id, feeds: readInputs(inputs, exact, rest, model.inputs), ...readOutputs(json, model.outputs) };
}

/** `exact` are the same inputs with every digit of their long integers. */
function readInputs(
  inputs: readonly Record<string, unknown>[],
  exact: readonly Record<string, unknown>[],
  rest: Uint8Array,
  infos: readonly TensorInfo[],
): Tensors {
  const feeds: Tensors = new Map();
  let at = 0;
  for (const [index, input] of inputs.entries()) {
    const info = infos.find((one) => one.name === input['name']);
    const name = typeof input['name'] === 'string' ? shorten(input['name']) : '';
    if (!info || feeds.has(info.name))
      throw badInput(`inputs.${name}`, describeInputs(infos), 'another or the same again');
    const size = parametersOf(input)['binary_data_size'];
    if (size === undefined) feeds.set(info.name, readPlain((isWide(info.dtype) && exact[index]) || input, info));
    else {
      const end = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? at + size : Number.NaN;
      if (!(end <= rest.byteLength)) {
        throw badInput(
          `inputs.${name}.parameters.binary_data_size`,
          `at most ${rest.byteLength - at} bytes`,
          'more or none',
        );
      }
      feeds.set(info.name, readBytes(input, rest.subarray(at, end), info));
      at = end;
    }
  }
  if (at !== rest.byteLength) throw badInput('inputs', `${at} bytes behind the JSON`, `${rest.byteLength}`);
  const missing = infos.find((info) => !info.optional && !feeds.has(info.name));
  if (missing) throw badInput(`inputs.${missing.name}`, describeInputs([missing]), 'nothing');
  const given = infos.filter((info) => feeds.has(info.name));
  return new Map(given.map((info) => [info.name, feeds.get(info.name) as ParsedTensor]));
}

/** Nested data is allowed by the protocol; deeper than any real tensor is not data. */
const deepest = 16;

function readPlain(input: Record<string, unknown>, info: TensorInfo): ParsedTensor {
  const place = `inputs.${info.name}`;
  checkDatatype(input, info, place);
  const list = input['data'];
  const data = Array.isArray(list) ? list.flat(deepest) : list instanceof NumberList ? list.flat() : list;
  return readTensor(place, () => parseTensor({ shape: input['shape'], data }, info));
}

function readBytes(input: Record<string, unknown>, bytes: Uint8Array, info: TensorInfo): ParsedTensor {
  const place = `inputs.${info.name}`;
  checkDatatype(input, info, place);
  if (info.dtype === 'string') {
    return readTensor(place, () => parseTensor({ shape: input['shape'], data: readByteStrings(bytes, place) }, info));
  }
  const shape = input['shape'];
  const isShape = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!isShape) throw badInput(`${place}.shape`, 'a list of whole numbers', 'something else');
  return readBinaryTensor(bytes, shape as number[], info, place);
}

function checkDatatype(input: Record<string, unknown>, info: TensorInfo, place: string): void {
  const got = input['datatype'];
  if (got === datatypeOf(info.dtype)) return;
  throw badInput(
    `${place}.datatype`,
    datatypeOf(info.dtype),
    typeof got === 'string' ? shorten(got) : 'something else',
  );
}

function readOutputs(
  json: Record<string, unknown>,
  infos: readonly TensorInfo[],
): Pick<V2Request, 'outputs' | 'binary'> {
  const all = parametersOf(json)['binary_data_output'] === true;
  const outputs = json['outputs'];
  if (outputs === undefined || (Array.isArray(outputs) && outputs.length === 0))
    return { outputs: undefined, binary: () => all };
  const names = infos.map((info) => info.name);
  if (!Array.isArray(outputs) || !outputs.every((one) => isRecord(one) && names.includes(one['name'] as string))) {
    throw badInput('outputs', `a list of tensors named ${names.join(', ')}`, 'something else');
  }
  const chosen = new Map<string, boolean>();
  for (const one of outputs as Record<string, unknown>[]) {
    const parameters = parametersOf(one);
    if (parameters['classification'] !== undefined) {
      throw new RequestError(400, 'unsupported-extension', 'The classification extension is not offered here.');
    }
    chosen.set(one['name'] as string, (parameters['binary_data'] ?? all) === true);
  }
  return { outputs: [...chosen.keys()], binary: (name) => chosen.get(name) === true };
}

const parametersOf = (value: Record<string, unknown>): Record<string, unknown> =>
  isRecord(value['parameters']) ? value['parameters'] : {};
