import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskSection } from '../../src/model/task.ts';
import { readModelHead } from '../../src/onnx/read-head.ts';
import { compileTokenizer } from '../../src/tokenizer/compile/compile.ts';
import { Tokenizer } from '../../src/tokenizer/encode/tokenizer.ts';
import { lacksPython, pipInstall } from '../../test/emulators/commands.ts';
import { folderOf, install, type Part } from '../../test/emulators/part.ts';
import { seededRandom } from '../../test/fixtures/onnx.ts';
import { compiledArtifact } from '../../test/handler/task/task-store.ts';
import { type Goal, median, msText, type Options, pairs } from '../goal.ts';
import { miniLm, writeTransformer } from './minilm.ts';
import { Stage } from './stage.ts';

const reference: Part = {
  name: 'python-tokenizers',
  version: '0.23.3',
  from: 'PyPI',
  lacks: lacksPython,
  install: (folder) => pipInstall(folder, join(import.meta.dirname, 'tokenizers.txt')),
};

const syllables = ['ka', 'to', 'mi', 're', 'un', 'ble', 'sta', 'on', 'per', 'li', 'ver', 'ing'];

/** As many words as asked for, of which the reference takes as long to load as of any others. */
function vocabularyOf(size: number): string[] {
  const random = seededRandom(3);
  const pick = (): string => syllables[Math.floor(random() * syllables.length)] as string;
  const words = new Set(['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...'abcdefghijklmnopqrstuvwxyz.,', ...syllables]);
  for (const part of syllables) words.add(`##${part}`);
  while (words.size < size) {
    const word = Array.from({ length: 2 + Math.floor(random() * 4) }, pick).join('');
    words.add(random() < 0.2 ? `##${word}` : word);
  }
  return [...words];
}

/** A tokenizer.json as BERT's. */
function tokenizerOf(words: readonly string[]): Buffer {
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const template = (id: string) => [id, { id, ids: [words.indexOf(id)], tokens: [id] }];
  return Buffer.from(
    JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: true,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: {
        type: 'TemplateProcessing',
        single: [special('[CLS]'), sequence('A', 0), special('[SEP]')],
        pair: [special('[CLS]'), sequence('A', 0), special('[SEP]'), sequence('B', 1), special('[SEP]')],
        special_tokens: Object.fromEntries([template('[CLS]'), template('[SEP]')]),
      },
      decoder: null,
      model: {
        type: 'WordPiece',
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
        vocab: Object.fromEntries(words.map((word, id) => [word, id])),
      },
    }),
  );
}

function sentence(words: readonly string[], count: number): string {
  const random = seededRandom(count);
  return Array.from({ length: count }, () => words[60 + Math.floor(random() * 3000)]!.replace('##', '')).join(' ');
}

const micros = (us: number): string => `${us.toFixed(1)} us`;

