import { type Client, repeatable } from './client.ts';
import { createOnce } from './create-once.ts';
import { isAbsent, isApiError, isUnclear } from './failure.ts';
import type { RepositoryRef } from './github-client.ts';
import { perPage, readPages } from './pages.ts';

/** GitHub refuses longer bodies. */
export const longestComment = 65_536;

interface OwnComment {
  id: number | bigint;
  html_url: string;
  body: string;
}

/** The first line of our comments: invisible to readers, and no marker can end it early. */
export const hiddenMarker = (marker: string): string =>
  `<!-- coldgate:${encodeURIComponent(marker).replaceAll('--', '-%2D')} `;

/** GitHub numbers runs as they begin; 0 where there is none. */
const runOf = (url: string | undefined): number => Number(/\/runs\/(\d{1,15})(?:\/|$)/.exec(url ?? '')?.[1] ?? 0);

/** The run that wrote it. */
const writtenBy = (body: string): number => Number(/^<!-- \S+ run:(\d{1,15}) -->/.exec(body)?.[1] ?? 0);

/** Whose token it is. GraphQL answers this for every kind of token; REST does not for those of apps. */
async function readLogin(client: Client): Promise<string> {
  try {
    const { viewer } = await client.graphql<{ viewer: { login: string } }>('query { viewer { login } }', {
      request: repeatable,
    });
    return viewer.login;
  } catch (error) {
    if (isUnclear(error) || (isApiError(error) && error.status === 401)) throw error;
    return 'github-actions[bot]';
  }
}

/** Our comments on one pull request. */
export class Comments {
  readonly #client: Client;
  readonly #where: { owner: string; repo: string; issue_number: number };
  readonly #run: number;
  #login: Promise<string> | undefined;

  constructor(client: Client, { owner, repo, runUrl }: RepositoryRef, pull: number) {
    this.#client = client;
    this.#where = { owner, repo, issue_number: pull };
    this.#run = runOf(runUrl);
  }

  /** Oldest first. Another's comment that repeats the marker is not ours. */
  async #ours(marker: string): Promise<OwnComment[]> {
    this.#login ??= readLogin(this.#client);
    const login = (await this.#login).toLowerCase();
    const { items } = await readPages((page) =>
      this.#client.request('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', {
        ...this.#where,
        per_page: perPage,
        page,
      }),
    );
    return items
      .filter((c) => c.user?.login.toLowerCase() === login && c.body?.startsWith(hiddenMarker(marker)))
      .map(({ id, html_url, body = '' }) => ({ id, html_url, body }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async #create(body: string): Promise<OwnComment> {
    const { data } = await this.#client.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      ...this.#where,
      body,
    });
    return { id: data.id, html_url: data.html_url, body };
  }

  /** False where it is gone: another run took it for one too many. What a later run wrote stays. */
  async #edit(comment: OwnComment, body: string): Promise<boolean> {
    if (comment.body.replaceAll('\r\n', '\n') === body || writtenBy(comment.body) > this.#run) return true;
    const { owner, repo } = this.#where;
    try {
      await this.#client.request('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', {
        owner,
        repo,
        comment_id: Number(comment.id),
        body,
      });
      return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  async #remove(comment: OwnComment): Promise<void> {
    const { owner, repo } = this.#where;
    try {
      await this.#client.request('DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}', {
        owner,
        repo,
        comment_id: Number(comment.id),
      });
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }

  /**
   * Every run keeps the oldest and removes the others, so that runs at the same time end with the same one. It looks again
   * after creating, because another may have done so in between. A run of an earlier push that ends late changes nothing.
   */
  async stick(marker: string, markdown: string): Promise<{ url: string; edited: boolean }> {
    const body = `${hiddenMarker(marker)}run:${this.#run} -->\n${markdown}`.slice(0, longestComment);
    let created: OwnComment | undefined;
    for (let tries = 0; tries < 5; tries += 1) {
      created ??= await this.#createWhereNone(marker, body);
      const ours = await this.#ours(marker);
      // A list may lag behind a creation; then the comment that was made is the one.
      const [kept = created, ...others] = ours;
      if (!kept) continue;
      if (!(await this.#edit(kept, body))) continue;
      for (const other of others) await this.#remove(other);
      return { url: kept.html_url, edited: kept.id !== created?.id };
    }
    const last = await this.#create(body);
    return { url: last.html_url, edited: false };
  }

  /** The new comment; undefined if one of ours was there. */
  async #createWhereNone(marker: string, body: string): Promise<OwnComment | undefined> {
    let isNew = false;
    const comment = await createOnce(
      async () => (await this.#ours(marker))[0],
      async () => {
        isNew = true;
        return this.#create(body);
      },
    );
    return isNew ? comment : undefined;
  }

  async remove(marker: string): Promise<number> {
    const ours = await this.#ours(marker);
    for (const comment of ours) await this.#remove(comment);
    return ours.length;
  }
}
