import type { App } from '../../http/app.ts';
import type { AppRequest } from '../../http/app-request.ts';

/** One line of a file, without its end; `undefined` where it is longer than `longest` bytes. */
type Line = string | undefined;

/** Splits bytes into lines of UTF-8 text while they come, holding no more than one line. */
async function* readLines(body: AsyncIterable<Uint8Array>, longest: number): AsyncGenerator<Line> {
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

/** The model could not be served now: the file is tried again as a whole, later. */
export class BatchUnavailableError extends Error {
  constructor(status: number) {
    super(`The function answered ${status} to a batch; nothing was written.`);
    this.name = 'BatchUnavailableError';
  }
}

interface LineRequest {
  line: number;
  text: string;
}

interface BatchDocument {
  items: Record<string, unknown>[];
  model: unknown;
}

/** Lines that are inferred together; a bounded one keeps the memory of a run bounded. */
const maxTogether = 64;

/**
 * Processes a file of JSON Lines, each one a body of /v1/infer: yields a line of results for every line that is not
 * empty, in their order, bad ones as `{"line":n,"error":{…}}`. Throws BatchUnavailableError.
 */
export async function* inferLines(app: App, body: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<string> {
  const room = limit - 16 - maxTogether;
  let waiting: (LineRequest | string)[] = [];
  let size = 0;
  let number = 0;
  for await (const line of readLines(body, room)) {
    number++;
    if (line?.trim() === '') continue;
    const bytes = line === undefined ? 0 : Buffer.byteLength(line);
    if (waiting.length >= maxTogether || size + bytes > room) {
      yield* await answer(app, waiting);
      waiting = [];
      size = 0;
    }
    size += bytes;
    waiting.push(readLine(number, line, room));
  }
  yield* await answer(app, waiting);
}

function readLine(line: number, text: Line, room: number): LineRequest | string {
  if (text === undefined) return failed(line, 'payload-too-large', `The line is larger than ${room} bytes.`);
  try {
    JSON.parse(text);
    return { line, text };
  } catch {
    return failed(line, 'bad-json', 'The line is not JSON.');
  }
}

/** Whether a line of results is an error; its fields always have this order. */
export const isFailure = (result: string): boolean => /^\{"line":\d+,"error":/.test(result);

const failed = (line: number, code: string, message: string): string =>
  JSON.stringify({ line, error: { code, message } });

async function answer(app: App, lines: readonly (LineRequest | string)[]): Promise<string[]> {
  const requests = lines.filter((line) => typeof line !== 'string');
  const answers = new Map<LineRequest, string>();
  await ask(app, requests, answers);
  return lines.map((line) => (typeof line === 'string' ? line : (answers.get(line) as string)));
}

/** Asks for all at once; where that is refused as a whole, one by one, so that one line fails alone. */
async function ask(app: App, lines: readonly LineRequest[], answers: Map<LineRequest, string>): Promise<void> {
  const [first] = lines;
  if (!first) return;
  const response = await app.handle(batchRequest(lines));
  const document = JSON.parse(Buffer.from(response.body as string).toString()) as unknown;
  if (response.status === 200) {
    const { items, model } = document as BatchDocument;
    for (const [at, one] of lines.entries()) {
      const item = items[at] as Record<string, unknown>;
      answers.set(one, JSON.stringify({ line: one.line, ...item, ...(!('error' in item) && { model }) }));
    }
  } else if (response.status === 503) {
    throw new BatchUnavailableError(response.status);
  } else if (lines.length > 1) {
    for (const one of lines) await ask(app, [one], answers);
  } else {
    const { code, message } = (document as { error: { code: string; message: string } }).error;
    answers.set(first, failed(first.line, code, message));
  }
}

/** Texts are joined as they came, so that no number loses digits on the way. */
function batchRequest(lines: readonly LineRequest[]): AppRequest {
  const body = Buffer.from(`{"items":[${lines.map(({ text }) => text).join(',')}]}`);
  return {
    method: 'POST',
    url: '/v1/batch',
    headers: { get: (name) => (name === 'content-type' ? 'application/json' : null) },
    read: async () => body,
    quiet: true,
  };
}
