import type { ModelEntry, TaskSettings } from '../../config/types.ts';
import type { Problem } from '../../errors.ts';
import type { PictureSettings, Size } from '../../model/picture-settings.ts';
import type { ImageEmbedding, PictureSection } from '../../model/task.ts';
import { describeShape } from '../../model/tensor-error.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import type { ModelHead } from '../../onnx/read-head.ts';
import { readPreprocessorConfig, UncoveredProcessor } from '../../picture/prepare/preprocessor-config.ts';
import type { BesideModel } from './beside-model.ts';
import { chooseOutput } from './outputs.ts';

type Settings = Extract<TaskSettings, { kind: 'image-classification' | 'image-embedding' }>;
type Found = { picture: PictureSection | undefined; problems: Problem[] };

/** How pictures become the input: what models.yaml says, else preprocessor_config.json beside the model. */
export async function picturesOf(
  task: Settings,
  entry: ModelEntry,
  { inputs }: ModelHead,
  beside: BesideModel,
): Promise<Found> {
  const at = `models.${entry.name}.task`;
  const wrong = (path: string, message: string, hint?: string): Found => ({
    picture: undefined,
    problems: [{ path, message, hint }],
  });
  const input = inputOf(task.input, inputs);
  if (!input) {
    const found = inputs.map(({ name, dtype, shape }) => `${name} (${dtype} ${describeShape(shape)})`).join(', ');
    const wanted = 'one input, of float32, float16 or uint8 and four dimensions';
    return wrong(task.input === undefined ? at : `${at}.input`, `expected ${wanted}, got ${found}.`);
  }
  const file = await beside.object('preprocessor_config.json');
  const own = ownSettings(task);
  let settings: PictureSettings;
  try {
    const covers = Object.keys(file).length > 0 && task.preprocessing !== 'own';
    settings = { ...(covers && readPreprocessorConfig(file)), ...own };
  } catch (error) {
    if (!(error instanceof UncoveredProcessor)) throw error;
    const hint = 'Set preprocessing: own, and write resize, crop, rescale, mean and std yourself.';
    return wrong(at, `preprocessor_config.json: ${error.message}`, hint);
  }
  const fitted = { ...orderOf(input), ...settings };
  const fault = faultOf(fitted, input);
  if (fault) return wrong(at, fault, 'Write resize and crop into models.yaml, as the model was trained with them.');
  return { picture: { ...fitted, input: input.name, max_pixels: task.maxPixels }, problems: [] };
}

const dtypes: readonly string[] = ['float32', 'float16', 'uint8'];

function inputOf(given: string | undefined, inputs: readonly TensorInfo[]): TensorInfo | undefined {
  const [only, second] = inputs.filter(({ optional }) => !optional);
  const input = only && !second ? only : undefined;
  if (!input || (given !== undefined && given !== input.name)) return undefined;
  return dtypes.includes(input.dtype) && (input.shape === null || input.shape.length === 4) ? input : undefined;
}

/** The order of dimensions and the number of channels that the graph declares. */
function orderOf({ shape }: TensorInfo): Pick<PictureSettings, 'layout' | 'channels'> {
  const isDepth = (size: unknown): boolean => size === 1 || size === 3;
  const layout = shape && !isDepth(shape[1]) && isDepth(shape[3]) ? 'nhwc' : 'nchw';
  return { layout, ...(shape?.[layout === 'nchw' ? 1 : 3] === 1 && { channels: 'grey' as const }) };
}

function ownSettings({ resize, resample, crop, rescale, mean, std, channels, layout }: Settings): PictureSettings {
  const given = {
    ...{ resample, crop, rescale, mean, std, channels, layout },
    resize: resize && ('shortestEdge' in resize ? { shortest_edge: resize.shortestEdge } : resize),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as PictureSettings;
}

/** Why pictures that are made so are none that the input takes. */
function faultOf(settings: PictureSettings, { name, shape, dtype }: TensorInfo): string | undefined {
  const { resize, crop, mean, std, channels = 'rgb', layout = 'nchw' } = settings;
  const depth = channels === 'grey' ? 1 : 3;
  if ([mean, std].some((list) => list && list.length !== depth))
    return `expected ${depth} numbers as mean and std, as many as channels.`;
  if (std?.includes(0)) return 'expected std without zeros, which divide.';
  if (dtype === 'uint8' && (settings.rescale !== undefined || mean || std))
    return `the input ${name} takes whole numbers (uint8), which rescale, mean and std do not make.`;
  const [channelAt, heightAt, widthAt] = layout === 'nchw' ? [1, 2, 3] : [3, 1, 2];
  const made: Size | undefined = crop ?? (resize && 'height' in resize ? resize : undefined);
  const differs = (at: number, size: number | undefined): boolean =>
    typeof shape?.[at] === 'number' && shape[at] !== size;
  if (!differs(channelAt, depth) && !differs(heightAt, made?.height) && !differs(widthAt, made?.width))
    return undefined;
  const size = made ? `${made.width} x ${made.height}` : 'of no fixed size';
  return `the input ${name} is ${describeShape(shape)}, and pictures are made ${size}, with ${depth} channels in ${layout}.`;
}

/** How vectors of pictures are made, and what is wrong with that. */
export function pictureVectorsOf(
  { kind, output: given, pooling: wished, normalize }: Extract<TaskSettings, { kind: 'image-embedding' }>,
  { name }: ModelEntry,
  { outputs }: ModelHead,
): { rest: Omit<ImageEmbedding, 'picture'> | undefined; problems: Problem[] } {
  const ranks = wished === undefined ? [2, 3] : [wished === 'none' ? 2 : 3];
  const what = `floats of ${ranks.map((rank) => (rank === 2 ? '[pictures, size]' : '[pictures, patches, size]')).join(' or ')}`;
  const wanted = { usual: ['image_embeds', 'pooler_output', 'last_hidden_state'], ranks, what };
  const { output, problems } = chooseOutput(`models.${name}.task`, given, outputs, wanted);
  if (!output) return { rest: undefined, problems };
  const pooling = wished ?? (output.shape?.length === 3 ? 'cls' : 'none');
  return { rest: { kind, output: output.name, pooling, normalize }, problems: [] };
}
