import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { githubOpenapi } from '../emulators/github-openapi.ts';
import { describePart } from '../emulators/servers.ts';
import { bringPart } from '../handler/bring-part.ts';
import { type GitHubServer, startGitHub } from './server.ts';

const headers = {
  authorization: 'token x',
  accept: 'application/vnd.github+json',
  'x-github-api-version': '2022-11-28',
  'user-agent': 'test',
};
const deployment = { ref: 'main', auto_merge: false, required_contexts: [] };

/** What the tests of everything else lean on: that this server takes nothing that GitHub does not describe. */
describePart('github-openapi', await bringPart(githubOpenapi), 'the loopback GitHub', () => {
  let server: GitHubServer;
  beforeAll(async () => {
    server = await startGitHub();
  });
  afterAll(() => server?.stop());
  const call = (method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      method,
      headers: { ...headers, ...more },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });

  it.each([
    ['a path that is not there', 'GET', '/repos/o/r/deploymints', undefined, 'no such operation'],
    ['a method that is not there', 'PUT', '/repos/o/r/deployments', deployment, 'no such operation'],
    [
      'a parameter of another type',
      'GET',
      '/repos/o/r/issues/twelve/comments',
      undefined,
      'path /issue_number must be integer',
    ],
    ['an unknown query', 'GET', '/repos/o/r/deployments?per_paje=3', undefined, 'query per_paje is not described'],
    [
      'a query of another type',
      'GET',
      '/repos/o/r/pulls?state=opened',
      undefined,
      'query /state must be equal to one of the allowed values',
    ],
    ['no body', 'POST', '/repos/o/r/deployments', undefined, 'the body is missing'],
    ['a body where there is none', 'DELETE', '/repos/o/r/issues/comments/1', {}, 'a body is not described'],
    [
      'a missing field',
      'POST',
      '/repos/o/r/deployments',
      { auto_merge: false },
      "body it must have required property 'ref'",
    ],
    [
      'a field of another type',
      'POST',
      '/repos/o/r/deployments',
      { ...deployment, auto_merge: 'no' },
      'body /auto_merge must be boolean',
    ],
    [
      'an unknown field',
      'POST',
      '/repos/o/r/deployments',
      { ...deployment, transient: true },
      'body /transient is not described',
    ],
    [
      'an unknown state',
      'POST',
      '/repos/o/r/deployments/1/statuses',
      { state: 'done' },
      'body /state must be equal to one of the allowed values',
    ],
  ])('refuses %s', async (_name, method, path, body, problem) => {
    const answer = await call(method, path, body);
    expect(answer.status).toBe(404);
    expect(server.state.violations.splice(0)).toEqual([`${method} ${path.split('?')[0]}: ${problem}`]);
  });

  it.each([
    ['another accept', { accept: '*/*' }, 'header accept is */*'],
    ['no version of the API', { 'x-github-api-version': '' }, 'header x-github-api-version is '],
  ])('refuses %s', async (_name, more, problem) => {
    await call('GET', '/repos/o/r/deployments', undefined, more);
    expect(server.state.violations.splice(0)).toEqual([`GET /repos/o/r/deployments: ${problem}`]);
  });

  it('refuses who has no token, as GitHub does', async () => {
    expect((await call('GET', '/repos/o/r/pulls', undefined, { authorization: '' })).status).toBe(401);
  });

  it('finds its own answers wrong when they are', async () => {
    server.state.repository('o', 'wrong').deployments.push({
      ...{ id: 7, ref: 'main', sha: 'x', task: 'deploy', environment: 'e', transient: false, production: false },
      description: 3 as unknown as string,
      statuses: [],
    });
    await call('GET', '/repos/o/wrong/deployments');
    expect(server.state.violations.splice(0)).toEqual([
      'answer to GET /repos/{owner}/{repo}/deployments: /0/description must be string,null',
    ]);
  });

  it('has the conflict of deployments that ask for merges or checks, as GitHub has', async () => {
    const { status } = await call('POST', '/repos/o/r/deployments', { ref: 'main' });
    expect(status).toBe(409);
    server.state.violations.length = 0;
  });

  it('runs as a process of its own, says its address and ends when told to', async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'server.ts'), '--port', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [url] = await new Promise<[string]>((resolve) => {
      createInterface({ input: child.stdout }).once('line', (line) => resolve([line]));
    });
    await fetch(`${url}/_behaviour`, { method: 'POST', body: JSON.stringify({ denied: ['pull-requests: write'] }) });
    const answer = await fetch(`${url}/repos/o/r/issues/1/comments`, { method: 'POST', headers, body: '{"body":"x"}' });
    expect(answer.status).toBe(403);
    const state = (await (await fetch(`${url}/_state`)).json()) as {
      calls: { status: number }[];
      violations: string[];
    };
    expect([state.calls.map((c) => c.status), state.violations]).toEqual([[403], []]);
    child.kill('SIGTERM');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  });
});
