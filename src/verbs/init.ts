import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config, Provider } from '../config/types.ts';
import { type ColdgateError, InputError } from '../errors.ts';
import { type FoundModel, findModels } from '../steps/init/find-models.ts';
import { type FirstRuns, firstSamples } from '../steps/init/first-samples.ts';
import { modelsYaml } from '../steps/init/models-yaml.ts';
import { choosePlace, type PlaceValues } from '../steps/init/places.ts';
import { workflowText } from '../steps/init/workflow.ts';
import { type Wanted, type Written, writeNew } from '../steps/init/write-new.ts';
import { readConfig } from '../steps/read-config.ts';
import { bytesText } from '../steps/results.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { toolVersion } from '../version.ts';

export interface InitInput {
  model?: string[] | undefined;
  provider?: Provider | undefined;
  store?: string | undefined;
  region?: string | undefined;
  executionRole?: string | undefined;
  project?: string | undefined;
  serviceAccount?: string | undefined;
  subscription?: string | undefined;
  resourceGroup?: string | undefined;
  location?: string | undefined;
  storageAccount?: string | undefined;
  identity?: string | undefined;
  action?: string | undefined;
  yes: boolean;
}

/** GitHub warns above it, and refuses files of twice the size: https://docs.github.com/repositories/working-with-files/managing-large-files/about-large-files-on-github */
const largeBytes = 50 * 2 ** 20;

const placeOf = (input: InitInput): PlaceValues & { provider: Provider | undefined } => ({
  ...{ provider: input.provider, store: input.store, region: input.region, project: input.project },
  ...{
    'execution-role': input.executionRole,
    'service-account': input.serviceAccount,
    subscription: input.subscription,
    location: input.location,
  },
  ...{ 'resource-group': input.resourceGroup, 'storage-account': input.storageAccount, identity: input.identity },
});

/** The models that are wished, of those that are there. */
function choose(found: readonly FoundModel[], wished: readonly string[], cwd: string): [FoundModel, ...FoundModel[]] {
  const unknown = wished.filter((name) => !found.some((model) => model.name === name || model.path === name));
  const names = found.map(({ name, path }) => `${name} (${path})`).join(', ');
  if (found.length === 0 || unknown.length > 0) {
    const message = found.length === 0 ? `expected an ONNX file below ${cwd}, found none.` : `found ${names}.`;
    const hint =
      found.length === 0 ? 'Export a model to ONNX first, for example to models/digits.onnx.' : 'Name one of these.';
    const paths = found.length === 0 ? ['init'] : unknown.map((name) => `--model ${name}`);
    throw new InputError(paths.map((path) => ({ path, message, hint })));
  }
  const chosen = found.filter(
    ({ name, path }) => wished.length === 0 || wished.includes(name) || wished.includes(path),
  );
  return chosen as [FoundModel, ...FoundModel[]];
}

/** What the platform of a models.yaml that is there needs of a workflow. */
function workflowOf(config: Config): { provider: Provider; region: string } {
  const targets = Object.values(config.environments).map(({ target }) => target);
  const target = targets.find(({ provider }) => provider !== 'local') ?? { provider: 'local' as const };
  return { provider: target.provider, region: 'region' in target ? target.region : '' };
}

async function filesBeside(
  config: Config,
  yaml: string,
  { large, action }: { large: readonly FoundModel[]; action: string },
  root: string,
): Promise<Wanted[]> {
  const attributes = await readFile(join(root, '.gitattributes'), 'utf8').catch(() => '');
  const variables = [
    ...new Set([...yaml.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)].map(([, name]) => name as string)),
  ];
  const models = Object.keys(config.models) as [string, ...string[]];
  const lfs = large.length > 0 || /filter=lfs/.test(attributes);
  const { provider, region } = workflowOf(config);
  const workflow = workflowText({ provider, region, models, variables, lfs, action });
  const why = large.map(({ path, bytes }) => `${path} has ${bytesText(bytes)}`).join(', ');
  const lines = '*.onnx filter=lfs diff=lfs merge=lfs -text\n*.onnx.data filter=lfs diff=lfs merge=lfs -text\n';
  return [
    { path: '.github/workflows/models.yml', text: workflow, why: 'previews, releases and promotions' },
    ...(lfs && large.length > 0 ? [{ path: '.gitattributes', text: lines, why: `Git LFS: ${why}` }] : []),
    ...(provider === 'local' ? [{ path: '.gitignore', text: '.coldgate\n', why: 'stores of this machine' }] : []),
  ];
}

