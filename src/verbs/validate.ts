import { selectEnvironment, selectModels } from '../config/select.ts';
import type { Config, ModelEntry } from '../config/types.ts';
import { type ColdgateError, toColdgateError } from '../errors.ts';
import { describeShape } from '../model/tensor-error.ts';
import type { TensorInfo } from '../model/tensor-info.ts';
import { readManifest } from '../registry/version/contents.ts';
import { readSound } from '../steps/read-config.ts';
import { bytesText, markdownTable } from '../steps/results.ts';
import { allProblems } from '../steps/source/all-problems.ts';
import { type LookedAt, lookAtSources } from '../steps/source/model-source.ts';
import { proveSource } from '../steps/source/prove-source.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import type { WorkInput } from '../steps/workspace.ts';
import { openStore } from '../stores/open.ts';
import type { Store } from '../stores/store.ts';

export interface ValidateInput extends WorkInput {
  skipRun: boolean;
  /** The files alone: no environment is read and no store is asked, for runs without credentials. */
  local: boolean;
}

/** What to validate: all of models.yaml, or the part that is valid by itself beside its problems. */
interface Ground {
  config: Config;
  models: ModelEntry[];
  /** Absent where no store may be asked, or the environment is not known to be right. */
  store: Store | undefined;
  problems: ColdgateError[];
}

async function openGround(input: ValidateInput, context: Context): Promise<Ground> {
  const options = { checkFiles: true, withoutEnvironments: input.local };
  const { config, failure } = await readSound(input.config, context, options);
  if (!failure) {
    const models = selectModels(config, input.model ?? []);
    const environment = input.local ? undefined : selectEnvironment(config, input.environment);
    return { config, models, store: environment && (await openStore(environment.store)), problems: [] };
  }
  if (!config) throw failure;
  const wanted = input.model ?? [];
  const models = Object.values(config.models).filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  return { config, models, store: undefined, problems: [failure] };
}

/** What became of one model; a column each. */
interface Row {
  name: string;
  version: string;
  size: string;
  opset: string;
  io: string;
  here: string;
  published: boolean | undefined;
  ok: boolean;
  notes: string[];
}

const tensorText = (t: TensorInfo) =>
  `${t.name} ${t.dtype}${describeShape(t.shape).replaceAll(', ', ',')}${t.optional ? ' (optional)' : ''}`;

/** Optional inputs that are named: exporters may list every weight of a model among them. */
const maxOptional = 4;

function tensorsText(tensors: readonly TensorInfo[]): string {
  const named = tensors.filter((t) => !t.optional || tensors.filter((o) => o.optional).indexOf(t) < maxOptional);
  const more = tensors.length - named.length;
  return [...named.map(tensorText), ...(more > 0 ? [`${more} more (optional)`] : [])].join(', ');
}

async function rowOf({ config, store, problems }: Ground, looked: LookedAt, skipRun: boolean, context: Context) {
  const { entry, source } = looked;
  const { name, version } = entry;
  const found: ColdgateError[] = [...looked.problems];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      context.signal.throwIfAborted();
      found.push(toColdgateError(error));
      return undefined;
    }
  };
  const ran = source && !skipRun ? await attempt(() => proveSource(config, source, context)) : undefined;
  const stored = store && (await attempt(async () => ({ manifest: await readManifest(store, name, version) })));
  problems.push(...found);
  const head = source?.head;
  const io = head && `${tensorsText(head.inputs)} -> ${tensorsText(head.outputs)}`;
  const row: Row = {
    ...{ name, version, size: source ? bytesText(source.size) : '-', opset: head ? `opset ${head.opset}` : '-' },
    io: io ?? '-',
    here: found.length > 0 ? 'refused' : skipRun ? 'not run' : (ran?.words ?? 'not run'),
    published: stored && stored.manifest !== undefined,
    ok: found.length === 0,
    notes: ran?.notes ?? [],
  };
  return row;
}

const lineOf = ({ name, version, size, opset, io, here, ok }: Row): string =>
  ok ? `${name} ${version}: ${size}, ${opset}, ${io}; ${here}` : `${name} ${version}: refused, see below`;

const cellsOf = ({ name, version, size, opset, io, here, published }: Row): string[] => {
  const known = published === undefined ? 'not asked' : published ? 'yes' : 'no';
  return [name, version, size, opset, io, here, known];
};

/** `coldgate validate`: every model is looked at whatever is wrong with others, models.yaml included. */
export async function run(input: ValidateInput, context: Context): Promise<VerbResult> {
  const ground = await openGround(input, context);
  const rows: Row[] = [];
  for (const looked of await lookAtSources(ground.config, ground.models)) {
    rows.push(await rowOf(ground, looked, input.skipRun, context));
  }
  for (const note of rows.flatMap(({ notes }) => notes)) context.log.warn(note);
  const list = rows.map(({ name, version, published = null, ok }) => ({ model: name, version, published, ok }));
  const head = ['model', 'version', 'size', 'opset', 'interface', 'here', 'published'];
  return {
    outputs: { models: JSON.stringify(list) },
    document: { models: list },
    summary: `## Coldgate validate\n\n${markdownTable(head, rows.map(cellsOf))}`,
    lines: rows.map(lineOf),
    failure: ground.problems.length > 0 ? allProblems(ground.problems) : undefined,
  };
}
