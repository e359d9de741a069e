/** A document that should be JSON and is not. `line` and `column` are 1-based; absent where no place can be named. */
export class JsonTextError extends Error {
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** What to do about it, where that is plain. */
  readonly hint: string | undefined;

  constructor(message: string, place: { line?: number; column?: number } = {}, hint?: string) {
    super(message);
    this.name = 'JsonTextError';
    this.line = place.line;
    this.column = place.column;
    this.hint = hint;
  }
}

const byteOrderMark = '\uFEFF';

/**
 * Decodes a JSON document written by hand: UTF-8, with or without the byte order mark that Windows editors put in
 * front. Throws JsonTextError; UTF-16, which PowerShell writes, and gzip are named.
 */
export function decodeJson(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0x1f && second === 0x8b) {
    throw new JsonTextError('expected JSON in UTF-8, got a gzip archive', {}, 'Unpack it with gunzip.');
  }
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  // JSON begins with an ASCII character, so a zero byte beside it is the other half of a UTF-16 unit.
  if (marked || first === 0 || second === 0) throw utf16();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new JsonTextError('expected JSON in UTF-8, got other bytes', {}, 'Save it as UTF-8.');
  }
}

const utf16 = (): JsonTextError =>
  new JsonTextError(
    'expected JSON in UTF-8, got UTF-16',
    {},
    'Save it as UTF-8; in PowerShell, write it with Out-File -Encoding utf8.',
  );

/** Parses JSON text, a byte order mark passed over. Throws JsonTextError with line and column of the first fault. */
export function parseJson(text: string): unknown {
  const json = text.startsWith(byteOrderMark) ? text.slice(1) : text;
  try {
    return JSON.parse(json);
  } catch {
    // Read as UTF-8 before it came here: marks become replacement characters, and every second byte is zero.
    if (json.startsWith('\uFFFD\uFFFD') || json.slice(0, 2).includes('\0')) throw utf16();
    if (json.trim() === '') throw new JsonTextError('expected JSON, got an empty file');
    throw malformed(json);
  }
}

function malformed(json: string): JsonTextError {
  let at: number;
  try {
    at = faultAt(json);
  } catch {
    // A string of many megabytes is more than the pattern's stack takes.
    return new JsonTextError('expected JSON, got text that breaks off or is malformed');
  }
  const before = json.slice(0, at).split(/\r\n|[\r\n]/);
  const place = { line: before.length, column: (before.at(-1) ?? '').length + 1 };
  const literal = /^-?(?:NaN|nan|Infinity|inf|None|True|False|undefined)\b/.exec(json.slice(at, at + 16))?.[0];
  const broken = at >= json.length ? 'text that breaks off' : 'text that is malformed';
  const got = literal ? `${literal}, which JSON does not have,` : broken;
  const message = `expected JSON, got ${got} at line ${place.line}, column ${place.column}`;
  return new JsonTextError(message, place, literal && (spellings[literal] ?? 'Write it as JSON: null, true or false.'));
}

/** What such floats are as text: Python's json module writes them bare. */
const spellings: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['NaN', 'nan', '-NaN', '-nan'],
    ['Infinity', 'inf'],
    ['-Infinity', '-inf'],
  ].flatMap((same) => same.map((literal) => [literal, `Write it as text: "${same[0]}".`])),
);

const space = /[ \t\n\r]*/y;
const scalar =
  /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy;

/** What may come next: a value or a key, each also the end of an empty list or object, or what follows a value. */
type Next = 'value' | 'item' | 'key' | 'field' | 'colon' | 'more';

/** Offset of the first character that no JSON document could have there. The engine names it for some faults only. */
function faultAt(text: string): number {
  const open: string[] = [];
  let next: Next = 'value';
  for (let at = 0; ; ) {
    space.lastIndex = at;
    space.test(text);
    at = space.lastIndex;
    const char = text[at];
    if (char === undefined) return at;
    const inside = open.at(-1);
    if (next === 'colon') {
      if (char !== ':') return at;
      next = 'value';
      at++;
    } else if (char === (inside === '{' ? '}' : ']') && inside && next !== 'value' && next !== 'key') {
      open.pop();
      next = 'more';
      at++;
    } else if (next === 'more') {
      if (char !== ',' || !inside) return at;
      next = inside === '{' ? 'key' : 'value';
      at++;
    } else if (next !== 'key' && next !== 'field' && (char === '{' || char === '[')) {
      open.push(char);
      next = char === '{' ? 'field' : 'item';
      at++;
    } else {
      const isKey: boolean = next === 'key' || next === 'field';
      scalar.lastIndex = at;
      if ((isKey && char !== '"') || !scalar.test(text)) return at;
      at = scalar.lastIndex;
      next = isKey ? 'colon' : 'more';
    }
  }
}
