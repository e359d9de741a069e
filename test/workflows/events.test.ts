import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { previewVersion } from '../../src/steps/previews/name.ts';
import { act } from '../emulators/act.ts';
import { githubOpenapi } from '../emulators/github-openapi.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart } from '../emulators/servers.ts';
import { runCommand } from '../fakes/processes/runner.ts';
import { tinyModel } from '../fixtures/onnx.ts';
import { pullRequest, push } from '../github/payloads.ts';
import { type GitHubServer, startGitHub } from '../github-api/server.ts';
import { type ActResult, runAct } from './act-run.ts';
import { callerRepository, commitAll, git } from './repository.ts';

const example = join(import.meta.dirname, '..', '..', 'examples', 'local');
const token = 'ghs_0123456789abcdefSECRET';
const zero = '0'.repeat(40);

/** The example's own workflow, run by act from event to event, in one folder, on a GitHub that checks every call. */
describePart('act', whyNot(act) ?? whyNot(githubOpenapi), 'the example for this machine', () => {
  const folder = callerRepository(example);
  // act works on a copy of the repository each time: what must outlive a run lies outside, as on a runner of one's own.
  const kept = mkdtempSync(join(tmpdir(), 'coldgate-kept-'));
  let github: GitHubServer;
  let first: string;
  let second: string;
  const recorded = () => github.state.repository('acme', 'models');

  const on = async (event: string, payload: Record<string, unknown>, ok = true): Promise<ActResult> => {
    const workflow = '.github/workflows/models.yml';
    const env = { GITHUB_API_URL: github.url };
    const ran = await runAct(folder, { event, workflow, payload, env, token });
    expect(ran.ok, ran.text).toBe(ok);
    expect(ran.text).not.toContain(token);
    return ran;
  };
  const release = (version: string, bias: number): string => {
    const path = join(folder, 'models.yaml');
    // The tiny model loads in a few ms: nothing here is about the verdict.
    const gate = 'gate: { max-samples: 7, discard: 0, min-effect-ms: 4000 }';
    const yaml = readFileSync(path, 'utf8').replace(/version: \S+/, `version: ${version}`);
    writeFileSync(path, yaml.replace(/gate: \{.*\}/, gate).replaceAll('file:.coldgate/store', `file://${kept}/store`));
    writeFileSync(join(folder, 'models', 'digits.onnx'), tinyModel(bias));
    rmSync(join(folder, 'models', 'sample.json'));
    writeFileSync(join(folder, 'models', 'sample.json'), JSON.stringify({ inputs: { x: [[1, 2]] } }));
    return commitAll(folder, `digits ${version}`);
  };

  beforeAll(async () => {
    github = await startGitHub();
    rmSync(join(folder, '.gitignore'));
    symlinkSync(kept, join(folder, '.coldgate'));
    first = release('1.0.0', 0.5);
  });
  afterAll(async () => {
    for (const environment of ['staging', 'production']) {
      await runCommand(['destroy', '--environment', environment], folder);
    }
    await github.stop();
    for (const one of [folder, kept]) rmSync(one, { recursive: true, force: true });
  });

  it('push to main: staging is shipped, and its deployment told', async () => {
    const ran = await on('push', push({ ref: 'refs/heads/main', before: zero, after: first }));
    expect(ran.outputs).toMatchObject({ version: '1.0.0', verdict: 'pass', promoted: 'true' });
    expect(recorded().deployments.map(({ environment }) => environment)).toEqual(['staging']);
  });

  it('opened, synchronize, closed: one comment, an endpoint that answers and then is gone', async () => {
    git(folder, 'checkout', '--quiet', '-b', 'better');
    second = release('1.1.0', 0.25);
    const opened = await on('pull_request', pullRequest({ action: 'opened', headSha: second, baseSha: first }));
    const endpoint = opened.outputs['endpoint-url']!;
    expect(opened.outputs['version']).toBe(previewVersion('1.1.0', 12, second));
    expect((await fetch(endpoint, { headers: { accept: 'text/html' } })).status).toBe(200);
    const third = release('1.1.0', 0.125);
    const again = await on('pull_request', pullRequest({ action: 'synchronize', headSha: third, baseSha: first }));
    expect(again.outputs['version']).toBe(previewVersion('1.1.0', 12, third));
    expect(recorded().comments).toHaveLength(1);
    expect(recorded().comments[0]?.body).toContain(third.slice(0, 7));
    await on('pull_request', pullRequest({ action: 'closed', headSha: third, baseSha: first }));
    expect(recorded().comments).toMatchObject([{ body: expect.stringContaining('gone') }]);
    await expect(fetch(again.outputs['endpoint-url']!)).rejects.toThrow();
  });

  it('a fork: green, measured here, and nothing said with credentials', async () => {
    const calls = github.state.calls.length;
    const head = { id: 2, full_name: 'mallory/models' };
    const payload = pullRequest({
      action: 'opened',
      number: 13,
      headSha: second,
      baseSha: first,
      headRepository: head,
    });
    const ran = await on('pull_request', payload);
    expect(ran.summaries.join('\n')).toContain('fork');
    expect(github.state.calls).toHaveLength(calls);
  });

  it('a tag promotes what is published, and one of another version is refused', async () => {
    git(folder, 'checkout', '--quiet', 'main');
    const ran = await on('push', push({ ref: 'refs/tags/digits@1.0.0', before: zero, after: first }));
    expect(ran.outputs).toMatchObject({ version: '1.0.0', promoted: 'true' });
    expect(recorded().deployments.at(-1)).toMatchObject({ environment: 'production', production: true });
    const wrong = await on('push', push({ ref: 'refs/tags/digits/v7.0.0', before: zero, after: first }), false);
    expect(wrong.text).toContain('7.0.0');
  });

  it('by hand: any verb; on schedule: the sweep', async () => {
    const repository = { full_name: 'acme/models', default_branch: 'main' };
    const status = await on('workflow_dispatch', { inputs: { verb: 'status', model: 'digits' }, repository });
    expect(status.summaries.join('\n')).toContain('1.0.0');
    const swept = await on('schedule', { schedule: '23 4 * * *', repository });
    expect(swept.summaries.join('\n')).toContain('sweep');
  });
});
