import { afterAll, beforeAll, expect, it } from 'vitest';
import { githubOpenapi } from '../emulators/github-openapi.ts';
import { describePart } from '../emulators/servers.ts';
import { type GitHubServer, startGitHub } from '../github-api/server.ts';
import { bringPart } from '../handler/bring-part.ts';
import { pullRequest, push } from './payloads.ts';
import { Repository } from './repository.ts';

const token = 'ghs_0123456789abcdefSECRET';
const shaOf = (digit: string): string => digit.repeat(40);

/** What a run says on GitHub, from the event to the API: every call held to the published description. */
describePart('github-openapi', await bringPart(githubOpenapi), 'an event told on GitHub', () => {
  const repository = new Repository();
  let github: GitHubServer;
  let first: string;
  const recorded = () => github.state.repository('acme', 'models');
  const on = (name: string, payload: unknown, inputs: Record<string, string> = {}, more = {}) =>
    repository.on(name, payload, { token, ...inputs }, { GITHUB_API_URL: github.url, ...more });
  const states = (environment: string) =>
    recorded()
      .deployments.filter((d) => d.environment === environment)
      .map((d) => d.statuses.map((s) => s.state));

  beforeAll(async () => {
    github = await startGitHub();
    first = repository.commit();
  });
  afterAll(async () => {
    await repository.remove();
    await github.stop();
  });

  it('push: a deployment of staging, from in progress to success', async () => {
    const step = await on('push', push({ ref: 'refs/heads/main', before: '0'.repeat(40) }));
    expect(step.exit).toBe(0);
    expect(states('staging')).toEqual([['in_progress', 'success']]);
    expect(recorded().deployments[0]).toMatchObject({ transient: false, production: false });
    expect(recorded().deployments[0]?.statuses[1]?.environment_url).toBe(step.outputs['endpoint-url']);
    expect(recorded().comments).toEqual([]);
  });

  it('opened and synchronize: one comment, one check a commit, transient deployments with their address', async () => {
    repository.commit({ version: '1.1.0', bias: 0.75 });
    for (const [action, digit] of [
      ['opened', 'a'],
      ['synchronize', 'b'],
    ] as const) {
      const payload = pullRequest({ action, number: 12, headSha: shaOf(digit), baseSha: first });
      const step = await on('pull_request', payload);
      expect(step.exit).toBe(0);
      const [comment, ...more] = recorded().comments;
      expect(more).toEqual([]);
      expect(comment?.body).toContain(`1.1.0-pr.12.${digit.repeat(7)}`);
      expect(comment?.body).toContain(step.outputs['endpoint-url']);
      expect(comment?.body).toContain('curl');
      expect(recorded().checks.at(-1)).toMatchObject({ head_sha: shaOf(digit), conclusion: 'success' });
    }
    const [older, newer] = recorded().deployments.filter((d) => d.environment === 'digits-pr-12');
    expect(older?.statuses.map((s) => s.state)).toEqual(['in_progress', 'success', 'inactive']);
    expect(newer).toMatchObject({ sha: shaOf('b'), transient: true, production: false });
    expect(newer?.statuses.map((s) => s.state)).toEqual(['in_progress', 'success']);
  });

  it('other bytes for the same commit: exit 3, the comment, the deployment and the check say why', async () => {
    const payload = pullRequest({ action: 'opened', number: 15, headSha: shaOf('e'), baseSha: first });
    expect((await on('pull_request', payload)).exit).toBe(0);
    repository.commit({ version: '1.1.0', bias: 0.25 });
    const step = await on('pull_request', payload);
    expect(step.exit).toBe(3);
    const comment = recorded().comments.find((c) => c.pull === 15);
    expect(comment?.body).toContain('is published with other bytes');
    expect(recorded().checks.at(-1)).toMatchObject({
      conclusion: 'failure',
      annotations: [{ annotation_level: 'failure' }],
    });
    expect(states('digits-pr-15').at(-1)?.at(-1)).toBe('error');
  });

  it('closed: deployments inactive, the comment says that it is gone', async () => {
    const payload = pullRequest({ action: 'closed', number: 12, headSha: shaOf('b'), baseSha: first });
    expect((await on('pull_request', payload)).exit).toBe(0);
    expect(states('digits-pr-12').map((all) => all.at(-1))).toEqual(['inactive', 'inactive']);
    expect(recorded().comments.filter((c) => c.pull === 12)).toMatchObject([{ body: expect.stringContaining('gone') }]);
  });

  it('schedule: asks which pull requests are open, and keeps their previews', async () => {
    const payload = pullRequest({ action: 'opened', number: 14, headSha: shaOf('d'), baseSha: first });
    expect((await on('pull_request', payload)).exit).toBe(0);
    recorded().pulls.push({ number: 14, head_sha: shaOf('d'), head_ref: 'better', state: 'open' });
    const kept = await on('schedule', {}, { 'max-age-days': '0', environment: 'staging' });
    expect(kept.outputs['previews']).toBe('[]');
    github.state.behaviour.denied = ['pull-requests: read'];
    const swept = await on('schedule', {}, { 'max-age-days': '0', environment: 'staging' });
    github.state.behaviour.denied = [];
    expect(JSON.parse(swept.outputs['previews'] ?? '')).toContain(14);
    expect(states('digits-pr-14').at(-1)?.at(-1)).toBe('inactive');
  });

  it('a permission that is missing: the line to add is in the summary, and the run goes on', async () => {
    github.state.behaviour.denied = ['pull-requests: write', 'deployments: write', 'checks: write'];
    const payload = pullRequest({ action: 'opened', number: 16, headSha: shaOf('f'), baseSha: first });
    const step = await on('pull_request', payload);
    github.state.behaviour.denied = [];
    expect([step.exit, step.outputs['verdict']]).toEqual([0, 'pass']);
    for (const line of ['pull-requests: write', 'deployments: write']) {
      expect(step.summary).toContain(line);
    }
    await on('pull_request', pullRequest({ action: 'closed', number: 16, headSha: shaOf('f'), baseSha: first }));
  });

  it('a fork: not one call', async () => {
    const before = github.state.calls.length;
    const headRepository = { id: 2, full_name: 'mallory/models' };
    const payload = pullRequest({ action: 'opened', number: 13, headSha: shaOf('c'), baseSha: first, headRepository });
    expect((await on('pull_request', payload)).exit).toBe(0);
    expect(github.state.calls.length).toBe(before);
  });

  it('a tag: a production deployment of that tag', async () => {
    expect((await on('push', push({ ref: 'refs/heads/main', before: first }))).exit).toBe(0);
    const more = { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'digits@1.1.0' };
    expect((await on('push', push({ ref: 'refs/tags/digits@1.1.0' }), {}, more)).exit).toBe(0);
    const [deployment] = recorded().deployments.filter((d) => d.environment === 'production');
    expect(deployment).toMatchObject({ ref: 'digits@1.1.0', production: true, transient: false });
    expect(deployment?.statuses.map((s) => s.state)).toEqual(['in_progress', 'success']);
  });

  it('says nothing that GitHub does not describe, and masks its token first', async () => {
    expect(github.state.violations).toEqual([]);
    const step = await on('push', push({ ref: 'refs/heads/other' }));
    const lines = step.stdout.split('\n').filter((line) => line.includes(token));
    expect(lines).toEqual([`::add-mask::${token}`]);
    expect(step.summary + step.stderr + JSON.stringify(step.outputs)).not.toContain(token);
  });
});
