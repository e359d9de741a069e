import type { ModelEntry, SourceFile } from '../../config/types.ts';
import type { Problem } from '../../errors.ts';
import type { TextSection } from '../../model/task.ts';
import { describeShape } from '../../model/tensor-error.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import type { ModelHead } from '../../onnx/read-head.ts';
import { type BesideModel, isRecord, type Json, sensibleCount } from './beside-model.ts';

/** What the graph may take of a text. */
const known = ['input_ids', 'attention_mask', 'token_type_ids'];

/** Where nothing says how much a model takes. */
const usualTokens = 512;

export interface TextInputs {
  text: TextSection;
  /** The tokenizer.json. */
  file: SourceFile;
  problems: Problem[];
}

type TextSettings = Extract<NonNullable<ModelEntry['task']>, { specialTokens: unknown }>;

/**
 * How texts become ids: what models.yaml says, else what lies beside the model says, of which sentence-transformers' own
 * limit goes before that of the tokenizer. The length to which a tokenizer.json would fill texts up is not taken: a run is as long as its
 * longest text. Undefined, with the problem, where there is no tokenizer.
 */
export async function textInputs(
  settings: TextSettings,
  entry: ModelEntry,
  head: ModelHead,
  beside: BesideModel,
): Promise<TextInputs | { text: undefined; problems: Problem[] }> {
  const at = `models.${entry.name}.task`;
  const name = settings.tokenizer ?? 'tokenizer.json';
  const source = beside.find(name);
  if (source === undefined) {
    const message = `expected the name of one of files, got ${name}, which is neither there nor beside the model.`;
    const hint = 'Save it with tokenizer.save_pretrained(), and put tokenizer.json beside the model.';
    return { text: undefined, problems: [{ path: `${at}.tokenizer`, message, hint }] };
  }
  const json = await beside.object(name);
  const text: TextSection = {
    tokenizer: name,
    max_tokens: settings.maxTokens ?? (await limitOf(json, beside)),
    padding: await paddingOf(json, beside),
    special_in_text: settings.specialTokens === 'as-tokens',
  };
  return { text, file: { path: name, source }, problems: checkInputs(at, head.inputs) };
}

async function limitOf({ truncation }: Json, beside: BesideModel): Promise<number> {
  const [sentence, tokenizer, config] = [
    await beside.object('sentence_bert_config.json'),
    await beside.object('tokenizer_config.json'),
    await beside.object('config.json'),
  ];
  return (
    sensibleCount(sentence['max_seq_length']) ??
    sensibleCount(isRecord(truncation) ? truncation['max_length'] : undefined) ??
    sensibleCount(tokenizer['model_max_length']) ??
    sensibleCount(config['max_position_embeddings']) ??
    usualTokens
  );
}

async function paddingOf(json: Json, beside: BesideModel): Promise<TextSection['padding']> {
  const [tokenizer, special] = [
    await beside.object('tokenizer_config.json'),
    await beside.object('special_tokens_map.json'),
  ];
  const given = isRecord(json['padding']) ? json['padding'] : {};
  const count = (value: unknown): number | undefined => (Number.isSafeInteger(value) ? (value as number) : undefined);
  const side = String(given['direction'] ?? tokenizer['padding_side'] ?? 'right').toLowerCase();
  const multiple = count(given['pad_to_multiple_of']);
  const token = contentOf(tokenizer['pad_token']) ?? contentOf(special['pad_token']);
  return {
    id: count(given['pad_id']) ?? idOf(json, token) ?? count((await beside.object('config.json'))['pad_token_id']) ?? 0,
    type: count(given['pad_type_id']) ?? 0,
    side: side === 'left' ? 'left' : 'right',
    ...(multiple !== undefined && multiple > 1 && { multiple }),
  };
}

/** Special tokens are texts, or objects with one. */
const contentOf = (token: unknown): string | undefined => {
  const text = isRecord(token) ? token['content'] : token;
  return typeof text === 'string' ? text : undefined;
};

/** Of an added token, or of one of the vocabulary, which Unigram has as a list of pairs. */
function idOf({ added_tokens: added, model }: Json, token: string | undefined): number | undefined {
  if (token === undefined) return undefined;
  const own = Array.isArray(added) ? added.find((one) => isRecord(one) && one['content'] === token) : undefined;
  const vocabulary = isRecord(model) ? model['vocab'] : undefined;
  const listed = Array.isArray(vocabulary)
    ? vocabulary.findIndex((pair) => Array.isArray(pair) && pair[0] === token)
    : isRecord(vocabulary) && vocabulary[token];
  const id = isRecord(own) ? own['id'] : listed;
  return Number.isSafeInteger(id) && (id as number) >= 0 ? (id as number) : undefined;
}

function checkInputs(at: string, inputs: readonly TensorInfo[]): Problem[] {
  const problems: Problem[] = [];
  const hint = 'Export the model with input_ids, attention_mask and token_type_ids alone.';
  const wrong = (message: string): void => void problems.push({ path: at, message, hint });
  if (!inputs.some(({ name }) => name === 'input_ids')) wrong(`needs an input input_ids, got ${namesOf(inputs)}.`);
  for (const { name, dtype, shape, optional } of inputs) {
    if (!known.includes(name)) {
      if (!optional) wrong(`expected the inputs ${known.join(', ')} alone, got ${name}, which no text fills.`);
      continue;
    }
    const fits = (dtype === 'int64' || dtype === 'int32') && (shape === null || shape.length === 2);
    if (!fits) wrong(`expected ${name} to be int64 or int32 of [texts, tokens], got ${dtype} ${describeShape(shape)}.`);
  }
  return problems;
}

const namesOf = (inputs: readonly TensorInfo[]): string => inputs.map(({ name }) => name).join(', ');
