import { type Client, repeatable } from './client.ts';
import type { Annotation, CheckUpdate, RepositoryRef } from './github-client.ts';

/** GitHub takes so many annotations in one request; more are added by further ones. */
const perRequest = 50;

/** GitHub's limits in characters. */
const longest = { title: 255, message: 65_535, summary: 65_535 };

/** GitHub shows what belongs to no file under this path. */
const noFile = '.github';

const encoded = ({ level, title, message, file, line = 1 }: Annotation) => ({
  path: file ?? noFile,
  start_line: line,
  end_line: line,
  annotation_level: level,
  title: title.slice(0, longest.title),
  message: message.slice(0, longest.message),
});

/** Makes a finished check on the commit; GitHub shows the newest of a name. True once it is written. */
export async function writeCheck(
  client: Client,
  { owner, repo, sha, runUrl }: RepositoryRef,
  update: CheckUpdate,
): Promise<boolean> {
  const annotations = update.annotations.map(encoded);
  const output = { title: update.title.slice(0, longest.title), summary: update.summary.slice(0, longest.summary) };
  const { data } = await client.request('POST /repos/{owner}/{repo}/check-runs', {
    owner,
    repo,
    name: update.name,
    head_sha: sha,
    status: 'completed',
    conclusion: update.conclusion,
    ...(runUrl && { details_url: runUrl }),
    output: { ...output, annotations: annotations.slice(0, perRequest) },
    request: repeatable,
  });
  for (let at = perRequest; at < annotations.length; at += perRequest) {
    await client.request('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', {
      owner,
      repo,
      check_run_id: Number(data.id),
      output: { ...output, annotations: annotations.slice(at, at + perRequest) },
      // A repeat would add them twice.
      request: { retries: 0 },
    });
  }
  return true;
}
