import type { ModelEntry, TaskSettings } from '../../config/types.ts';
import type { Problem } from '../../errors.ts';
import type { Pooling, TextEmbedding } from '../../model/task.ts';
import type { ModelHead } from '../../onnx/read-head.ts';
import { type BesideModel, isRecord } from './beside-model.ts';
import { chooseOutput } from './outputs.ts';

type Settings = Extract<TaskSettings, { kind: 'text-embedding' }>;

const usual = ['sentence_embedding', 'last_hidden_state', 'token_embeddings', 'embeddings'];

/** How vectors are made, and what is wrong with that. */
export async function embeddingOf(
  { output: given, pooling: wished, normalize, kind }: Settings,
  entry: ModelEntry,
  { outputs }: ModelHead,
  beside: BesideModel,
): Promise<{ rest: Omit<TextEmbedding, 'text'> | undefined; problems: Problem[] }> {
  const at = `models.${entry.name}.task`;
  const ranks = wished === undefined ? [2, 3] : [wished === 'none' ? 2 : 3];
  const what = `floats of ${ranks.map((rank) => (rank === 2 ? '[texts, size]' : '[texts, tokens, size]')).join(' or ')}`;
  const { output, problems } = chooseOutput(at, given, outputs, { usual, ranks, what });
  if (!output) return { rest: undefined, problems };
  const modules = await modulesOf(beside);
  const isWhole = output.shape?.length === 2;
  const pooling = wished ?? (isWhole ? 'none' : await poolingBeside(beside));
  const wrong = (path: string, message: string, hint: string) => ({
    rest: undefined,
    problems: [{ path, message, hint }],
  });
  if (pooling === undefined)
    return wrong(
      `${at}.pooling`,
      'is missing: 1_Pooling/config.json asks for another pooling than mean, cls and last.',
      'Export the model with its pooling, as an output of one vector a text.',
    );
  if (modules.includes('Dense') && pooling !== 'none')
    return wrong(
      at,
      'expected a model with all of its layers, and modules.json names a Dense layer, which comes after the pooling.',
      'Export the model with it, as an output of one vector a text.',
    );
  return {
    rest: { kind, output: output.name, pooling, normalize: normalize ?? modules.includes('Normalize') },
    problems: [],
  };
}

/** The last words of the types in modules.json of sentence-transformers: `Transformer`, `Pooling`, `Normalize`. */
async function modulesOf(beside: BesideModel): Promise<string[]> {
  const modules = await beside.json('modules.json');
  if (!Array.isArray(modules)) return [];
  return modules.map((one) => String(isRecord(one) ? one['type'] : '').replace(/^.*\./, ''));
}

/** Undefined where it is one that vectors cannot be made by here. */
async function poolingBeside(beside: BesideModel): Promise<Pooling | undefined> {
  const config = await beside.object('1_Pooling/config.json');
  const wished = Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true);
  if (typeof config['pooling_mode'] === 'string') wished.push(config['pooling_mode']);
  if (wished.length === 0) return 'mean';
  const [only, second] = wished;
  return second === undefined ? names[only as string] : undefined;
}

const names: Record<string, Pooling> = {
  ...{ pooling_mode_mean_tokens: 'mean', pooling_mode_cls_token: 'cls', pooling_mode_lasttoken: 'last' },
  ...{ mean: 'mean', cls: 'cls', lasttoken: 'last' },
};
