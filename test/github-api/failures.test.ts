import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { GitHubClient } from '../../src/github/api/github-client.ts';
import { githubOpenapi } from '../emulators/github-openapi.ts';
import { describePart } from '../emulators/servers.ts';
import { bringPart } from '../handler/bring-part.ts';
import { type Bed, openBed, sha, token } from './bed.ts';

const preview = { transient: true, production: false, description: 'digits' };
const check = { name: 'Coldgate', conclusion: 'failure', title: 'slower', summary: 'by 40 %' } as const;
const annotation = {
  level: 'warning',
  title: 'digits',
  message: 'slower by 40 %',
  file: 'models.yaml',
  line: 3,
} as const;

/** Everything that a preview says. */
async function sayAll(client: GitHubClient): Promise<unknown[]> {
  const deployment = await client.deployment('preview/pr-12', preview);
  return [
    deployment?.environment,
    await client.status(deployment, { state: 'in_progress' }),
    await client.status(deployment, { state: 'success' }),
    (await client.stickyComment('preview', 'hello'))?.edited,
    await client.check({ ...check, annotations: [annotation] }),
    await client.openPullRequests(),
    await client.deactivate('preview/pr-12'),
  ];
}

describePart('github-openapi', await bringPart(githubOpenapi), 'GitHub that refuses or fails', () => {
  let bed: Bed;
  beforeEach(async () => {
    bed = await openBed();
  });
  afterEach(async () => {
    expect(bed.state.violations).toEqual([]);
    expect(JSON.stringify(bed.lines)).not.toContain(token);
    await bed.stop();
  });
  const all = ['preview/pr-12', true, true, false, true, [], 1];
  const nothing = [undefined, false, false, undefined, false, undefined, 0];

  it('hears everything where nothing is missing', async () => {
    const client = bed.open();
    expect(await sayAll(client)).toEqual(all);
    expect(client.warnings).toEqual([]);
  });

  it.each([
    ['pull-requests: write', 'comment on pull request 12', 3, undefined],
    ['deployments: write', 'record deployments', 0, undefined],
  ])('names the line to add when %s is missing, once, and goes on', async (permission, action, at, instead) => {
    bed.state.behaviour.denied.push(permission);
    const client = bed.open();
    const answers = await sayAll(client);
    expect(answers[at]).toBe(instead);
    expect(answers[4]).toBe(true);
    const yaml = `permissions:\n  ${permission}`;
    const message = `GitHub does not let this token ${action} (403: Resource not accessible by integration). The run continues without.`;
    const hint = `Add this line to the job's permissions, beside those that are there:\n${yaml}`;
    expect(client.warnings).toEqual([{ code: 'github-permission', message, hint, yaml }]);
    expect(bed.lines.filter((line) => line.startsWith('warning'))).toEqual([`warning: ${message} ${hint}`]);
    expect(bed.called().filter((call) => / 403 /.test(call))).toHaveLength(1);
  });

  it('names pull-requests: read for the sweep, where not knowing is not the same as none', async () => {
    bed.state.behaviour.denied.push('pull-requests: read');
    const client = bed.open();
    expect(await client.openPullRequests()).toBe(undefined);
    expect(client.warnings[0]?.yaml).toBe('permissions:\n  pull-requests: read');
  });

  it('gets annotations in the log when checks: write is missing, with no warning about that', async () => {
    bed.state.behaviour.denied.push('checks: write');
    const client = bed.open();
    const notice = { level: 'notice', title: 'digits', message: 'first version' } as const;
    expect(await client.check({ ...check, annotations: [annotation, notice] })).toBe(false);
    expect(bed.lines.filter((line) => line.startsWith('warning'))).toEqual([
      'warning: models.yaml:3: digits: slower by 40 %',
    ]);
    expect(bed.lines).toContain('digits: first version');
    expect(bed.lines.some((line) => line.includes('permissions:\n  checks: write'))).toBe(true);
    expect(client.warnings).toEqual([]);
  });

  it('is told of a private repository, where a missing right looks like a missing thing', async () => {
    Object.assign(bed.state.behaviour, {
      hidden: true,
      denied: ['deployments: read', 'pull-requests: read', 'checks: write'],
    });
    const client = bed.open();
    expect(await sayAll(client)).toEqual(nothing);
    expect(client.warnings.map(({ yaml }) => yaml?.split('\n')[1]?.trim())).toEqual([
      'deployments: write',
      'pull-requests: write',
      'pull-requests: read',
    ]);
  });

  it('makes no failure of a token that is not valid', async () => {
    bed.state.behaviour.logins[token] = '';
    const client = bed.open();
    expect(await sayAll(client)).toEqual(nothing);
    expect(client.warnings[0]).toEqual({
      code: 'github-api',
      message: 'Could not record deployments (401: Bad credentials). The run continues without.',
      hint: 'The token is not valid, or no longer: give the input github-token, or leave it at its default.',
    });
    expect(new Set(bed.called()).size).toBe(bed.state.calls.length);
  });

  it.each([
    ['429 with retry-after', { status: 429, headers: { 'retry-after': '3' } }],
    [
      '403 with retry-after',
      { status: 403, message: 'You have exceeded a secondary rate limit', headers: { 'retry-after': '60' } },
    ],
    [
      '403 without remaining calls',
      {
        status: 403,
        message: 'API rate limit exceeded',
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 20) },
      },
    ],
    ['403 that names no time', { status: 403, message: 'You have exceeded a secondary rate limit' }],
  ])('is waited for: %s, also where a repeat would do something twice', async (_name, fault) => {
    bed.fail({ match: 'POST /repos', ...fault }, { match: 'GET /repos', ...fault });
    const client = bed.open();
    const deployment = await client.deployment('preview/pr-12', preview);
    expect(deployment?.reused).toBe(false);
    expect(bed.called().map((call) => call.slice(0, 8))).toEqual([
      `GET ${fault.status} `,
      'GET 200 ',
      `POST ${fault.status}`,
      'POST 201',
    ]);
    expect(bed.lines.filter((line) => line.startsWith("GitHub's rate limit is used up: waiting "))).toHaveLength(2);
  });

  it('is not waited for when a limit asks for more patience than a run has', async () => {
    bed.fail({ status: 429, headers: { 'retry-after': '3600' }, message: 'API rate limit exceeded', times: 10 });
    const client = bed.open();
    expect(await client.openPullRequests()).toBe(undefined);
    expect(bed.called()).toHaveLength(1);
    expect(client.warnings[0]?.message).toBe(
      'Could not list pull requests (429: API rate limit exceeded). The run continues without.',
    );
  });

  it('is asked again after 5xx where that is safe, and looked at before where it is not', async () => {
    bed.fail({ match: 'GET /repos', status: 502, times: 3 });
    expect(await bed.open().openPullRequests()).toEqual([]);
    expect(bed.called()).toHaveLength(4);
    bed.fail({ match: 'POST /repos', status: 500 });
    expect((await bed.open().deployment('preview/pr-12', preview))?.reused).toBe(false);
    expect(bed.called().map((call) => call.slice(0, 8))).toEqual(['GET 200 ', 'POST 500', 'GET 200 ', 'POST 201']);
    bed.fail({ match: 'GET /repos', status: 503, times: 9 });
    const client = bed.open();
    expect(await client.openPullRequests()).toBe(undefined);
    expect(client.warnings[0]?.code).toBe('github-api');
  });

  it('is given up when it does not answer in time', async () => {
    bed.fail({ match: 'GET /repos', status: 500, delayMs: 1000, times: 4 });
    const client = bed.open({}, 300);
    expect(await client.openPullRequests()).toBe(undefined);
    expect(client.warnings[0]?.message).toMatch(/^Could not list pull requests \(.*timeout.*\)\. The run continues/);
  });

  it('is silent when the run ends meanwhile', async () => {
    const controller = new AbortController();
    const client = bed.open({ signal: controller.signal });
    bed.fail({ status: 429, headers: { 'retry-after': '170' }, times: 9 });
    const listing = client.openPullRequests();
    controller.abort(new Error('stopped by SIGTERM'));
    expect(await listing).toBe(undefined);
    expect(client.warnings.map(({ code }) => code)).toEqual([]);
  });

  it('does not get the token repeated by an answer that holds it, nor by one that is no JSON', async () => {
    bed.fail({ status: 422, message: `bad token ${token}\nsecond line` });
    const client = bed.open();
    await client.openPullRequests();
    expect(client.warnings[0]?.message).toBe(
      'Could not list pull requests (422: bad token ***). The run continues without.',
    );
    const other = createServer((_request, response) => response.writeHead(200).end('<html>proxy</html>'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const apiUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    expect(await bed.open({ apiUrl }).openPullRequests()).toBe(undefined);
    other.close();
  });
});

