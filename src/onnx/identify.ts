import { ModelFault } from './model-fault.ts';
import { placeholderOf } from './placeholder.ts';

/** How many of the first bytes `identify` wants to see. */
export const headLength = 4096;

interface Kind {
  /** For scripts, in the error's data. */
  found: string;
  test: (head: Buffer) => boolean;
  words: string;
  hint: string;
}

function at(offset: number, magic: string, encoding: BufferEncoding = 'latin1') {
  const bytes = Buffer.from(magic, encoding);
  return (head: Buffer) => head.subarray(offset, offset + bytes.length).equals(bytes);
}

function startsWithText(pattern: RegExp) {
  return (head: Buffer) => pattern.test(new TextDecoder().decode(head.subarray(0, 512)).trimStart());
}

const convert = 'Export the model to ONNX and name that file.';
const other = 'Name the .onnx file itself.';
const download = 'The download went wrong: fetch the raw file and compare its size with the source.';
const unpack = 'Unpack it and name the .onnx file inside.';

/** Most specific first. Sources: the formats' own specifications; the offsets are of their magic bytes. */
const kinds: readonly Kind[] = [
  { found: 'zeros', test: (head) => head.every((byte) => byte === 0), words: 'holds only zero bytes', hint: download },
  { found: 'xml', test: startsWithText(/^<(?:\?xml|Error\b)/), words: 'is an XML document', hint: download },
  {
    found: 'ort',
    test: at(4, 'ORTM'),
    words: 'is a model in ORT format',
    hint: 'Publish the original .onnx file: Coldgate makes the optimised form itself.',
  },
  {
    found: 'tflite',
    test: at(4, 'TFL3'),
    words: 'is a TensorFlow Lite model',
    hint: 'Convert it with tf2onnx --tflite.',
  },
  { found: 'hdf5', test: at(0, '894844460d0a1a0a', 'hex'), words: 'is an HDF5 file (Keras weights?)', hint: convert },
  { found: 'pytorch', test: isTorchZip, words: 'is a PyTorch checkpoint', hint: 'Export it with torch.onnx.export.' },
  { found: 'zip', test: at(0, 'PK\x03\x04'), words: 'is a zip archive', hint: unpack },
  { found: 'gzip', test: at(0, '\x1f\x8b'), words: 'is gzip-compressed', hint: unpack },
  { found: 'zstd', test: at(0, '28b52ffd', 'hex'), words: 'is zstd-compressed', hint: unpack },
  { found: 'xz', test: at(0, 'fd377a585a00', 'hex'), words: 'is xz-compressed', hint: unpack },
  { found: 'bzip2', test: at(0, 'BZh'), words: 'is bzip2-compressed', hint: unpack },
  { found: 'tar', test: at(257, 'ustar'), words: 'is a tar archive', hint: unpack },
  { found: 'safetensors', test: isSafetensors, words: 'is a safetensors file: weights without a graph', hint: convert },
  { found: 'gguf', test: at(0, 'GGUF'), words: 'is a GGUF file', hint: convert },
  { found: 'pickle', test: isPickle, words: 'is a Python pickle (PyTorch or scikit-learn?)', hint: convert },
  { found: 'numpy', test: at(0, '\x93NUMPY'), words: 'is a NumPy array', hint: convert },
  { found: 'png', test: at(0, '\x89PNG'), words: 'is a PNG image', hint: other },
  { found: 'jpeg', test: at(0, '\xff\xd8\xff'), words: 'is a JPEG image', hint: other },
  { found: 'gif', test: at(0, 'GIF8'), words: 'is a GIF image', hint: other },
  { found: 'pdf', test: at(0, '%PDF'), words: 'is a PDF document', hint: other },
  { found: 'elf', test: at(0, '\x7fELF'), words: 'is a program or shared library', hint: other },
  { found: 'json', test: startsWithText(/^[{[]\s*(?:["{}[\]\d-]|$)/), words: 'is JSON text', hint: other },
  { found: 'text', test: isText, words: 'is plain text', hint: other },
];

/** A .pt file is a zip whose first entry is `<name>/data.pkl`. */
function isTorchZip(head: Buffer): boolean {
  return at(0, 'PK\x03\x04')(head) && /\/data\.pkl|\/\.format_version/.test(head.subarray(0, 512).toString('latin1'));
}

/** Eight bytes of length, then a JSON header: https://github.com/huggingface/safetensors#format */
function isSafetensors(head: Buffer): boolean {
  return head.length > 9 && head.readBigUInt64LE(0) < 100_000_000n && head[8] === 0x7b && head[9] === 0x22;
}

/** PROTO opcode with protocol 2 to 5, then an opcode that builds something; no ONNX file starts with 0x80. */
function isPickle(head: Buffer): boolean {
  return head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5;
}

/** No control characters but white space, and UTF-8 so far. Every ONNX file starts with some. */
function isText(head: Buffer): boolean {
  if (head[0] === 0xff && head[1] === 0xfe) return true;
  return !/[^\P{Cc}\t\n\v\f\r]|\uFFFD/u.test(head.subarray(0, 512).toString('utf8').slice(0, -1));
}

/** What an ONNX file that is none really is; undefined when the first bytes could belong to a model. */
export function identify(head: Buffer): ModelFault | undefined {
  if (head.length === 0) return new ModelFault('not-onnx', 'is empty', download, 'empty');
  const kind = placeholderOf(head) ?? kinds.find(({ test }) => test(head));
  return kind && new ModelFault('not-onnx', `${kind.words}, not an ONNX model`, kind.hint, kind.found);
}
