import { readFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { readYaml } from '../config/read-yaml.ts';
import type { Config, ModelEntry } from '../config/types.ts';
import { plainValue } from '../config/yaml-node.ts';
import type { ChangedModels } from '../github/event-plan.ts';
import { type Git, gitIn, names } from './changed-git.ts';
import type { Context } from './verb.ts';

/** models.yaml as data, unchecked: two of them are compared, and the current one has passed its checks. */
interface RawConfig {
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

const short = (commit: string): string => `\`${commit.slice(0, 7)}\``;

/** The commit itself, where this checkout has it. */
async function knownCommit(git: Git, commit: string): Promise<string | undefined> {
  return (await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`))?.trim();
}

/** Which of the files differ from the commit, or are not in git, so that git cannot tell. */
async function changedFiles(git: Git, base: string, files: readonly string[]): Promise<Set<string> | undefined> {
  const differing = await git(
    'diff',
    '--no-ext-diff',
    '--no-textconv',
    '--name-only',
    '-z',
    '--relative',
    base,
    '--',
    ...files,
  );
  const tracked = await git('ls-files', '-z', '--', ...files);
  if (differing === undefined || tracked === undefined) return undefined;
  const known = new Set(names(tracked));
  return new Set([...names(differing), ...files.filter((file) => !known.has(file))]);
}

async function readBefore(git: Git, base: string, config: Config, env: Context['env']): Promise<RawConfig | undefined> {
  const text = await git('show', `${base}:./${relative(config.root, config.file)}`);
  return text === undefined ? undefined : parse(text, env);
}

/**
 * The models whose entry in models.yaml, one of whose files, or whose environments differ between a commit and the
 * workspace. Where that cannot be told, all of them: shipping twice changes nothing, and leaving one out would.
 * @param commit hexadecimal; the one before the event
 */
export async function changedSince(commit: string, config: Config, context: Context): Promise<ChangedModels> {
  const models = Object.values(config.models);
  const all = (why: string): ChangedModels => ({ models: models.map((m) => m.name), why: `All models: ${why}.` });
  const git = gitIn(dirname(config.file), context.signal);
  if (/^0+$/.test(commit)) return all('there is no commit before this one to compare with');
  const base = await knownCommit(git, commit);
  if (base === undefined) {
    return all(`the commit before, ${short(commit)}, is not in this checkout (\`fetch-depth: 0\` brings it)`);
  }
  const before = await readBefore(git, base, config, context.env);
  if (!before) return all(`${short(base)} has no models.yaml that can be read`);
  const now = parse(await readFile(config.file, 'utf8'), context.env);
  if (!isEqual(before.environments, now?.environments)) return all(`environments differ from ${short(base)}`);
  const sourceOf = (entry: ModelEntry) => entry.files.map((file) => relative(config.root, file.source));
  const files = await changedFiles(git, base, [...new Set(models.flatMap(sourceOf))]);
  if (!files) return all(`git could not compare the files with ${short(base)}`);
  const changed = models.filter(
    (m) => !isEqual(before.models[m.name], now?.models[m.name]) || sourceOf(m).some((file) => files.has(file)),
  );
  const list = changed.map((m) => `\`${m.name}\``).join(', ') || 'none';
  return { models: changed.map((m) => m.name), why: `Compared with ${short(base)}, changed: ${list}.` };
}
