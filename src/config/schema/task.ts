import { z } from 'zod';
import { aggregations, offsetUnits, picturePoolings, poolings, scoreRules } from '../../model/task.ts';
import { flag, listOf, whole, words } from './field-kinds.ts';
import { ofPictures } from './task-pictures.ts';
import { tabular } from './task-tabular.ts';

const fileName = words('the name of one of files', 512);

const output = words('the name of an output', 512)
  .optional()
  .describe('The output that is read. Default: by its usual name, else the first that fits.');

const ofText = {
  tokenizer: fileName
    .optional()
    .describe(
      'The tokenizer.json. Default: `tokenizer.json` among `files`, else the one beside the model, which is published too.',
    ),
  'max-tokens': whole(4, 131_072)
    .optional()
    .describe(
      'Tokens of one text, or pair; longer ones are cut. Default: what the files beside the model say, else 512.',
    ),
  'special-tokens': z
    .enum(['as-tokens', 'as-text'])
    .default('as-tokens')
    .describe('What special tokens mean that callers write into their texts, such as `[SEP]`.'),
  output,
};

const labels = z
  .union([fileName, listOf(words('a label', 256), 'labels', 1, 100_000)], {
    error: 'the name of one of files, or a list of labels',
  })
  .optional()
  .describe(
    'What the columns of the output stand for: a file with a list or with `id2label`, or the labels themselves. Default: `labels.json` among `files`, `id2label` of the `config.json` beside the model, or what the graph says.',
  );

const ofScores = {
  scores: z
    .enum(scoreRules)
    .optional()
    .describe(
      'How the output becomes scores; `sigmoid` where several labels may hold at once, `none` for an output of scores. Default: `softmax`, or what `config.json` says.',
    ),
  top: whole(1, 100_000).default(5).describe('Labels in an answer, the best first, unless a request says.'),
};

const textClassification = z.strictObject({
  kind: z.literal('text-classification').describe('Texts, or pairs of texts, to labels with scores.'),
  ...ofText,
  labels,
  ...ofScores,
});

const textEmbedding = z.strictObject({
  kind: z.literal('text-embedding').describe('Texts, or pairs of texts, to a vector each.'),
  ...ofText,
  pooling: z
    .enum(poolings)
    .optional()
    .describe(
      'How the vectors of tokens become one; `none` for an output of one vector a text. Default: what `1_Pooling/config.json` says, else `mean`.',
    ),
  normalize: flag()
    .optional()
    .describe('Whether vectors are scaled to the length 1. Default: what `modules.json` says, else false.'),
});

const tokenClassification = z.strictObject({
  kind: z.literal('token-classification').describe('Texts to the entities in them.'),
  ...ofText,
  labels,
  aggregation: z
    .enum(aggregations)
    .default('simple')
    .describe('How tokens become words: not at all, by their first token, or by the one that is surest.'),
  offsets: z
    .enum(offsetUnits)
    .default('code-points')
    .describe(
      'What `start` and `end` count: code points, as Python does, or UTF-16 units, as JavaScript, Java and C# do.',
    ),
});

const imageClassification = z.strictObject({
  kind: z.literal('image-classification').describe('Pictures to labels with scores.'),
  ...ofPictures,
  output,
  labels,
  ...ofScores,
});

const imageEmbedding = z.strictObject({
  kind: z.literal('image-embedding').describe('Pictures to a vector each.'),
  ...ofPictures,
  output,
  pooling: z
    .enum(picturePoolings)
    .optional()
    .describe(
      'How the vectors of patches become one; `none` for an output of one vector a picture. Default: `none`, or `cls` where the output has vectors of patches.',
    ),
  normalize: flag().default(false).describe('Whether vectors are scaled to the length 1.'),
});

export const taskSchema = z.discriminatedUnion('kind', [
  textClassification,
  textEmbedding,
  tokenClassification,
  imageClassification,
  imageEmbedding,
  tabular,
]);
