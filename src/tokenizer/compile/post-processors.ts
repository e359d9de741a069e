import type { PostAbout, TemplatePart, TruncationAbout } from '../encode/template.ts';
import type { PaddingAbout } from '../encode/tokenizer.ts';
import { field, isObject, type Json, object, Uncovered } from './uncovered.ts';

const plain = (): PostAbout => ({
  single: [{ sequence: 0, type: 0 }],
  pair: [
    { sequence: 0, type: 0 },
    { sequence: 1, type: 1 },
  ],
});

function templatePart(value: unknown, special: Json): TemplatePart {
  const part = object(value, 'a part of a template');
  if (isObject(part['Sequence'])) {
    const { id, type_id: type } = part['Sequence'];
    return { sequence: id === 'A' ? 0 : 1, type: Number(type ?? 0) };
  }
  const token = object(part['SpecialToken'], 'a part of a template');
  const { ids } = object(special[String(token['id'])], `the special token ${String(token['id'])} of a template`);
  if (!Array.isArray(ids)) throw new Uncovered(`the special token ${String(token['id'])} without ids`);
  return { ids: ids as number[], type: Number(token['type_id'] ?? 0) };
}

function template(json: Json): PostAbout {
  const special = object(json['special_tokens'] ?? {}, 'the special tokens of a template');
  const parts = (name: string): TemplatePart[] => {
    const value = json[name];
    if (!Array.isArray(value)) throw new Uncovered(`a template without ${name}`);
    return value.map((part) => templatePart(part, special));
  };
  return { single: parts('single'), pair: parts('pair') };
}

/** `["[SEP]", 102]`. */
function tokenId(value: unknown): TemplatePart & { ids: number[] } {
  if (!Array.isArray(value) || typeof value[1] !== 'number') throw new Uncovered('a post-processor without its tokens');
  return { ids: [value[1]], type: 0 };
}

const known: Record<string, (json: Json) => PostAbout> = {
  TemplateProcessing: template,
  BertProcessing: (json) => {
    const [cls, sep] = [tokenId(json['cls']), tokenId(json['sep'])];
    const single = [cls, { sequence: 0 as const, type: 0 }, sep];
    return { single, pair: [...single, { sequence: 1, type: 1 }, { ...sep, type: 1 }] };
  },
  RobertaProcessing: (json) => {
    const [cls, sep] = [tokenId(json['cls']), tokenId(json['sep'])];
    const trims = field(json, 'trim_offsets', 'boolean', true);
    const prefix = field(json, 'add_prefix_space', 'boolean', true);
    const single = [cls, { sequence: 0 as const, type: 0 }, sep];
    const pair = [...single, sep, { sequence: 1 as const, type: 0 }, sep];
    return { single, pair, ...(trims && { trim: { prefix } }) };
  },
  ByteLevel: (json) => {
    const trims = field(json, 'trim_offsets', 'boolean', true);
    const prefix = field(json, 'add_prefix_space', 'boolean', true);
    return { ...plain(), ...(trims && { trim: { prefix } }) };
  },
  Sequence: (json) => {
    const processors = (json['processors'] ?? []) as unknown[];
    const all = processors.map(compilePostProcessor);
    const laid = all.filter(({ single }) => single.length > 1);
    if (laid.length > 1) throw new Uncovered('a post-processor with several templates');
    const trims = all.flatMap(({ trim }) => (trim ? [trim] : []));
    return { ...(laid[0] ?? all[0] ?? plain()), ...(trims[0] && { trim: trims[0] }) };
  },
};

/** @param value of `post_processor` in tokenizer.json. @throws Uncovered */
export function compilePostProcessor(value: unknown): PostAbout {
  if (value === null || value === undefined) return plain();
  const json = object(value, 'a post-processor');
  const work = Object.hasOwn(known, String(json['type'])) ? known[String(json['type'])] : undefined;
  if (!work) throw new Uncovered(`a post-processor ${String(json['type'])}`);
  return work(json);
}

const strategies: Record<string, TruncationAbout['strategy']> = {
  LongestFirst: 'longest-first',
  OnlyFirst: 'only-first',
  OnlySecond: 'only-second',
};

/** @param value of `truncation` in tokenizer.json. @throws Uncovered */
export function compileTruncation(value: unknown): TruncationAbout | undefined {
  if (!isObject(value)) return undefined;
  const strategy = strategies[field(value, 'strategy', 'string', 'LongestFirst')];
  if (!strategy) throw new Uncovered(`truncation with the strategy ${String(value['strategy'])}`);
  const keeps = value['direction'] === 'Left' ? 'end' : 'begin';
  return { max: field(value, 'max_length', 'number', 512), strategy, keeps };
}

/** How short texts of a batch are filled; how far is the matter of the task. @throws Uncovered */
export function compilePadding(value: unknown): PaddingAbout | undefined {
  if (!isObject(value)) return undefined;
  const multiple = value['pad_to_multiple_of'];
  return {
    id: field(value, 'pad_id', 'number', 0),
    type: field(value, 'pad_type_id', 'number', 0),
    side: value['direction'] === 'Left' ? 'left' : 'right',
    ...(typeof multiple === 'number' && multiple > 0 && { multiple }),
  };
}
