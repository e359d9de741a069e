const varint = (value: number): number[] => {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left];
    bytes.push((left % 128) + 128);
  }
};

/**
 * The etag of a resource at a version, as services of Cloud Run answer it: in quotes, a protobuf timestamp and the
 * resource's name, each in base64.
 * @param version microseconds since 1970
 */
export function etagOf(name: string, version: number): string {
  const seconds = Math.floor(version / 1_000_000);
  const nanos = (version % 1_000_000) * 1000;
  const stamp = Buffer.from([0x08, ...varint(seconds), ...(nanos > 0 ? [0x10, ...varint(nanos)] : [])]);
  return `"${stamp.toString('base64')}/${Buffer.from(name).toString('base64').replace(/=+$/, '')}"`;
}

/** The version in an etag, for the words of a refusal. */
export function versionOf(etag: string): string {
  const bytes = Buffer.from(/^"([\w+=]+)\//.exec(etag)?.[1] ?? '', 'base64');
  let at = 1;
  const read = (): number => {
    let value = 0;
    for (let unit = 1; at < bytes.length; unit *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte % 128) * unit;
      if (byte < 128) break;
    }
    return value;
  };
  const seconds = read();
  at++;
  return String(seconds * 1_000_000 + Math.floor(read() / 1000));
}

/** A version as a time with microseconds. */
export const timeOf = (version: number): string =>
  new Date(Math.floor(version / 1000)).toISOString().replace('Z', `${String(version % 1000).padStart(3, '0')}Z`);