async function tokenizing(scratch: string, words: number, limits: { ms: number; peer: number }): Promise<Goal[]> {
  const vocabulary = vocabularyOf(words);
  const [json, compiled] = [join(scratch, `${words}.json`), join(scratch, `${words}.bin`)];
  writeFileSync(json, tokenizerOf(vocabulary));
  writeFileSync(compiled, compileTokenizer(readFileSync(json)));
  const load = (): number => {
    const started = performance.now();
    new Tokenizer(readFileSync(compiled));
    return performance.now() - started;
  };
  const taken = median(Array.from({ length: 15 }, load));
  const counts = [10, 100, 500];
  const texts = counts.map((count) => sentence(vocabulary, count));
  const tokenizer = new Tokenizer(readFileSync(compiled));
  // As a function that has answered some requests: the reference needs no compiler at run time.
  for (const end = performance.now() + 500; performance.now() < end; ) for (const text of texts) tokenizer.encode(text);
  const encode = texts.map((text) => {
    const times = Array.from({ length: 300 }, () => {
      const started = performance.now();
      tokenizer.encode(text);
      return (performance.now() - started) * 1000;
    });
    return Math.min(...times);
  });
  const what = `${words.toLocaleString('en-US')} words`;
  const goals: Goal[] = [
    {
      what: `load of a compiled tokenizer of ${what}`,
      peer: '',
      ours: msText(taken),
      theirs: '',
      value: taken,
      limit: limits.ms,
      unit: 'ms',
    },
  ];
  await install(reference);
  const python = join(folderOf(reference), 'bin', 'python');
  const script = join(import.meta.dirname, 'tokenize.py');
  const ran = spawnSync(python, [script, json], { input: JSON.stringify(texts), encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(ran.stderr);
  const theirs = JSON.parse(ran.stdout) as { load: number; encode: number[] };
  const peer = 'Rust tokenizers';
  goals.push({
    what: `the same beside tokenizer.json`,
    peer,
    ours: msText(taken),
    theirs: msText(theirs.load),
    value: taken / theirs.load,
    limit: limits.peer,
    unit: '×',
  });
  for (const [at, count] of counts.entries()) {
    const [own, other] = [encode[at]!, theirs.encode[at]!];
    goals.push({
      what: `encoding ${count} words, ${what}`,
      peer,
      ours: micros(own),
      theirs: micros(other),
      value: own / other,
      limit: 1,
      unit: '×',
    });
  }
  return goals;
}

const task: TaskSection = {
  kind: 'text-embedding',
  text: {
    tokenizer: 'tokenizer.json',
    max_tokens: 128,
    padding: { id: 0, type: 0, side: 'right' },
    special_in_text: true,
  },
  output: 'last_hidden_state',
  pooling: 'mean',
  normalize: true,
};

/** A sentence encoder of 90 MB, asked with a text and with its tensors. */
async function embedding(stage: Stage, scratch: string, quick: boolean): Promise<Goal[]> {
  const path = join(scratch, 'minilm.onnx');
  writeTransformer(path, miniLm);
  const vocabulary = vocabularyOf(miniLm.vocabulary);
  const source = tokenizerOf(vocabulary);
  const tokenizer = compiledArtifact(source);
  const { inputs, outputs } = await readModelHead(path);
  const model = readFileSync(path);
  stage.store.promote(stage.store.publish('tensors', '1.0.0', { model, inputs, outputs }));
  const files = { 'tokenizer.json': source };
  stage.store.promote(
    stage.store.publish('texts', '1.0.0', { model, inputs, outputs, files, artifacts: [tokenizer], task }),
  );
  const text = sentence(vocabulary, 16);
  const { ids } = new Tokenizer(tokenizer.bytes).encode(text);
  const int64 = (data: number[]) => ({ dtype: 'int64', shape: [1, data.length], data });
  const feeds = {
    input_ids: int64([...ids]),
    attention_mask: int64([...ids].map(() => 1)),
    token_type_ids: int64([...ids].map(() => 0)),
  };
  const asks: Record<'texts' | 'tensors', [path: string, body: unknown]> = {
    texts: ['/v1/predict', { text }],
    tensors: ['/v1/infer', { inputs: feeds }],
  };
  const start = async (name: 'texts' | 'tensors'): Promise<number> => {
    const started = performance.now();
    const running = stage.start(name);
    try {
      await running.json(...asks[name]);
      return performance.now() - started;
    } finally {
      await running.stop();
    }
  };
  const first = await pairs(
    quick ? 3 : 15,
    () => start('texts'),
    () => start('tensors'),
  );
  const running = { texts: stage.start('texts'), tensors: stage.start('tensors') };
  const request = async (name: 'texts' | 'tensors'): Promise<number> => {
    const started = performance.now();
    await running[name].json(...asks[name]);
    return performance.now() - started;
  };
  try {
    for (const name of ['texts', 'tensors'] as const) for (let i = 0; i < 5; i += 1) await request(name);
    const warm = await pairs(
      quick ? 15 : 101,
      () => request('texts'),
      () => request('tensors'),
    );
    const row = (what: string, taken: typeof warm, peer: string): Goal => ({
      ...{ what, peer, ours: msText(taken.ours), theirs: msText(taken.theirs) },
      ...{ value: taken.ratio, limit: 1.1, unit: '×' },
    });
    return [
      row(
        'process start to first vector of a text, 90 MB on the disk',
        first,
        'to the first prediction from its tensors',
      ),
      row('text to vector, warm, 90 MB', warm, 'its tensors to all vectors'),
    ];
  } finally {
    await Promise.all([running.texts.stop(), running.tensors.stop()]);
  }
}

/** Models that take texts. */
export async function takingTexts({ quick, scratch }: Options): Promise<Goal[]> {
  const stage = await Stage.open(scratch);
  try {
    return [
      ...(await tokenizing(stage.folder, 30_522, { ms: 2, peer: 0.2 })),
      ...(quick ? [] : await tokenizing(stage.folder, 250_000, { ms: 15, peer: 0.1 })),
      ...(await embedding(stage, stage.folder, quick)),
    ];
  } finally {
    stage.remove();
  }
}
