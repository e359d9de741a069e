import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { InputError, type Problem } from '../errors.ts';
import { checkAwsRestApi } from './check-aws-rest-api.ts';
import { checkAzureFunctions } from './check-azure-functions.ts';
import { checkAzureGateway } from './check-azure-gateway.ts';
import { checkFunctionNames } from './check-function-names.ts';
import { checkGoogleCloudRun } from './check-google-cloud-run.ts';
import { checkModels } from './check-models.ts';
import { checkNames } from './check-names.ts';
import { checkSources } from './check-sources.ts';
import { checkStores } from './check-stores.ts';
import { checkTargets } from './check-targets.ts';
import { expectedWords, explain } from './explain.ts';
import { Findings } from './findings.ts';
import { mayInterpolate, notHere, publicOnly } from './interpolate.ts';
import { readText } from './read-text.ts';
import { readYaml } from './read-yaml.ts';
import { resolveConfig } from './resolve.ts';
import { type ModelsFile, modelsSchema } from './schema.ts';
import { keepSoundPart } from './sound-part.ts';
import type { Config } from './types.ts';
import { type Path, plainValue, type YamlNode } from './yaml-node.ts';

/** An alias must not carry what came from the environment to where a `${…}` is refused. */
function checkAliases(findings: Findings, node: YamlNode, path: Path = []): void {
  if (node.kind === 'scalar') {
    if (node.interpolated && !mayInterpolate(path)) findings.add(path, notHere.message, notHere.hint);
  } else if (node.kind === 'list') {
    for (const [at, item] of node.items.entries()) checkAliases(findings, item, [...path, at]);
  } else {
    for (const [name, entry] of node.entries) checkAliases(findings, entry.node, [...path, name]);
  }
}

export interface LoadOptions {
  /** Whether the files of models must be there; verbs that only read the store do without. Default: true. */
  checkFiles?: boolean;
  /**
   * Leaves out environments, targets and origins, what is wrong with them included: where a run has no variables and no
   * credentials for them. The configuration then has the embedded environment `local` alone.
   */
  withoutEnvironments?: boolean;
  /** Whether the file is untrusted, as in a pull request from a fork: it may read only public variables. */
  untrusted?: boolean;
}

/** More than a user corrects at one time. */
const maxProblems = 200;

/**
 * Reads and checks models.yaml; accesses only files. Throws one InputError `bad-config` with every problem, each with
 * file and line, in the order of the file.
 * @param file path of models.yaml; messages name it relative to the current folder if it is below it
 * @param env what `${NAME}` stands for
 */
export async function loadConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  options: LoadOptions = {},
): Promise<Config> {
  const { config, failure } = await loadSound(file, env, options);
  if (failure) throw failure;
  return config;
}

/** A valid configuration, or its problems beside the part that is valid by itself, if there is one. */
export type Sound = { config: Config; failure: undefined } | { config: Config | undefined; failure: InputError };

/**
 * As `loadConfig`, for callers that continue with the models and environments that are valid. Throws InputError only
 * where the file cannot be read.
 */
export async function loadSound(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  options: LoadOptions = {},
): Promise<Sound> {
  const absolute = resolve(file);
  const label = labelOf(file);
  const given = options.untrusted || options.withoutEnvironments ? publicOnly(env) : env;
  const { root, problems: found, interpolated } = readYaml(await readText(absolute, label), given, mayInterpolate);
  if (root && options.withoutEnvironments) leaveOutEnvironments(root);
  const problems = options.withoutEnvironments ? found.filter((p) => !ofEnvironment.test(p.path)) : found;
  if (!root) return { config: undefined, failure: failureOf(problems.length > 0 ? problems : [empty], label) };
  const look = () => check(root, dirname(absolute), options.checkFiles ?? true);
  const checked = await look();
  problems.push(...checked.problems);
  const resolved = (fields: ModelsFile): Config => ({
    ...resolveConfig(fields, absolute),
    ...(interpolated.length > 0 && { interpolated }),
  });
  if (problems.length === 0 && checked.fields) return { config: resolved(checked.fields), failure: undefined };
  const sound = keepSoundPart(root, problems) ? await look() : undefined;
  const config = sound?.fields && sound.problems.length === 0 ? resolved(sound.fields) : undefined;
  return { config, failure: failureOf(problems, label) };
}

const ofEnvironment = /^environments\b|^models\..+\.(?:target|handler\.cors)\b/;

function leaveOutEnvironments(root: YamlNode): void {
  if (root.kind !== 'map') return;
  root.entries.delete('environments');
  const models = root.entries.get('models')?.node;
  if (models?.kind !== 'map') return;
  for (const { node } of models.entries.values()) {
    if (node.kind !== 'map') continue;
    node.entries.delete('target');
    const handler = node.entries.get('handler')?.node;
    if (handler?.kind === 'map') handler.entries.delete('cors');
  }
}

const empty: Problem = {
  path: '',
  message: 'expected schema and models, got an empty file.',
  hint: 'Begin with the line schema: 1',
};

function labelOf(file: string): string {
  const near = relative(process.cwd(), file);
  return isAbsolute(file) && !near.startsWith('..') && !isAbsolute(near) ? near : file;
}

async function check(
  node: YamlNode,
  root: string,
  checkFiles: boolean,
): Promise<{ fields: ModelsFile | undefined; problems: Problem[] }> {
  const parsed = modelsSchema.safeParse(plainValue(node), { error: expectedWords });
  const findings = new Findings(node);
  checkAliases(findings, node);
  checkNames(findings);
  checkStores(findings, root);
  checkTargets(findings);
  checkAwsRestApi(findings);
  checkGoogleCloudRun(findings);
  checkAzureFunctions(findings);
  checkAzureGateway(findings);
  checkFunctionNames(findings);
  checkModels(findings);
  await checkSources(findings, root, checkFiles);
  const problems = parsed.success ? [] : explain(parsed.error.issues, node);
  return { fields: parsed.data, problems: [...problems, ...findings.problems] };
}

function failureOf(problems: readonly Problem[], file: string): InputError {
  const ordered = [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0)).map((problem) => ({ ...problem, file }));
  const shown = ordered.slice(0, maxProblems);
  if (shown.length < ordered.length) {
    shown.push({ path: '', file, message: `has ${ordered.length - shown.length} more problems like these.` });
  }
  return new InputError(shown, { code: 'bad-config' });
}
