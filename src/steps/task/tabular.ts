import type { ModelEntry, TaskSettings } from '../../config/types.ts';
import type { Problem } from '../../errors.ts';
import type { Column } from '../../model/rows-settings.ts';
import type { Tabular } from '../../model/task.ts';
import type { ClassLabel, TensorInfo } from '../../model/tensor-info.ts';
import type { ModelHead } from '../../onnx/read-head.ts';
import { ColumnsError, checkColumns, columnsOfInputs } from '../../rows/columns.ts';
import type { BesideModel } from './beside-model.ts';
import { labelsOf } from './labels.ts';
import { chooseOutput } from './outputs.ts';

type Settings = Extract<TaskSettings, { kind: 'tabular' }>;

/** Columns and outputs, and what is wrong with them. */
export async function tabularOf(
  { kind, columns: given, unknownColumns, outputs: wished, labels: named }: Settings,
  entry: ModelEntry,
  { inputs, outputs }: ModelHead,
  beside: BesideModel,
): Promise<{ section: Tabular | undefined; problems: Problem[] }> {
  const at = `models.${entry.name}.task`;
  const wrong = (path: string, message: string) => ({ section: undefined, problems: [{ path, message }] });
  let columns: Column[];
  try {
    columns = given ? given.map((one) => columnOf(one, inputs)) : columnsOfInputs(inputs);
    checkColumns({ columns }, inputs);
  } catch (error) {
    if (error instanceof ColumnsError) return wrong(`${at}.columns`, error.message);
    throw error;
  }
  const strange = wished?.find((name) => !outputs.some((output) => output.name === name));
  const known = outputs.map(({ name }) => name).join(', ');
  if (strange !== undefined) return wrong(`${at}.outputs`, `expected some of ${known}, got ${strange}.`);
  const chosen = outputs.filter(({ name }) => wished?.includes(name) ?? true);
  const rowless = chosen.find(({ shape }) => shape !== null && (shape.length === 0 || shape.length > 2));
  if (rowless) return wrong(`${at}.outputs`, `the output ${rowless.name} is none of rows: name the others.`);
  const labels: Record<string, ClassLabel[]> = Object.fromEntries(
    chosen.flatMap(({ name, labels: own }) => (own ? [[name, own]] : [])),
  );
  if (named !== undefined) {
    const found = chooseOutput(at, undefined, chosen, { usual: ['probabilities'], ranks: [2], what: 'class scores' });
    if (!found.output) return { section: undefined, problems: found.problems };
    const read = await labelsOf(named, entry, found.output, beside);
    if (!read.labels) return { section: undefined, problems: read.problems };
    labels[found.output.name] = read.labels;
  }
  return {
    section: {
      ...{ kind, columns, labels, outputs: chosen.map(({ name }) => name) },
      ...(unknownColumns === 'ignore' && { unknown_columns: unknownColumns }),
    },
    problems: [],
  };
}

/** A name alone goes into the only input, or into the one of its name. */
function columnOf(given: NonNullable<Settings['columns']>[number], inputs: readonly TensorInfo[]): Column {
  const {
    name,
    input,
    default: fallback,
  }: Exclude<typeof given, string> = typeof given === 'string' ? { name: given } : given;
  const [only, second] = inputs.filter(({ optional }) => !optional);
  return {
    name,
    input: input ?? (second ? name : (only?.name ?? name)),
    ...(fallback !== undefined && { default: fallback }),
  };
}
