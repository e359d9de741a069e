import { IntegrityError } from '../errors.ts';

/** One field of a protobuf message in memory: `start` is its tag, `payload` to `end` its value. */
export interface ProtoField {
  number: number;
  wire: number;
  start: number;
  payload: number;
  end: number;
}

/** Wire format: https://protobuf.dev/programming-guides/encoding/ Throws IntegrityError `model-invalid`. */
export function* protoFields(bytes: Buffer): Generator<ProtoField> {
  let position = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[position++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw invalid();
  };
  while (position < bytes.byteLength) {
    const start = position;
    const tag = varint();
    const wire = tag % 8;
    let payload = position;
    if (wire === 0) varint();
    else {
      const length = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : Number.NaN;
      payload = position;
      position += length;
    }
    if (!(position <= bytes.byteLength)) throw invalid();
    yield { number: Math.floor(tag / 8), wire, start, payload, end: position };
  }
}

const invalid = (): IntegrityError => new IntegrityError('model-invalid', 'The model is not a valid ONNX file.');

/** Tag and length of a length-delimited field. */
export const fieldHeader = (number: number, length: number): Buffer =>
  Buffer.concat([encode(number * 8 + 2), encode(length)]);

export const varintField = (number: number, value: number): Buffer =>
  Buffer.concat([encode(number * 8), encode(value)]);

function encode(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80);
  out.push(rest);
  return Buffer.from(out);
}
