import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeJson, JsonTextError, parseJson } from '../../src/model/json-text.ts';

const faultOf = (work: () => unknown): JsonTextError => {
  try {
    work();
  } catch (error) {
    if (error instanceof JsonTextError) return error;
    throw error;
  }
  throw new Error('it was taken');
};

describe('JSON that people write', () => {
  it('is named when it is compressed', () => {
    expect(faultOf(() => decodeJson(gzipSync('{}'))).message).toContain('gzip');
  });

  it('may begin with a byte order mark', () => {
    expect(parseJson('\uFEFF{"a": [1]}')).toEqual({ a: [1] });
    expect(parseJson(decodeJson(Buffer.from('\uFEFF{"a": "ä"}')))).toEqual({ a: 'ä' });
  });

  it.each([
    ['little end first', Buffer.from('\uFEFF{"a": 1}', 'utf16le')],
    ['big end first', Buffer.from('\uFEFF{"a": 1}', 'utf16le').swap16()],
    ['no mark, little end first', Buffer.from('{"a": 1}', 'utf16le')],
    ['no mark, big end first', Buffer.from('{"a": 1}', 'utf16le').swap16()],
  ])('is named when it is UTF-16: %s', (_name, bytes) => {
    expect(faultOf(() => decodeJson(bytes)).message).toContain('UTF-16');
    expect(faultOf(() => parseJson(bytes.toString('utf8'))).message).toContain('UTF-16');
  });

  it.each<[string, number, number]>([
    ['{"a": 1,}', 1, 9],
    ['{"a" 1}', 1, 6],
    ['{a: 1}', 1, 2],
    ["{'a': 1}", 1, 2],
    ['[1 2]', 1, 4],
    ['[01]', 1, 3],
    ['[1, 2', 1, 6],
    ['{"inputs": {\r\n  "x": [1,\n2,, 3]}}', 3, 3],
    ['{"a": "two\nlines"}', 1, 7],
    ['{"a": nul}', 1, 7],
    ['[1]]', 1, 4],
    ['<<<<<<< HEAD\n{}', 1, 1],
    ['{}\n// why', 2, 1],
  ])('is told with the place of its fault: %s', (text, line, column) => {
    const { message, ...place } = faultOf(() => parseJson(text));
    expect(place).toMatchObject({ line, column });
    expect(message).toContain(`line ${line}, column ${column}`);
  });

  it('is told without a place where the engine cannot look that far', () => {
    expect(faultOf(() => parseJson(`["${'x'.repeat(20_000_000)}"`)).message).toContain('expected JSON');
  });
});
