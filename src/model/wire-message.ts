/** One field of a protobuf message in memory: `start` is its tag, `payload` to `end` its value. */
export interface ProtoField {
  number: number;
  wire: number;
  start: number;
  payload: number;
  end: number;
}

/** Wire format: https://protobuf.dev/programming-guides/encoding/ Throws RangeError for what is none. */
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

const invalid = (): RangeError => new RangeError('The bytes are no protobuf message.');

/** Tag and length of a length-delimited field. */
export const fieldHeader = (number: number, length: number): Buffer =>
  Buffer.concat([encode(number * 8 + 2), encode(length)]);

export const varintField = (number: number, value: number): Buffer =>
  Buffer.concat([encode(number * 8), encode(value)]);

/** A whole length-delimited field. */
export const messageField = (number: number, ...pieces: Uint8Array[]): Buffer => {
  const payload = Buffer.concat(pieces);
  return Buffer.concat([fieldHeader(number, payload.byteLength), payload]);
};

function encode(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80);
  out.push(rest);
  return Buffer.from(out);
}

/**
 * The message's pieces in order, most of them views of it; `change` returns a field's new pieces, or undefined to keep
 * it. A single piece means that nothing changed.
 */
export function mapFields(
  message: Buffer,
  change: (field: ProtoField, payload: Buffer) => readonly Buffer[] | undefined,
): Buffer[] {
  const pieces: Buffer[] = [];
  let kept = 0;
  for (const field of protoFields(message)) {
    const changed = change(field, message.subarray(field.payload, field.end));
    if (!changed) continue;
    pieces.push(message.subarray(kept, field.start), ...changed);
    kept = field.end;
  }
  pieces.push(message.subarray(kept));
  return pieces;
}

/** The field again around the pieces of its message; undefined where that stays as it is. */
export const withPieces = ({ number }: ProtoField, pieces: readonly Buffer[]): Buffer[] | undefined =>
  pieces.length === 1 ? undefined : [fieldHeader(number, lengthOf(pieces)), ...pieces];

export const lengthOf = (pieces: readonly Buffer[]): number => pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
