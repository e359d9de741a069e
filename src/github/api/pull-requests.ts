import type { Client } from './client.ts';
import type { OpenPullRequest, RepositoryRef } from './github-client.ts';
import { perPage, readPages } from './pages.ts';

/** All that are open; nothing where the list is longer than is read, because a part would be taken for the whole. */
export async function listOpen(client: Client, { owner, repo }: RepositoryRef): Promise<OpenPullRequest[] | undefined> {
  const { items, complete } = await readPages((page) =>
    client.request('GET /repos/{owner}/{repo}/pulls', { owner, repo, state: 'open', per_page: perPage, page }),
  );
  if (!complete) return undefined;
  return items.map(({ number, head, base }) => ({
    number,
    headSha: head.sha,
    headRef: head.ref,
    // GitHub answers null for a repository that is gone, against its own description.
    fork: (head.repo as { id: number } | null)?.id !== base.repo.id,
  }));
}
