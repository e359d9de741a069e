/** One line of a file, without its end; `undefined` where it is longer than `longest` bytes. */
export type Line = string | undefined;

/** Splits bytes into lines of UTF-8 text while they come, holding no more than one line. */
export async function* readLines(body: AsyncIterable<Uint8Array>, longest: number): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let size = 0;
  const take = (): Line => {
    const text = size > longest ? undefined : Buffer.concat(parts).toString('utf8').replace(/\r$/, '');
    parts = [];
    size = 0;
    return text;
  };
  const add = (part: Uint8Array): void => {
    size += part.byteLength;
    if (size <= longest) parts.push(Buffer.from(part));
    else parts = [];
  };
  for await (const chunk of body) {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      add(chunk.subarray(from, at));
      yield take();
      from = at + 1;
    }
    add(chunk.subarray(from));
  }
  if (size > 0) yield take();
}