interface Begun {
  config: Config;
  yaml: string;
  models: Written;
  runs: FirstRuns;
}

/** The models.yaml that is there, or a new one whose models have run. */
async function begin(input: InitInput, found: readonly FoundModel[], context: Context): Promise<Begun> {
  const file = 'models.yaml';
  const why = 'models, and where they go';
  const there = await readFile(join(context.cwd, file), 'utf8').catch(() => undefined);
  if (there !== undefined) {
    const runs = { samples: new Map<string, string>(), kept: [], failures: [] };
    return {
      ...{ config: await readConfig(file, context, { checkFiles: false }), yaml: there, runs },
      models: { path: file, text: there, why, written: false },
    };
  }
  const models = choose(found, input.model ?? [], context.cwd);
  const place = await choosePlace(placeOf(input), input.yes ? undefined : context.ask);
  const runs = await firstSamples(modelsYaml(toolVersion, place, models, new Map()), models, context);
  const sound = models.filter(({ name }) => runs.samples.has(name));
  if (sound.length === 0) throw (runs.failures[0] as { error: ColdgateError }).error;
  const yaml = modelsYaml(toolVersion, place, sound, runs.samples);
  const written = await writeNew(context.cwd, { path: file, text: yaml, why });
  return { config: await readConfig(file, context, { checkFiles: false }), yaml, models: written, runs };
}

function wordsOf(files: readonly Written[], { runs, config, models }: Begun, found: readonly FoundModel[]): string[] {
  const listed = new Set(Object.values(config.models).flatMap(({ files: all }) => all.map(({ source }) => source)));
  const missed = models.written ? [] : found.filter(({ path }) => !listed.has(join(config.root, path)));
  const made = [...runs.samples.values()].filter((path) => !runs.kept.includes(path));
  return [
    ...files.map(({ path, written, why }) => (written ? `${path} is written: ${why}.` : `${path} is there and stays.`)),
    ...made.map(
      (path) => `${path} is written: what the model answers to made-up inputs; coldgate sample takes real ones.`,
    ),
    ...runs.kept.map((path) => `${path} is there and stays.`),
    ...files
      .filter(({ written, path }) => !written && path !== 'models.yaml')
      .map(({ path, text }) => addTo(path, text)),
    ...missed.map(({ name, path }) => `models.yaml does not name ${path}: add it as models.${name}.`),
    ...runs.failures.map(
      ({ model, error }) => `${model.path} is left out: ${error.message}${error.hint ? ` ${error.hint}` : ''}`,
    ),
    'Next: coldgate validate --local, then coldgate ship --environment staging.',
  ].filter((line) => line !== '');
}

/** What a file that is there may lack. */
const addTo = (path: string, text: string): string =>
  path.startsWith('.git') && !path.includes('/') ? `${path} needs: ${text.trim().replaceAll('\n', ' and ')}` : '';

/** `coldgate init`: writes what a repository needs, over nothing that is there. */
export async function run(input: InitInput, context: Context): Promise<VerbResult> {
  const found = await findModels(context.cwd);
  const begun = await begin(input, found, context);
  const large = found.filter(({ bytes }) => bytes > largeBytes);
  const action = input.action ?? `coldgate/coldgate@v${toolVersion}`;
  const wanted = await filesBeside(begun.config, begun.yaml, { large, action }, context.cwd);
  const files: Written[] = [begun.models];
  for (const one of wanted) files.push(await writeNew(context.cwd, one));
  const lines = wordsOf(files, begun, found);
  const paths = files.filter(({ written }) => written).map(({ path }) => path);
  return {
    outputs: {},
    document: {
      written: [...paths, ...[...begun.runs.samples.values()].filter((path) => !begun.runs.kept.includes(path))],
      kept: [...files.filter(({ written }) => !written).map(({ path }) => path), ...begun.runs.kept],
      models: Object.keys(begun.config.models),
    },
    lines,
    summary: lines.map((line) => `- ${line}`).join('\n'),
    failure: begun.runs.failures[0]?.error,
  };
}
