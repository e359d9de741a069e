import { availableParallelism } from 'node:os';
import { advise, warnings } from '../advice/advise.ts';
import { findingText } from '../advice/words.ts';
import { selectEnvironment, selectModels } from '../config/select.ts';
import type { Config, ModelEntry } from '../config/types.ts';
import { type ColdgateError, InputError, toColdgateError } from '../errors.ts';
import { describeShape } from '../model/tensor-error.ts';
import type { TensorInfo } from '../model/tensor-info.ts';
import { readManifest } from '../registry/version/contents.ts';
import { sideBySide } from '../side-by-side.ts';
import { factsHere } from '../steps/advice/facts.ts';
import { readSound } from '../steps/read-config.ts';
import { bytesText, markdownTable } from '../steps/results.ts';
import { allProblems } from '../steps/source/all-problems.ts';
import { type CheckModel, withChecks } from '../steps/source/check-model.ts';
import { expectedLoad } from '../steps/source/expected-load.ts';
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
  /** Models at once; by default as many as there are cores. */
  parallel?: number | undefined;
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
  problems: ColdgateError[];
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

async function rowOf(
  { config, store }: Ground,
  looked: LookedAt,
  check: CheckModel | undefined,
  context: Context,
): Promise<Row> {
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
  const expected = source && check && expectedLoad(source);
  if (expected) context.log.info(`${expected} --skip-run leaves that out.`);
  const ran = source && check && (await attempt(() => proveSource(config, source, context, check)));
  const stored = store && (await attempt(async () => ({ manifest: await readManifest(store, name, version) })));
  const head = source?.head;
  const io = head && `${tensorsText(head.inputs)} -> ${tensorsText(head.outputs)}`;
  return {
    ...{ name, version, size: source ? bytesText(source.size) : '-', opset: head ? `opset ${head.opset}` : '-' },
    io: io ?? '-',
    here: found.length > 0 ? 'refused' : (ran?.words ?? 'not run'),
    published: stored && stored.manifest !== undefined,
    problems: found,
    notes: ran?.notes ?? [],
  };
}

const isOk = ({ problems }: Row): boolean => problems.length === 0;

const lineOf = (row: Row): string => {
  const { name, version, size, opset, io, here } = row;
  return `${name} ${version}: ${isOk(row) ? `${size}, ${opset}, ${io}; ${here}` : 'refused, see below'}`;
};

const cellsOf = ({ name, version, size, opset, io, here, published }: Row): string[] => {
  const known = published === undefined ? 'not asked' : published ? 'yes' : 'no';
  return [name, version, size, opset, io, here, known];
};

/** More processes than this are of no use on any runner. */
const maxParallel = 64;

function readParallel(parallel: number = Math.min(availableParallelism(), maxParallel)): number {
  if (parallel >= 1 && parallel <= maxParallel) return parallel;
  const message = `expected a whole number from 1 to ${maxParallel}, got ${parallel}.`;
  throw new InputError([{ path: '--parallel', message }]);
}

async function rowsOf(ground: Ground, input: ValidateInput, context: Context): Promise<Row[]> {
  const parallel = readParallel(input.parallel);
  const looked = await lookAtSources(ground.config, ground.models);
  let done = 0;
  return withChecks(context, parallel, (check) =>
    sideBySide(looked, parallel, async (one) => {
      const row = await rowOf(ground, one, input.skipRun ? undefined : check, context);
      context.log.progress('Checking models', ++done, looked.length, 'steps');
      return row;
    }),
  );
}

/**
 * What advise would change in any environment, as far as models.yaml and the files say; each once, since what is set for an
 * environment is the same for all of its models.
 */
async function adviceOn({ config, models }: Ground): Promise<string[]> {
  const texts = new Set<string>();
  for (const environment of Object.values(config.environments)) {
    for (const entry of models) {
      const found = warnings(advise(await factsHere(config, environment, entry)));
      for (const one of found) texts.add(`${environment.name}, ${one.id}: ${findingText(one)}`);
    }
  }
  return [...texts];
}

/** `coldgate validate`: every model is looked at whatever is wrong with others, models.yaml included. */
export async function run(input: ValidateInput, context: Context): Promise<VerbResult> {
  const ground = await openGround(input, context);
  const rows = await rowsOf(ground, input, context);
  const problems = [...ground.problems, ...rows.flatMap((row) => row.problems)];
  const notes = rows.flatMap((row) => row.notes);
  for (const note of [...notes, ...(await adviceOn(ground))]) context.log.warn(note);
  const list = rows.map((row) => {
    const { name, version, published = null } = row;
    return { model: name, version, published, ok: isOk(row) };
  });
  const head = ['model', 'version', 'size', 'opset', 'interface', 'here', 'published'];
  return {
    outputs: { models: JSON.stringify(list) },
    document: { models: list },
    summary: `## Coldgate validate\n\n${markdownTable(head, rows.map(cellsOf))}`,
    lines: rows.map(lineOf),
    failure: problems.length > 0 ? allProblems(problems) : undefined,
  };
}
