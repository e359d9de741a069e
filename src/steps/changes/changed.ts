import { lstat, readFile, readlink } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { readYaml } from '../../config/read-yaml.ts';
import type { Config, ModelEntry } from '../../config/types.ts';
import { plainValue } from '../../config/yaml-node.ts';
import type { ChangedModels, Since } from '../../github/event-plan.ts';
import { completeEntry } from '../source/external-data.ts';
import type { Context } from '../verb.ts';
import { baseOf, short } from './changed-base.ts';
import { type Git, GitNo, gitIn, names } from './changed-git.ts';

/** models.yaml as data, unchecked: two of them are compared, and the current one has passed its checks. */
export interface RawConfig {
  models: Record<string, unknown>;
  environments: unknown;
}

function parse(text: string, env: Context['env']): RawConfig | undefined {
  const { root } = readYaml(text, env);
  const value = root && (plainValue(root) as Record<string, unknown> | null);
  if (typeof value !== 'object' || value === null) return undefined;
  const { models, environments } = value;
  const entries = typeof models === 'object' && models !== null ? models : {};
  return { models: entries as Record<string, unknown>, environments };
}

const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Links that a path may pass through: Linux's own limit, path_resolution(7). */
const maxLinks = 40;

/** The first part of a path below `root` that is a link. What is not there is none. */
async function firstLink(root: string, path: string): Promise<string | undefined> {
  const parts = relative(root, path).split(sep);
  if (parts[0] === '..') return undefined;
  for (let at = 1; at <= parts.length; at += 1) {
    const part = join(root, ...parts.slice(0, at));
    const found = await lstat(part).catch(() => undefined);
    if (found?.isSymbolicLink()) return part;
  }
  return undefined;
}

/**
 * The paths that decide what a file holds: every link on the way, which git keeps as the words in it, and the file that
 * they lead to.
 */
async function pathsTo(root: string, file: string): Promise<string[]> {
  const links: string[] = [];
  let path = file;
  while (links.length < maxLinks) {
    const link = await firstLink(root, path);
    if (link === undefined) break;
    links.push(link);
    path = resolve(dirname(link), await readlink(link), relative(link, path));
  }
  return [...links, path].map((each) => relative(root, each));
}

/** Files that differ from the commit or are not in git, so that git cannot compare them. */
async function changedFiles(git: Git, base: string, files: readonly string[]): Promise<Set<string>> {
  const inside = files.filter((file) => file !== '..' && !file.startsWith(`..${sep}`));
  const how = ['--no-ext-diff', '--no-textconv', '--name-only', '-z', '--relative'];
  const differing = await git('diff', ...how, base, '--', ...inside);
  const known = new Set(names(await git('ls-files', '-z', '--', ...inside)));
  return new Set([...names(differing), ...files.filter((file) => !known.has(file))]);
}

/** models.yaml of a commit; undefined where it has none that can be read. Throws GitNo where git cannot be asked. */
export async function configAt(git: Git, commit: string, config: Config, env: Context['env']) {
  try {
    return parse(await git('show', `${commit}:./${relative(config.root, config.file)}`), env);
  } catch (error) {
    if (error instanceof GitNo && /does not exist in|exists on disk, but not in/.test(error.stderrLine))
      return undefined;
    throw error;
  }
}

/** The models whose entry differs, or one of whose files does. */
async function changedModels(git: Git, base: string, before: RawConfig, now: RawConfig | undefined, config: Config) {
  const models = Object.values(config.models);
  const pathsOf = async (entry: ModelEntry) =>
    (
      await Promise.all((await completeEntry(config, entry)).files.map((file) => pathsTo(config.root, file.source)))
    ).flat();
  const paths = new Map<string, string[]>();
  for (const entry of models) paths.set(entry.name, await pathsOf(entry));
  const files = await changedFiles(git, base, [...new Set([...paths.values()].flat())]);
  return models
    .map((m) => m.name)
    .filter(
      (name) =>
        !isEqual(before.models[name], now?.models[name]) || paths.get(name)?.some((file) => files.has(file)) === true,
    );
}

/**
 * The models whose entry in models.yaml, one of whose files, links followed, or whose environments differ between a
 * commit and the workspace. Where that cannot be determined, returns all of them and the reason: leaving one out would
 * lose it.
 */
export async function changedSince(
  since: Since,
  config: Config,
  context: Pick<Context, 'env' | 'signal'>,
): Promise<ChangedModels> {
  const all = Object.keys(config.models);
  const git = gitIn(dirname(config.file), context);
  try {
    const base = await baseOf(git, since);
    const before = await configAt(git, base, config, context.env);
    if (!before) throw new GitNo('no', `${short(base)} has no models.yaml that can be read`);
    const now = parse(await readFile(config.file, 'utf8'), context.env);
    if (!isEqual(before.environments, now?.environments)) {
      return { models: all, known: true, why: `All models: environments differ from ${short(base)}.` };
    }
    const models = await changedModels(git, base, before, now, config);
    const list = models.map((name) => `\`${name}\``).join(', ') || 'none';
    return { models, known: true, why: `Compared with ${short(base)}, changed: ${list}.` };
  } catch (error) {
    if (!(error instanceof GitNo)) throw error;
    return { models: all, known: false, why: `All models: ${error.message}.` };
  }
}
