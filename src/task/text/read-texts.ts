import { describeValue } from '../../model/tensor-error.ts';
import { badRequest, type Schema, type TaskBody, TaskError } from '../task.ts';

/** One text, or two that belong together, and what the request says of its answer. */
export interface TextItem {
  text: string;
  pair: string | undefined;
  top: number | undefined;
}

/** Bounds the work of one request whatever the payload limit. */
export const maxTexts = 1024;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads `{"text": "…"}`, `{"text": "…", "pair": "…"}` or `{"texts": [text or {text, pair}, …]}`.
 * @param more fields that the task takes besides
 * @throws TaskError where the body as a whole is wrong
 */
export function readTexts(body: TaskBody, more: readonly 'top'[]): (TextItem | TaskError)[] {
  if (!('json' in body)) throw new TaskError(415, 'unsupported-media-type', 'Expected content-type application/json.');
  const { json } = body;
  if (!isRecord(json)) throw badRequest('', 'an object with text or texts', describeValue(json));
  const { text, texts } = json;
  if ((text === undefined) === (texts === undefined))
    throw badRequest('', 'either text or texts', text === undefined ? 'neither' : 'both');
  knownFields('', json, text === undefined ? ['texts', ...more] : ['text', 'pair', ...more]);
  const top = more.includes('top') ? readTop(json['top']) : undefined;
  if (texts === undefined) return [attempt(() => readText(json, '', top))];
  if (!Array.isArray(texts)) throw badRequest('texts', 'a list of texts', describeValue(texts));
  if (texts.length === 0 || texts.length > maxTexts)
    throw badRequest('texts', `1 to ${maxTexts} texts`, String(texts.length));
  return texts.map((one: unknown, at) => attempt(() => readOne(one, `texts[${at}]`, top)));
}

function readOne(one: unknown, place: string, top: number | undefined): TextItem {
  if (!isRecord(one)) return { text: readString(one, place), pair: undefined, top };
  knownFields(place, one, ['text', 'pair']);
  return readText(one, `${place}.`, top);
}

const readText = (json: Record<string, unknown>, before: string, top: number | undefined): TextItem => ({
  text: readString(json['text'], `${before}text`),
  pair: json['pair'] === undefined ? undefined : readString(json['pair'], `${before}pair`),
  top,
});

/** Half surrogates have no code point, and so no ids: the reference refuses them, too. */
function readString(value: unknown, place: string): string {
  if (typeof value !== 'string') throw badRequest(place, 'text', describeValue(value));
  if (!value.isWellFormed()) throw badRequest(place, 'well-formed Unicode', 'half of a surrogate pair');
  return value;
}

function readTop(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
  throw badRequest('top', 'a whole number of at least 1', describeValue(value));
}

function knownFields(place: string, json: Record<string, unknown>, known: readonly string[]): void {
  const unknown = Object.keys(json).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const name = unknown.length > 64 ? `${unknown.slice(0, 64)}…` : unknown;
  throw badRequest(place ? `${place}.${name}` : name, `only ${known.join(', ')}`, 'an unknown field');
}

function attempt<T>(work: () => T): T | TaskError {
  try {
    return work();
  } catch (error) {
    if (error instanceof TaskError) return error;
    throw error;
  }
}

/** JSON Schema of what `readTexts` reads. */
export function requestSchema(more: Schema = {}): Schema {
  const one = { text: { type: 'string' }, pair: { type: 'string' } };
  const pair = { type: 'object', required: ['text'], additionalProperties: false, properties: one };
  const items = { anyOf: [{ type: 'string' }, pair] };
  const texts = { type: 'array', minItems: 1, maxItems: maxTexts, items };
  return {
    oneOf: [
      { ...pair, properties: { ...one, ...more } },
      { type: 'object', required: ['texts'], additionalProperties: false, properties: { texts, ...more } },
    ],
  };
}
