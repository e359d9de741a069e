import { afterEach, beforeEach, expect, it } from 'vitest';
import { githubOpenapi } from '../emulators/github-openapi.ts';
import { describePart } from '../emulators/servers.ts';
import { bringPart } from '../handler/bring-part.ts';
import { type Bed, openBed } from './bed.ts';

const hidden = '<!-- coldgate:preview run:99 -->';
const list = 'GET 200 /issues/12/comments?per_page=100&page=1';

describePart('github-openapi', await bringPart(githubOpenapi), 'the comment of a pull request', () => {
  let bed: Bed;
  beforeEach(async () => {
    bed = await openBed();
  });
  afterEach(async () => {
    expect(bed.state.violations).toEqual([]);
    await bed.stop();
  });
  const bodies = (): string[] => bed.repository.comments.map((c) => `${c.login}: ${c.body}`);
  const add = (login: string, body: string, pull = 12): number => {
    const id = bed.state.nextId();
    bed.repository.comments.push({ id, pull, login, body, edits: 0 });
    return id;
  };

  it('is made once and then edited in place, and left alone when it says the same', async () => {
    const first = await bed.open().stickyComment('preview', 'one');
    const [comment] = bed.repository.comments;
    expect(first).toEqual({
      url: `https://github.com/octo-org/models/pull/12#issuecomment-${comment?.id}`,
      edited: false,
    });
    expect(bed.called()).toEqual(['POST 200 /graphql', list, 'POST 201 /issues/12/comments', list]);
    expect(await bed.open().stickyComment('preview', 'two')).toEqual({ url: first?.url, edited: true });
    expect(bed.called()).toEqual(['POST 200 /graphql', list, list, `PATCH 200 /issues/comments/${comment?.id}`]);
    await bed.open().stickyComment('preview', 'two');
    expect(bed.repository.comments).toEqual([
      { id: comment?.id, pull: 12, login: 'github-actions[bot]', body: `${hidden}\ntwo`, edits: 1 },
    ]);
  });

  it('is found behind hundreds of others, page by page', async () => {
    for (let at = 0; at < 230; at += 1) add('someone', `comment ${at}`);
    add('github-actions[bot]', `${hidden}\nold`);
    await bed.open().stickyComment('preview', 'new');
    expect(bed.called().filter((c) => c.startsWith('GET'))).toHaveLength(6);
    expect(bodies().filter((body) => body.includes('coldgate'))).toEqual([`github-actions[bot]: ${hidden}\nnew`]);
  });

  it('is never the comment of somebody else, whatever that holds, nor one of another marker or pull request', async () => {
    add('mallory', `${hidden}\nedit me`);
    add('other-app[bot]', `${hidden}\nquoted`);
    add('github-actions[bot]', `> ${hidden}\nquoted by another action`);
    add('github-actions[bot]', '<!-- coldgate:preview2 run:99 -->\nours, of another kind');
    add('github-actions[bot]', `${hidden}\nof another pull request`, 13);
    const before = bodies();
    await bed.open().stickyComment('preview', 'mine');
    expect(bodies()).toEqual([...before, `github-actions[bot]: ${hidden}\nmine`]);
    expect(await bed.open().removeComment('preview')).toBe(1);
    expect(bodies()).toEqual(before);
  });

  it('belongs to whoever the token is of', async () => {
    bed.state.behaviour.logins['ghp_of_a_person'] = 'Octo-Person';
    add('github-actions[bot]', `${hidden}\nof the workflow`);
    add('octo-person', `${hidden}\nof the person`);
    await bed.open({ token: 'ghp_of_a_person' }).stickyComment('preview', 'new');
    expect(bodies()).toEqual([`github-actions[bot]: ${hidden}\nof the workflow`, `octo-person: ${hidden}\nnew`]);
  });

  it('becomes one again when there are several', async () => {
    for (const text of ['a', 'b', 'c']) add('github-actions[bot]', `${hidden}\n${text}`);
    await bed.open().stickyComment('preview', 'one');
    expect(bodies()).toEqual([`github-actions[bot]: ${hidden}\none`]);
    expect(bed.called().filter((c) => c.startsWith('DELETE'))).toHaveLength(2);
  });

  it('is one after eight runs at the same time', async () => {
    const runs = Array.from({ length: 8 }, (_, at) => bed.open().stickyComment('preview', `run ${at}`));
    const urls = (await Promise.all(runs)).map((answer) => answer?.url);
    const [comment, ...others] = bed.repository.comments;
    expect(others).toEqual([]);
    expect(comment?.body).toMatch(/\nrun [0-7]$/);
    expect(urls.at(-1)).toContain(`issuecomment-${comment?.id}`);
    expect(bed.lines.filter((line) => line.startsWith('warning'))).toEqual([]);
  });

  it('keeps what the run of a later push wrote when an earlier one ends late', async () => {
    const at = (run: number) =>
      bed.open({ runUrl: `https://github.com/octo-org/models/actions/runs/${run}/attempts/1` });
    const first = await at(1000).stickyComment('preview', 'first push, measuring');
    await at(1001).stickyComment('preview', 'second push');
    expect(await at(1000).stickyComment('preview', 'first push')).toEqual({ ...first, edited: true });
    expect(bodies()).toEqual(['github-actions[bot]: <!-- coldgate:preview run:1001 -->\nsecond push']);
  });

  it('is one when the answer to its creation got lost', async () => {
    bed.fail({ match: 'POST /repos/octo-org/models/issues/12/comments', status: 502, done: true, hangUp: true });
    await bed.open().stickyComment('preview', 'one');
    expect(bodies()).toEqual([`github-actions[bot]: ${hidden}\none`]);
  });

  it('has a marker that cannot end early, and a length that GitHub takes', async () => {
    await bed.open().stickyComment('--> <script>', 'x'.repeat(70_000));
    const [comment] = bed.repository.comments;
    expect(comment?.body).toMatch(/^<!-- coldgate:-%2D%3E%20%3Cscript%3E run:99 -->\nx+$/);
    expect(comment?.body).toHaveLength(65_536);
    expect(await bed.open({ pull: undefined }).stickyComment('preview', 'nowhere')).toBe(undefined);
  });
});
