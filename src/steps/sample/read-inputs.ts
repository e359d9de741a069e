import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { ColdgateError } from '../../errors.ts';
import { decodeJson, JsonTextError, parseJson } from '../../model/json-text.ts';
import { elementsToJson } from '../../model/tensor-format.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import { parseTensor, TensorError } from '../../model/tensor-json.ts';
import { sampleLimit } from '../../onnx/golden.ts';
import { refusePlaceholder } from '../../onnx/placeholder.ts';
import { readZipFiles } from '../../package/unzip.ts';
import { badInputs, type GivenTensor } from './given-tensor.ts';
import { readCsv } from './read-csv.ts';
import { readNpy } from './read-npy.ts';
import { readTensorProto } from './read-tensor-proto.ts';

/** Of a file, and of what an archive unpacks to: a few times what a sample may have as text. */
const maxBytes = sampleLimit * 4;

/** Inputs of a run, and the outputs that come with test data of ONNX. */
export interface GivenRun {
  inputs: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

interface Signature {
  inputs: readonly TensorInfo[];
  outputs: readonly TensorInfo[];
}

/**
 * Reads the files that the user names: `.npz`, `.npy`, `.pb`, `.json`, `.csv`, or a folder of ONNX test data
 * (`test_data_set_0`); `NAME=PATH` says which input a file is for. Everything is held against the model. Throws InputError
 * `bad-inputs`, IntegrityError `not-the-file`.
 */
export async function readGivenRun(paths: readonly string[], model: Signature, cwd: string): Promise<GivenRun> {
  const given: GivenTensor[] = [];
  let outputs: GivenTensor[] = [];
  for (const text of paths) {
    const [, name, path = text] = /^([^=/\\]+)=(.+)$/.exec(text) ?? [];
    const at = resolve(cwd, path);
    if (await isFolder(at, path)) {
      const set = await testData(at, path);
      given.push(...set.inputs);
      outputs = set.outputs;
    } else {
      const found = await readOne(at, path, model.inputs);
      given.push(...(name === undefined ? found : found.map(({ json }) => ({ name, json }))));
    }
  }
  const label = paths.join(', ');
  const inputs = byName(given, model.inputs, label);
  return { inputs, ...(outputs.length > 0 && { outputs: byName(outputs, model.outputs, label) }) };
}

async function isFolder(at: string, label: string): Promise<boolean> {
  try {
    return (await stat(at)).isDirectory();
  } catch {
    throw badInputs(label, 'expected a file or a folder, got nothing of this name.');
  }
}

async function readOne(at: string, label: string, inputs: readonly TensorInfo[]): Promise<GivenTensor[]> {
  const bytes = await readBytes(at, label);
  const type = extname(label).toLowerCase();
  if (type === '.npz') return readNpz(bytes, label);
  const stem = basename(label, extname(label));
  if (type === '.npy') return [readNpy(bytes, label, inputs.some(({ name }) => name === stem) ? stem : undefined)];
  if (type === '.pb') return [readTensorProto(bytes, label)];
  if (type === '.csv') return readCsv(bytes.toString('utf8'), inputs, label);
  if (type === '.json') return readJsonInputs(bytes, label);
  throw badInputs(label, `expected .npz, .npy, .pb, .json or .csv, got ${type || 'a name without a type'}.`);
}

async function readBytes(at: string, label: string): Promise<Buffer> {
  const { size } = await stat(at);
  if (size > maxBytes)
    throw badInputs(label, `expected at most ${maxBytes} bytes, got ${size}.`, 'Use smaller inputs.');
  await refusePlaceholder(at, label);
  return readFile(at);
}

async function readNpz(bytes: Buffer, label: string): Promise<GivenTensor[]> {
  try {
    const files = await readZipFiles(bytes, maxBytes);
    return [...files].map(([name, content]) => readNpy(content, `${label}: ${name}`, name.replace(/\.npy$/, '')));
  } catch (cause) {
    if (!(cause instanceof ColdgateError && cause.code === 'bad-zip')) throw cause;
    throw badInputs(label, `expected an archive of NumPy: ${cause.message}`, 'Write it again with numpy.savez.');
  }
}

function readJson(bytes: Uint8Array, label: string): unknown {
  try {
    return parseJson(decodeJson(bytes));
  } catch (cause) {
    if (!(cause instanceof JsonTextError)) throw cause;
    throw badInputs(label, `${cause.message}.`, cause.hint, cause.line);
  }
}

/**
 * What a file holds that is to be sent to a model's task: its `request`, or all of it where it holds no inputs; or the
 * pictures that the user names. Undefined where the user names other files. Throws InputError `bad-inputs`.
 */
export async function givenRequest(paths: readonly string[], cwd: string): Promise<unknown> {
  const [path, second] = paths;
  if (paths.length > 0 && paths.every(isPicture)) return givenPictures(paths, cwd);
  if (path === undefined || second !== undefined || extname(path) !== '.json') return undefined;
  const at = resolve(cwd, path);
  if (await isFolder(at, path)) return undefined;
  const json = readJson(await readBytes(at, path), path);
  if (!isRecord(json) || 'inputs' in json) return undefined;
  return 'request' in json ? json['request'] : json;
}

const isPicture = (path: string): boolean => /\.(?:jpe?g|png|webp)$/i.test(path);

/** A request of pictures, in base64: a sample is text. */
async function givenPictures(paths: readonly string[], cwd: string): Promise<unknown> {
  const images: string[] = [];
  for (const path of paths) images.push((await readBytes(resolve(cwd, path), path)).toString('base64'));
  return images.length === 1 ? { image: images[0] } : { images };
}

/** A golden sample or a request, tensors by name, or one bare list for the first input. */
function readJsonInputs(bytes: Uint8Array, label: string): GivenTensor[] {
  const json = readJson(bytes, label);
  const inputs = isRecord(json) && 'inputs' in json ? json['inputs'] : json;
  if (!isRecord(inputs)) return [{ name: undefined, json: inputs }];
  return Object.entries(inputs).map(([name, tensor]) => ({ name, json: tensor }));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `input_0.pb`, `input_1.pb`, `output_0.pb`, …; of a model's folder those of its first set. */
async function testData(folder: string, label: string): Promise<{ inputs: GivenTensor[]; outputs: GivenTensor[] }> {
  const names = await readdir(folder);
  const set = names.filter((name) => name.startsWith('test_data_set_')).sort()[0];
  if (set !== undefined) return testData(join(folder, set), `${label}/${set}`);
  const all = async (role: string): Promise<GivenTensor[]> => {
    const files = names.filter((name) => new RegExp(`^${role}_\\d+\\.pb$`).test(name));
    const numbered = files.sort((a, b) => Number(a.replace(/\D/g, '')) - Number(b.replace(/\D/g, '')));
    return Promise.all(
      numbered.map(async (name) =>
        readTensorProto(await readBytes(join(folder, name), `${label}/${name}`), `${label}/${name}`),
      ),
    );
  };
  const found = { inputs: await all('input'), outputs: await all('output') };
  if (found.inputs.length > 0) return found;
  throw badInputs(label, 'expected input_0.pb, or a folder test_data_set_0 with it, got neither.');
}

/** Tensors by the model's names: by their own, else in the model's order. Each in the model's type. Throws InputError. */
function byName(given: readonly GivenTensor[], infos: readonly TensorInfo[], label: string): Record<string, unknown> {
  const known = (name: string | undefined) => infos.find((info) => info.name === name);
  const inOrder =
    given.length <= infos.length && given.every(({ name, loose }) => !known(name) && (loose || name === undefined));
  const found = new Map<string, unknown>();
  for (const [at, { name, json }] of given.entries()) {
    const info = inOrder ? infos[at] : known(name);
    if (!info) {
      const names = infos.map((one) => one.name).join(', ');
      throw badInputs(label, `expected tensors named ${names}, got ${name ?? 'one without a name'}.`, 'Use NAME=PATH.');
    }
    found.set(info.name, inTypeOf(info, json, label));
  }
  return Object.fromEntries(found);
}

function inTypeOf(info: TensorInfo, json: unknown, label: string): unknown {
  try {
    const { dtype, shape, data } = parseTensor(json, info);
    return { dtype, shape, data: elementsToJson(dtype, data) };
  } catch (error) {
    if (!(error instanceof TensorError)) throw error;
    const place = [info.name, error.field].filter(Boolean).join('.').replace('.[', '[');
    throw badInputs(label, `${place}: expected ${error.expected}, got ${error.got}.`);
  }
}
