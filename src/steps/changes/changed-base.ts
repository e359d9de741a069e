import type { Since } from '../../github/event-plan.ts';
import { type Git, GitNo, unlessNo } from './changed-git.ts';

export const short = (commit: string): string => `\`${commit.slice(0, 7)}\``;

/** The commit itself, where this checkout has it. Throws GitNo where git cannot be asked. */
export const knownCommit = (git: Git, commit: string): Promise<string | undefined> =>
  unlessNo(git('rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`));

/** Why a commit is missing from the checkout, as far as git shows. */
async function missing(git: Git, what: string, otherwise = 'a forced push has replaced it'): Promise<GitNo> {
  const shallow = (await git('rev-parse', '--is-shallow-repository')).trim() === 'true';
  const why = shallow
    ? 'is not in this shallow checkout (`fetch-depth: 0` of actions/checkout brings it)'
    : `is not in this checkout, which has its whole history: ${otherwise}`;
  return new GitNo('no', `${what} ${why}`);
}

/** The tip of a branch as it was fetched; undefined for names that git would read as more than a name. */
export async function fetchedTip(git: Git, branch: string | undefined): Promise<string | undefined> {
  const isPlain = branch !== undefined && /^(?!.*(?:\.\.|\/\/))[\p{L}\p{N}_][\p{L}\p{N}._/+#-]{0,200}$/u.test(branch);
  return isPlain ? knownCommit(git, `refs/remotes/origin/${branch}`) : undefined;
}

/** Where the branch of a pull request left the base branch, which may have gone on since and be merged into it. */
async function forkPoint(git: Git, head: string, { base, branch }: { base: string; branch: string | undefined }) {
  const known = await knownCommit(git, base);
  const tip = await fetchedTip(git, branch);
  const sides = [known, tip].filter((commit) => commit !== undefined);
  if (sides.length === 0) throw await missing(git, `the commit of its base, ${short(base)},`);
  // Of several commits git answers the best common ancestor with any of them.
  const found = await unlessNo(git('merge-base', head, ...sides));
  // A pull request that has been merged since is an ancestor of the branch: then the event's base is used.
  const merged = found !== head ? found : known && (await unlessNo(git('merge-base', head, known)));
  if (merged === undefined)
    throw await missing(git, 'the commit where the pull request left its base', 'they share none');
  return merged;
}

/**
 * The commit to compare the workspace with: the one before a push; of a pull request, the commit that it branched from.
 * GitHub checks out a merge of base and pull request (its first parent is that base) or, if configured so, the head
 * itself. Throws GitNo with the reason where it cannot be determined.
 */
export async function baseOf(git: Git, since: Since): Promise<string> {
  if (since.kind === 'commit') {
    if (/^0+$/.test(since.commit)) throw new GitNo('no', 'there is no commit before this one to compare with');
    const known = await knownCommit(git, since.commit);
    if (known === undefined) throw await missing(git, `the commit before, ${short(since.commit)},`);
    return known;
  }
  const head = await knownCommit(git, 'HEAD');
  if (head === undefined) throw new GitNo('no', 'there is no commit in this checkout');
  if (head === since.head) return forkPoint(git, head, since);
  const [first, second] = [await knownCommit(git, 'HEAD^1'), await knownCommit(git, 'HEAD^2')];
  if (first !== undefined && second === since.head) return first;
  return forkPoint(git, head, since);
}
