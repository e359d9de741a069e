import { dirname } from 'node:path';
import type { Config } from '../../config/types.ts';
import type { Context } from '../verb.ts';
import { configAt, type RawConfig } from './changed.ts';
import { fetchedTip, knownCommit } from './changed-base.ts';
import { type Git, GitNo, gitIn, unlessNo } from './changed-git.ts';

/** Versions in models.yaml of other commits. Returns undefined where git does not have the commit. */
export interface OtherCommits {
  /** Whether the model had this version in the newest commit that is not younger than the moment (ISO 8601). */
  namedThen(model: string, version: string, moment: string): Promise<boolean | undefined>;
  /** The version of the model at the tip of the branch, where that is ahead of this checkout. */
  namedAhead(model: string): Promise<string | undefined>;
}

const versionIn = (config: RawConfig | undefined, model: string): unknown =>
  (config?.models[model] as { version?: unknown } | undefined)?.version;

async function quietly<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GitNo) return undefined;
    throw error;
  }
}

/** The tip of the branch as it was fetched, if this checkout is behind it. */
async function tipAhead(git: Git, branch: string): Promise<string | undefined> {
  const [head, tip] = [await knownCommit(git, 'HEAD'), await fetchedTip(git, branch)];
  if (!head || !tip || head === tip) return undefined;
  // Git answers a no of this question by its exit code alone.
  return (await unlessNo(git('merge-base', '--is-ancestor', head, tip))) === undefined ? undefined : tip;
}

/** The commits of the checkout that contains `config`; `branch` is the one that was pushed. */
export function otherCommits(config: Config, branch: string, context: Pick<Context, 'env' | 'signal'>): OtherCommits {
  const git = gitIn(dirname(config.file), context);
  const read = (commit: string) => configAt(git, commit, config, context.env);
  let ahead: Promise<RawConfig | undefined> | undefined;
  return {
    namedThen: (model, version, moment) =>
      quietly(
        (async () => {
          if ((await git('rev-parse', '--is-shallow-repository')).trim() === 'true') return undefined;
          const seconds = Math.floor(Date.parse(moment) / 1000);
          if (!Number.isSafeInteger(seconds)) return undefined;
          const at = (await git('rev-list', '-1', '--first-parent', `--before=${seconds}`, 'HEAD')).trim();
          return at === '' ? undefined : versionIn(await read(at), model) === version;
        })(),
      ),
    namedAhead: async (model) => {
      ahead ??= (async () => {
        const tip = await quietly(tipAhead(git, branch));
        return tip === undefined ? undefined : quietly(read(tip));
      })();
      const version = versionIn(await ahead, model);
      return typeof version === 'string' ? version : undefined;
    },
  };
}