describePart('github-openapi', await bringPart(githubOpenapi), 'GitHub that answers', () => {
  let bed: Bed;
  afterEach(async () => {
    expect(bed.state.violations).toEqual([]);
    await bed.stop();
  });

  it('is an own server under a path as well', async () => {
    bed = await openBed('/api/v3');
    const client = bed.open({ apiUrl: `${bed.url}/` });
    expect((await client.stickyComment('preview', 'hello'))?.edited).toBe(false);
    expect(bed.called()[0]).toBe('POST 200 /api/graphql');
    expect(client.warnings).toEqual([]);
  });

  it('lists open pull requests page by page, forks and gone forks among them', async () => {
    bed = await openBed();
    bed.state.behaviour.maxPerPage = 2;
    const head = { head_sha: sha, head_ref: '$(touch x)', state: 'open' } as const;
    bed.repository.pulls.push({ ...head, number: 1 }, { ...head, number: 2, state: 'closed' });
    bed.repository.pulls.push({ ...head, number: 3, fork: true }, { ...head, number: 4 }, { ...head, number: 5 });
    const own = { headSha: sha, headRef: '$(touch x)', fork: false };
    expect(await bed.open().openPullRequests()).toEqual([
      { number: 1, ...own },
      { number: 3, ...own, fork: true },
      { number: 4, ...own },
      { number: 5, ...own },
    ]);
  });

  it('gets every annotation of a check, fifty in a request', async () => {
    bed = await openBed();
    const annotations = Array.from({ length: 120 }, (_, at) => ({ ...annotation, line: at + 1 }));
    const long = { level: 'failure', title: 't'.repeat(300), message: 'of no file' } as const;
    const wish = { ...check, summary: 's'.repeat(70_000), annotations: [...annotations, long] };
    expect(await bed.open().check(wish)).toBe(true);
    expect(bed.called().map((call) => call.split(' ').slice(0, 2).join(' '))).toEqual([
      'POST 201',
      'PATCH 200',
      'PATCH 200',
    ]);
    const [stored] = bed.repository.checks;
    expect(stored).toMatchObject({ name: 'Coldgate', head_sha: sha, conclusion: 'failure', title: 'slower' });
    expect(stored?.annotations).toHaveLength(121);
    expect(stored?.annotations[119]).toMatchObject({ path: 'models.yaml', start_line: 120, end_line: 120 });
    expect(stored?.annotations[120]).toMatchObject({ path: '.github', title: 't'.repeat(255) });
  });
});
