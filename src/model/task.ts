import type { PictureSettings } from './picture-settings.ts';
import type { RowsSettings } from './rows-settings.ts';
import type { ClassLabel } from './tensor-info.ts';

/**
 * The section `task` of a manifest: how a request becomes tensors, and tensors an answer. Everything that a function
 * needs to know stands here, resolved when the version was published; what it needs besides are files of the version.
 */
export type TaskSection =
  | TextClassification
  | TextEmbedding
  | TokenClassification
  | ImageClassification
  | ImageEmbedding
  | Tabular;

/** How texts become ids. */
export interface TextSection {
  /** Path in the version of the tokenizer.json that the compiled tokenizer was made of. */
  tokenizer: string;
  /** Tokens of one text, or pair, those of the template included; what is longer is cut. */
  max_tokens: number;
  /** What shorter texts of a run are filled up with. */
  padding: { id: number; type: number; side: 'left' | 'right'; multiple?: number };
  /** Whether special tokens that stand in the text of a caller count as such. */
  special_in_text: boolean;
}

interface OfText {
  text: TextSection;
  /** Name of the output that is read. */
  output: string;
}

export interface TextClassification extends OfText {
  kind: 'text-classification';
  /** What each column of the output stands for. */
  labels: ClassLabel[];
  /** How the output becomes scores; `none` where it holds scores already. */
  scores: ScoreRule;
  /** How many labels an answer has unless a request says. */
  top: number;
}

export interface TextEmbedding extends OfText {
  kind: 'text-embedding';
  /** How the vectors of tokens become one; `none` where the output holds one vector a text. */
  pooling: Pooling;
  /** Whether vectors are scaled to the length 1. */
  normalize: boolean;
}

export interface TokenClassification extends OfText {
  kind: 'token-classification';
  labels: ClassLabel[];
  /** How tokens become words: not at all, by their first token, or by the one that is surest. */
  aggregation: Aggregation;
  /** What `start` and `end` count. */
  offsets: OffsetUnit;
}

export const aggregations = ['simple', 'first', 'max'] as const;
export type Aggregation = (typeof aggregations)[number];

export const offsetUnits = ['code-points', 'utf-16'] as const;
export type OffsetUnit = (typeof offsetUnits)[number];

/** How pictures become the input. */
export interface PictureSection extends PictureSettings {
  /** Name of the input. */
  input: string;
  /** Width times height of a picture, at most. */
  max_pixels: number;
}

interface OfPictures {
  picture: PictureSection;
  /** Name of the output that is read. */
  output: string;
}

export interface ImageClassification extends OfPictures {
  kind: 'image-classification';
  labels: ClassLabel[];
  scores: ScoreRule;
  top: number;
}

export interface ImageEmbedding extends OfPictures {
  kind: 'image-embedding';
  /** How the vectors of patches become one; `none` where the output holds one vector a picture. */
  pooling: PicturePooling;
  normalize: boolean;
}

export interface Tabular extends RowsSettings {
  kind: 'tabular';
  /** Names of the outputs that an answer has. */
  outputs: string[];
  /** By output of class scores, what each of its columns stands for. */
  labels: Record<string, ClassLabel[]>;
}

export const picturePoolings = ['mean', 'cls', 'none'] as const;
export type PicturePooling = (typeof picturePoolings)[number];

export const scoreRules = ['softmax', 'sigmoid', 'none'] as const;
export type ScoreRule = (typeof scoreRules)[number];

export const poolings = ['mean', 'cls', 'last', 'none'] as const;
export type Pooling = (typeof poolings)[number];

/**
 * Format of compiled tokenizers that this release writes and reads. It stands here, and not with their reader, since a start
 * asks for it before it knows whether there is one.
 */
export const tokenizerFormat = '1';

/** Files of the version that a task was made of. */
export const filesOfTask = (section: TaskSection): string[] => ('text' in section ? [section.text.tokenizer] : []);
